package io.ubiblk.core.lazy;

import io.ubiblk.api.Status;
import org.jspecify.annotations.Nullable;

/**
 * A request that wants stripes, one after the other, wherever their bytes are. The four answers
 * arrive on the channel's thread, one for each question.
 */
abstract class HeldWait extends HeldRequest {

  /** The stripe work that this waits for. Coordinator's thread. */
  @Nullable StripeWork waitingFor;

  /** Whether the channel is closing. Coordinator's thread. */
  private boolean cancelled;

  HeldWait(LazyChannel channel, long offset, long length, long tag) {
    super(channel, offset, length, tag);
  }

  /** The stripe is on the disk for good. */
  abstract void onReady();

  /** The stripe's bytes are here; the buffer is held for this request, which releases it. */
  abstract void onBytes(StripeBuffer buffer);

  /** The data device holds the stripe's bytes, though they may not be durable there. */
  abstract void onReadable();

  /** Asks for the stripe at the present position; the others that follow are fetched meanwhile. */
  final void ask() {
    Coordinator coordinator = channel().coordinator();
    long from = at();
    boolean asked =
        coordinator.execute(
            () -> {
              if (cancelled) {
                answer(() -> finish(Status.ECANCELED));
              } else {
                coordinator.awaitReadable(this, from, end());
              }
            });
    if (!asked) {
      finish(Status.EIO);
    }
  }

  @Override
  final void cancel() {
    Coordinator coordinator = channel().coordinator();
    coordinator.execute(
        () -> {
          cancelled = true;
          StripeWork work = waitingFor;
          if (work != null) {
            work.readers.remove(this);
            waitingFor = null;
            answer(() -> finish(Status.ECANCELED));
          }
        });
  }
}
