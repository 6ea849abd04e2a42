/**
 * Raw files and block special files as devices: byte {@code n} of the device is byte {@code n} of
 * the file.
 */
package io.ubiblk.core.file;
