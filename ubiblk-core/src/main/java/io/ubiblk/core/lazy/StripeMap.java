package io.ubiblk.core.lazy;

import io.ubiblk.core.metadata.StripeHeader;
import io.ubiblk.core.metadata.StripeMetadata;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The header bytes of a disk's stripes, as they are durable. Written by the coordinator's thread,
 * read by all: a bit that is seen was durable before, and so was what it speaks of.
 */
final class StripeMap {

  private static final VarHandle BYTE = MethodHandles.arrayElementVarHandle(byte[].class);
  private static final int SECTOR_SHIFT = 9;

  private final int shift;
  private final int byteShift;
  private volatile byte[] headers;

  StripeMap(StripeMetadata metadata) {
    shift = metadata.shift();
    byteShift = metadata.shift() + SECTOR_SHIFT;
    headers = metadata.headers();
  }

  /** Shift of the stripe size, in sectors. */
  int shift() {
    return shift;
  }

  int stripeSize() {
    return 1 << byteShift;
  }

  /** Number of header bytes; a disk may have fewer stripes. */
  int size() {
    return headers.length;
  }

  int stripe(long offset) {
    return (int) (offset >>> byteShift);
  }

  long start(int stripe) {
    return (long) stripe << byteShift;
  }

  int header(int stripe) {
    return (byte) BYTE.getAcquire(headers, stripe) & 0xff;
  }

  boolean isReady(int stripe) {
    return StripeHeader.isReady(header(stripe));
  }

  /** Whether every stripe of a range that is not empty is on the disk. */
  boolean areReady(long offset, long length) {
    byte[] map = headers;
    int last = stripe(offset + length - 1);
    for (int s = stripe(offset); s <= last; s++) {
      if (!StripeHeader.isReady((byte) BYTE.getAcquire(map, s))) {
        return false;
      }
    }
    return true;
  }

  /** Whether every stripe of a range that is not empty is on the disk and marked as written. */
  boolean areReadyAndWritten(long offset, long length) {
    byte[] map = headers;
    int last = stripe(offset + length - 1);
    for (int s = stripe(offset); s <= last; s++) {
      int header = (byte) BYTE.getAcquire(map, s);
      if (!StripeHeader.isReady(header) || !StripeHeader.isWritten(header)) {
        return false;
      }
    }
    return true;
  }

  /** Whether a discard of a range that is not empty needs no bit that is missing. */
  boolean areReadyForDiscard(long offset, long length) {
    byte[] map = headers;
    int last = stripe(offset + length - 1);
    for (int s = stripe(offset); s <= last; s++) {
      int header = (byte) BYTE.getAcquire(map, s);
      if (!StripeHeader.isReady(header)
          || (StripeHeader.hasSource(header) && !StripeHeader.isWritten(header))) {
        return false;
      }
    }
    return true;
  }

  /** Makes bits visible that have become durable. Coordinator's thread. */
  void publish(int stripe, int bits) {
    byte[] map = headers;
    BYTE.setRelease(map, stripe, (byte) (map[stripe] | bits));
  }

  /** Makes room for more stripes, without source. Coordinator's thread. */
  void grow(int stripes) {
    headers = Arrays.copyOf(headers, Math.max(stripes, headers.length));
  }
}
