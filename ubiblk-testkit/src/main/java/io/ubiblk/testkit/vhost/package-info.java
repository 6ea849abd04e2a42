/**
 * The machine's side of vhost-user-blk: what a hypervisor and a guest's driver do, without either.
 *
 * <p>{@link io.ubiblk.testkit.vhost.VhostBlkClient} connects, negotiates and is ready for I/O in
 * one call:
 *
 * {@snippet :
 * try (var client = VhostBlkClient.connect(socket)) {
 *   client.queue(0).write(0, new byte[4096]);
 *   client.queue(0).flush();
 *   byte[] back = client.queue(0).read(0, 4096);
 * }
 * }
 *
 * <p>Below it, each layer can be used alone and can be told to misbehave:
 *
 * <ul>
 *   <li>{@link io.ubiblk.testkit.vhost.VhostUserConnection} sends any bytes with any descriptors,
 *       {@link io.ubiblk.testkit.vhost.VhostUserFrontend} the messages of the protocol;
 *   <li>{@link io.ubiblk.testkit.vhost.GuestMemory} is memory in one or several shared regions, to
 *       be added, removed and cut off at run time;
 *   <li>{@link io.ubiblk.testkit.vhost.DriverQueue} makes one request after the other, {@link
 *       io.ubiblk.testkit.vhost.AsyncQueue} many at once; both check that every chain comes back
 *       exactly once, with a call where one was asked for;
 *   <li>{@link io.ubiblk.testkit.vhost.SplitRing} is a ring's memory, to be written at will;
 *   <li>{@link io.ubiblk.testkit.vhost.DescriptorList} is a chain of any shape.
 * </ul>
 *
 * <p>It shares no code with the backends that it tests, so that it does not share their mistakes.
 *
 * @see <a href="https://qemu-project.gitlab.io/qemu/interop/vhost-user.html">vhost-user
 *     protocol</a>
 * @see <a href="https://docs.oasis-open.org/virtio/virtio/v1.2/virtio-v1.2.html">virtio 1.2,
 *     sections 2.7 (split virtqueues) and 5.2 (block device)</a>
 */
package io.ubiblk.testkit.vhost;
