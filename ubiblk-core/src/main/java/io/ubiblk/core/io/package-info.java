/**
 * What a reactor of this module can do beyond the API's contract: files, descriptors, signals and
 * polling, for the devices of this module and for the frontends.
 */
package io.ubiblk.core.io;
