/**
 * Where to begin: {@link io.ubiblk.core.VirtualDisk} assembles a disk of the layers in the packages
 * below.
 */
package io.ubiblk.core;
