package io.ubiblk.core.lazy;

import io.ubiblk.api.Status;
import org.jspecify.annotations.Nullable;

/**
 * A request that wants stripes, one after the other, wherever their bytes are. It asks the
 * coordinator for one at a time, and gets one answer for each question, on the channel's thread.
 * Asking and answering allocate nothing, so that a request that is used again costs nothing.
 */
abstract class HeldWait extends HeldRequest {

  /** What an answer says. */
  private enum Answer {
    /** The stripe is on the disk for good. */
    READY,
    /** The stripe's bytes are here. */
    BYTES,
    /** The data device holds the stripe's bytes, though they may not be durable there. */
    READABLE,
    /** Nothing more will come. */
    OVER
  }

  private final Runnable question;
  private final Runnable takeAnswer = this::takeAnswer;

  // The answer: written by the coordinator's thread while a question is open, read by the channel's
  // when it has been handed over.
  private Answer answer = Answer.OVER;
  private int status = Status.OK;
  private @Nullable StripeBuffer bytes;

  /** The stripe work that this waits for. Coordinator's thread. */
  @Nullable StripeWork waitingFor;

  /** Whether the channel is closing. Coordinator's thread. */
  private boolean cancelled;

  HeldWait(LazyChannel channel) {
    super(channel);
    this.question = channel.coordinator().guarding(this::takeQuestion);
  }

  /** The stripe is on the disk for good. */
  abstract void onReady();

  /** The stripe's bytes are here; the buffer is held for this request, which releases it. */
  abstract void onBytes(StripeBuffer buffer);

  /** The data device holds the stripe's bytes, though they may not be durable there. */
  abstract void onReadable();

  /** Asks for the stripe at the present position; the others that follow are fetched meanwhile. */
  final void ask() {
    if (!channel().coordinator().post(question)) {
      finish(Status.EIO);
    }
  }

  /** Answers that the stripe is on the disk for good. Coordinator's thread. */
  final void answerReady() {
    give(Answer.READY);
  }

  /** Answers that the data device holds the stripe's bytes. Coordinator's thread. */
  final void answerReadable() {
    give(Answer.READABLE);
  }

  /** Answers with the stripe's bytes. Coordinator's thread. */
  final void answerBytes(StripeBuffer buffer) {
    bytes = buffer.hold();
    give(Answer.BYTES);
  }

  /** Ends the request. Coordinator's thread. */
  final void answerOver(int outcome) {
    status = outcome;
    give(Answer.OVER);
  }

  @Override
  final void cancel() {
    channel()
        .coordinator()
        .execute(
            () -> {
              cancelled = true;
              StripeWork work = waitingFor;
              if (work != null) {
                work.readers.remove(this);
                answerOver(Status.ECANCELED);
              }
            });
  }

  private void takeQuestion() {
    if (cancelled) {
      answerOver(Status.ECANCELED);
    } else {
      // The request stands still as long as the question is open.
      channel().coordinator().awaitReadable(this, at(), end());
    }
  }

  private void give(Answer given) {
    waitingFor = null;
    answer = given;
    answer(takeAnswer);
  }

  private void takeAnswer() {
    StripeBuffer buffer = bytes;
    bytes = null;
    switch (answer) {
      case READY -> onReady();
      case READABLE -> onReadable();
      case OVER -> {
        if (buffer != null) {
          buffer.release();
        }
        finish(status);
      }
      case BYTES -> {
        if (buffer == null) {
          throw new IllegalStateException("an answer of bytes without bytes");
        }
        onBytes(buffer);
      }
    }
  }
}
