/**
 * Serves devices to the kernel of this machine: begin with {@link io.ubiblk.ublk.UblkDevice#serve}.
 */
package io.ubiblk.ublk;
