package io.ubiblk.api;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Where the content of a lazily filled disk comes from: an image, a remote server, an archive. The
 * content never changes while the source is open.
 *
 * <p><b>Thread.</b> All methods may be called from any thread, {@link #read} from as many at once
 * as {@link #parallelism()} says. {@code read} may block; it is called on virtual threads. A source
 * in twenty lines implements {@link #size}, {@link #read} and {@link #close} and leaves the rest.
 *
 * <p><b>Stripes.</b> The disk asks for whole stripes of its own stripe size, beginning at multiples
 * of it, and for parts of stripes only if {@link #servesParts()}. A source whose content is stored
 * in stripes says how large they are in {@link #stripeSize()}; a disk of another stripe size
 * refuses it.
 */
public interface StripeSource extends AutoCloseable {

  /**
   * Returns where the content ends. Behind it the source reads as zeros. For a source that is
   * stored in stripes this is the end of the last one that is present.
   *
   * @return size in bytes
   */
  long size();

  /**
   * Returns the size of the stripes in which the content is stored.
   *
   * @return size in bytes, or empty if any will do
   */
  default OptionalInt stripeSize() {
    return OptionalInt.empty();
  }

  /**
   * Returns whether a stripe is present. Asked once for each stripe, when the disk's metadata is
   * created; one that is not present is never read.
   *
   * @param stripe index of the stripe
   * @param stripeSize the disk's stripe size in bytes
   * @return whether the stripe has content; one that lies partly before {@link #size()} does
   */
  default boolean contains(long stripe, int stripeSize) {
    return stripe < (size() + stripeSize - 1) / stripeSize;
  }

  /**
   * Reads. May block. The thread is interrupted when the answer is no longer wanted; the source
   * should then give up soon.
   *
   * @param offset first byte; a multiple of the stripe size unless {@link #servesParts()}
   * @param dst native memory to fill to its end, with zeros behind {@link #size()}; not kept after
   *     the call. Its content is undefined if the call fails.
   * @throws IOException if the content cannot be had; the caller may try again
   */
  void read(long offset, MemorySegment dst) throws IOException;

  /** {@return whether any part of a stripe can be read for less than the whole} */
  default boolean servesParts() {
    return false;
  }

  /** {@return how many reads at once suit this source, at least 1} */
  default int parallelism() {
    return 16;
  }

  /**
   * Returns the content as a device, if the source is one underneath. A disk that does not copy
   * what is read answers reads of what it does not have through the device's channels, without a
   * thread or a copy in between; what it brings to itself it fetches with {@link #read} all the
   * same. The device is read-only for the disk and remains the source's to close. Where the device
   * ends, the content does.
   *
   * @return the device, or empty
   */
  default Optional<BlockDevice> device() {
    return Optional.empty();
  }

  /**
   * Releases what the source holds. Reads in progress fail soon. Closing twice has no effect.
   *
   * @throws IOException if releasing a resource fails; the source is closed all the same
   */
  @Override
  void close() throws IOException;
}
