/**
 * Secrets of a configuration: where they come from, how they are encoded and wrapped, and their
 * bytes. Nothing here prints a secret.
 */
package io.ubiblk.config.secret;
