package io.ubiblk.core.lazy;

import io.ubiblk.api.Status;

/** A prefetch of stripes that are not on the disk. */
final class HeldPrefetch extends HeldWait {

  HeldPrefetch(LazyChannel channel, long offset, long length, long tag) {
    super(channel);
    begin(offset, length, tag);
  }

  @Override
  void advance() {
    StripeMap map = channel().map();
    while (done < length && map.isReady(map.stripe(at()))) {
      nextStripe();
    }
    if (done < length) {
      ask();
    } else {
      finish(Status.OK);
    }
  }

  @Override
  void onReady() {
    advance();
  }

  @Override
  void onBytes(StripeBuffer buffer) {
    buffer.release();
    onReadable();
  }

  @Override
  void onReadable() {
    nextStripe();
    advance();
  }

  @Override
  void completed(int status) {
    throw new IllegalStateException("a prefetch makes no requests");
  }

  private void nextStripe() {
    StripeMap map = channel().map();
    long next = map.start(map.stripe(at()) + 1);
    done = Math.min(next, end()) - offset;
  }
}
