/** What is said between a server and the driver: the commands and structures of the header. */
package io.ubiblk.ublk.protocol;
