/**
 * Serves a device as vhost-user-blk, to the guests of QEMU and Cloud Hypervisor. {@link
 * io.ubiblk.vhost.VhostUserBlk} is all there is to call.
 */
package io.ubiblk.vhost;
