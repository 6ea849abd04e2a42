package io.ubiblk.core.lazy;

import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;

/**
 * A read of a range with stripes that are not on the disk. It is served piece by piece: from the
 * data device where it can be, from the image where nothing is to be copied, and otherwise from the
 * bytes of a fetch as soon as they have arrived. One object for each slot of a channel, used again
 * and again.
 */
final class HeldRead extends HeldWait {

  private static final ScatterList NOTHING = new ScatterList(1);

  private ScatterList dst = NOTHING;
  private final ScatterList part = new ScatterList();
  private long partLength;
  private boolean readable;
  private boolean fromImage;

  HeldRead(LazyChannel channel) {
    super(channel);
  }

  void begin(long newOffset, ScatterList newDst, long newTag) {
    begin(newOffset, newDst.byteSize(), newTag);
    dst = newDst;
    readable = false;
    fromImage = false;
  }

  @Override
  void release() {
    dst = NOTHING;
    part.release();
  }

  @Override
  void advance() {
    StripeMap map = channel().map();
    while (done < length) {
      boolean ready = map.isReady(map.stripe(at()));
      if (ready || readable) {
        long to = readable ? endOfStripe() : endOfRun(true);
        readable = false;
        issue(to, false);
        return;
      }
      if (!channel().image().isThere()) {
        ask();
        return;
      }
      long to = Math.min(endOfRun(false), Math.max(channel().image().size(), at()));
      if (to > at()) {
        issue(to, true);
        return;
      }
      // Behind the end of the image there are zeros.
      long behind = endOfRun(false) - at();
      if (!dst.fill(done, behind, (byte) 0)) {
        finish(Status.EFAULT);
        return;
      }
      done += behind;
    }
    finish(Status.OK);
  }

  @Override
  void completed(int status) {
    if (status == Status.OK) {
      done += partLength;
      advance();
    } else if (fromImage && channel().lostImage(status)) {
      advance();
    } else {
      finish(status);
    }
  }

  @Override
  void onReady() {
    advance();
  }

  @Override
  void onReadable() {
    readable = true;
    advance();
  }

  @Override
  void onBytes(StripeBuffer buffer) {
    StripeMap map = channel().map();
    long start = map.start(map.stripe(at()));
    long bytes = endOfStripe() - at();
    boolean copied = dst.copyFrom(done, buffer.memory(), at() - start, bytes);
    buffer.release();
    if (copied) {
      done += bytes;
      advance();
    } else {
      finish(Status.EFAULT);
    }
  }

  private void issue(long to, boolean image) {
    fromImage = image;
    partLength = to - at();
    part.clear();
    part.addRange(dst, done, partLength);
    channel().read(this, image, part);
  }

  private long endOfStripe() {
    StripeMap map = channel().map();
    return Math.min(end(), map.start(map.stripe(at()) + 1));
  }

  /** The end of the stripes from here that are alike on the disk, or alike not. */
  private long endOfRun(boolean ready) {
    StripeMap map = channel().map();
    int stripe = map.stripe(at());
    int last = map.stripe(end() - 1);
    while (stripe < last && map.isReady(stripe + 1) == ready) {
      stripe++;
    }
    return Math.min(end(), map.start(stripe + 1));
  }
}
