/**
 * An NBD server. {@link io.ubiblk.nbd.NbdServer} is where to begin: it serves any number of {@link
 * io.ubiblk.nbd.NbdExport}s on any number of sockets.
 */
package io.ubiblk.nbd;
