package io.ubiblk.api;

import java.io.IOException;
import java.util.Set;

/**
 * A virtual disk, or one layer of it: a fixed number of bytes that can be read and written in
 * blocks.
 *
 * <p>The device itself is shared: every method may be called from any thread. It does no I/O.
 * Whoever wants to do I/O opens a {@link BlockChannel} on a {@link Reactor} and uses it on that
 * reactor's thread only. All state that the hot path changes belongs in the channel.
 *
 * <h2>Durability</h2>
 *
 * <p>A completed write is visible to every request that is submitted afterwards, through any
 * channel of the device. It is <em>durable</em>, that is, it survives a loss of power,
 *
 * <ul>
 *   <li>once a {@linkplain BlockChannel#flush flush} has completed with {@link Status#OK} that was
 *       submitted, through any channel, after the write completed; or
 *   <li>at its own completion, if it carried {@link IoFlags#FUA}; or
 *   <li>at its own completion, if the device lacks {@link Capability#FLUSH}: such a device holds
 *       nothing back.
 * </ul>
 *
 * <p>The same holds for discard and write-zeroes. After a power cut every block of {@link
 * Geometry#logicalBlockSize()} bytes holds either what it held durably or what one of the writes
 * since then put there, never a mixture within the block. A flush that failed makes nothing
 * durable, and a later flush need not make up for it: the writes before it have to be repeated.
 *
 * <h2>Ordering</h2>
 *
 * <p>Requests in flight together have no order, also where they overlap. Of two writes either may
 * win, block by block. A read beside a write of the same block returns the old content, the new
 * content or, where the storage does no better, a mixture. Whoever wants an order waits for the
 * completion.
 *
 * <h2>Layers</h2>
 *
 * <p>A decorator takes the device that it wraps as its first constructor argument and owns it from
 * then on: closing the decorator closes the wrapped device, also when closing the decorator's own
 * part fails. A constructor or factory that throws has closed nothing that it was given. A
 * decorator may narrow what the wrapped device offers, never widen it: its capabilities are a
 * subset unless it implements the missing one itself. {@link ForwardingBlockDevice} is the base to
 * start from. {@code toString()} prints the chain from outside in and never prints key material.
 *
 * @see BlockChannel
 */
public interface BlockDevice extends AutoCloseable {

  /**
   * Returns the device's size, block sizes and limits.
   *
   * <p>All but {@link Geometry#size()} stay the same for the device's life. The size may grow (see
   * {@link #resize} and {@link DeviceListener#sizeChanged}); it never shrinks. Never blocks.
   *
   * @return an immutable snapshot
   */
  Geometry geometry();

  /**
   * Returns what the device can do. Reads are always possible. Stays the same for the device's
   * life.
   *
   * @return an immutable set
   */
  Set<Capability> capabilities();

  /**
   * Opens a channel. Must be called on the reactor's thread, and the channel may be used only
   * there.
   *
   * <p>Opening may take system calls but must not wait for anything that needs the reactor to run.
   *
   * @param reactor the reactor on whose thread the channel will be used and completions delivered
   * @param depth how many requests the channel must be able to hold in flight at once, at least 1
   * @param completions receives exactly one call for every request that the channel accepted
   * @return the channel, owned by the caller, who closes it
   * @throws BlockDeviceException if the device is closed or cannot serve this reactor
   * @throws IOException if resources for the channel cannot be had
   */
  BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws IOException;

  /**
   * Reports which parts of a range hold data.
   *
   * <p>The extents are reported in ascending order, without gaps or overlaps, begin at {@code
   * offset} and end at or before {@code offset + length}. What is not known is reported as data.
   * May block, so it must not be called on a reactor's thread. The answer is a snapshot: requests
   * in flight may make it wrong.
   *
   * @param offset first byte of the range
   * @param length length of the range in bytes; the range must lie inside the device
   * @param visitor called once for each extent on the calling thread, until it returns false
   * @throws IllegalArgumentException if the range does not lie inside the device
   * @throws BlockDeviceException.Closed if the device has been closed
   * @throws IOException if the allocation cannot be read
   */
  void extents(long offset, long length, ExtentVisitor visitor) throws IOException;

  /**
   * Grows the device to a size and tells the {@linkplain #addListener listeners}. What is added
   * reads as zeros unless the device says otherwise: that of an encrypted device is undefined. I/O
   * may go on meanwhile. May block, so it must not be called on a reactor's thread. A crash in the
   * middle leaves a device that opens with either size. For a device whose storage is sized
   * elsewhere (a block special file), the storage must have been grown before.
   *
   * @param size the new size in bytes, not less than the present one, a multiple of the logical
   *     block size; the present size is accepted and changes nothing
   * @throws IllegalArgumentException if the size is smaller than the present one or misaligned
   * @throws BlockDeviceException.Unsupported if the device cannot grow
   * @throws BlockDeviceException.Closed if the device has been closed, whatever the size
   * @throws IOException if growing fails; the device keeps its old size
   */
  void resize(long size) throws IOException;

  /**
   * Adds a listener for events that travel from the device up to whoever serves it. Adding one that
   * is there already has no effect.
   *
   * @param listener called on any thread; see {@link DeviceListener}
   */
  void addListener(DeviceListener listener);

  /**
   * Removes a listener. One that is not there is ignored. A call under way on another thread may
   * still reach the listener afterwards.
   *
   * @param listener the listener to remove
   */
  void removeListener(DeviceListener listener);

  /**
   * Closes the device and the devices that it wraps. Closing twice has no effect.
   *
   * <p>Channels must have been closed before: while some are still closing, this call waits for
   * them, so it must not be made on a reactor's thread. Closing does not flush: what was not
   * flushed has the same standing as before.
   *
   * @throws IllegalStateException if channels are open that nobody has closed; the device stays
   *     open
   * @throws IOException if releasing a resource fails; the device is closed all the same
   */
  @Override
  void close() throws IOException;
}
