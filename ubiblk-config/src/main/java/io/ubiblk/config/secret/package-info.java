/**
 * Secrets as a configuration describes them: where they come from, how they are encoded and by what
 * they are encrypted. {@link io.ubiblk.crypto.Secrets} holds them once they have been read.
 */
package io.ubiblk.config.secret;
