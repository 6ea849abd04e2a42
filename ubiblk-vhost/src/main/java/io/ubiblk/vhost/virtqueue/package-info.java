/**
 * Split virtqueues and the virtio-blk requests in them. A {@link
 * io.ubiblk.vhost.virtqueue.SplitRing} knows the layout, a {@link
 * io.ubiblk.vhost.virtqueue.ChainReader} walks what a guest wrote and trusts none of it, a {@link
 * io.ubiblk.vhost.virtqueue.RequestExecutor} turns requests into channel calls, and a {@link
 * io.ubiblk.vhost.virtqueue.Virtqueue} runs all that on a reactor.
 */
package io.ubiblk.vhost.virtqueue;
