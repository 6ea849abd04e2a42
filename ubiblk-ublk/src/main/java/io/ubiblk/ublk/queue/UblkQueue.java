package io.ubiblk.ublk.queue;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.Status;
import io.ubiblk.core.linux.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A queue of a device that the driver has: fetches requests, has them executed, commits their
 * results, each on its own. Confined to its reactor's thread, but for the futures.
 *
 * <p>Each tag is either with the driver, which waits for a request, or with the channel, or has
 * come back because the device has gone. When all have come back, the queue ends.
 */
public final class UblkQueue {

  private static final Logger LOG = LoggerFactory.getLogger(UblkQueue.class);

  /** The driver gives a tag back because the device is going ({@code UBLK_IO_RES_ABORT}). */
  private static final int ABORT = -19;

  /** What happens to requests that the driver hands over. */
  private enum Mode {
    SERVING,
    /** They are failed. */
    REFUSING,
    /** They are left alone, for the next server. */
    PARKED
  }

  private final QueueSetup setup;
  // Shared: a device may copy on threads of its own.
  private final Arena arena = Arena.ofShared();
  private final Requests requests;
  private final BlockChannel channel;
  private final QueueLink link;
  private final ReactorTask submit;
  private final CompletableFuture<Boolean> parked = new CompletableFuture<>();
  private final CompletableFuture<Boolean> ended = new CompletableFuture<>();
  private Mode mode = Mode.SERVING;
  private int live;
  private int firstError;
  private boolean closing;
  private boolean closed;

  /**
   * Opens a queue and fetches all its requests, by the end of the reactor's turn. To be called on
   * the reactor's thread.
   *
   * @param setup what the queue is made of
   * @throws IOException if memory, the driver's side or a channel cannot be had
   */
  public UblkQueue(QueueSetup setup) throws IOException {
    this.setup = setup;
    int depth = setup.depth();
    BlockChannel opened = null;
    try {
      IoDescriptors descriptors = setup.driver().map(arena);
      MemorySegment buffers = Memory.reserve((long) depth * setup.largestTransfer(), arena);
      opened = setup.device().openChannel(setup.reactor(), depth, this::completed);
      this.channel = opened;
      this.link = setup.driver().open(this::returned);
      this.requests = new Requests(descriptors, buffers, setup, opened, link.pages());
    } catch (IOException | RuntimeException e) {
      if (opened != null) {
        opened.close(() -> {});
      }
      arena.close();
      throw e;
    }
    this.submit = setup.reactor().task(channel::submit);
    for (int tag = 0; tag < depth; tag++) {
      link.fetch(tag, requests.address(tag));
      live++;
    }
  }

  /**
   * {@return the first error with which the driver has given a tag back, as a positive errno; 0 if
   * there was none but that the device went}
   */
  public int firstError() {
    return firstError;
  }

  /** {@return how many requests are with the device} */
  public int inFlight() {
    return requests.inFlight();
  }

  /** {@return completed when the driver has given everything back and the channel is closed} */
  public CompletableFuture<Boolean> ended() {
    return ended;
  }

  /**
   * Stops waiting for the device: requests that only wait inside it are cancelled, and further ones
   * fail with {@code EIO}.
   */
  public void abandon() {
    if (mode == Mode.SERVING) {
      mode = Mode.REFUSING;
    }
    closeChannel();
  }

  /**
   * Leaves the requests that come from now on to the next server, and waits for those that are with
   * the device. The queue's memory stays, because the driver may still write to it.
   *
   * @return completed when nothing is with the device and the channel is closed
   */
  public CompletableFuture<Boolean> park() {
    mode = Mode.PARKED;
    proceed();
    return parked;
  }

  /** The driver gives a tag back: with a request, or for good. */
  private void returned(int tag, int result) {
    if (result != Status.OK) {
      retire(tag, result);
    } else if (mode == Mode.SERVING) {
      start(tag);
    } else if (mode == Mode.REFUSING) {
      link.commit(tag, requests.address(tag), -Status.EIO);
    }
  }

  private void start(int tag) {
    try {
      int refusal = requests.start(tag);
      if (refusal == Requests.STARTED) {
        submit.schedule();
      } else {
        link.commit(tag, requests.address(tag), refusal);
      }
    } catch (RuntimeException | Error e) {
      loseDevice(tag, e);
      throw e;
    }
  }

  /** The device is done with a request. */
  private void completed(long requestTag, int status) {
    int tag = (int) requestTag;
    if (!requests.isServing(tag)) {
      return; // given up when the device threw
    }
    int result = finish(tag, status);
    if (result == Requests.STARTED) {
      submit.schedule();
      return;
    }
    requests.end(tag);
    // A request that the device has not begun, or not begun again, is left to the next server.
    if (mode != Mode.PARKED || result != -Status.ECANCELED) {
      link.commit(tag, requests.address(tag), result);
    }
    proceed();
  }

  private int finish(int tag, int status) {
    try {
      return requests.finish(tag, status);
    } catch (RuntimeException | Error e) {
      loseDevice(tag, e);
      throw e;
    }
  }

  private void retire(int tag, int result) {
    live--;
    if (result != ABORT && firstError == 0) {
      firstError = -result;
      LOG.warn("{}: the driver took request {} back: {}", this, tag, Status.name(-result));
    }
    proceed();
  }

  /** What the device knows of a request that made it throw is not known: it gets no more. */
  private void loseDevice(int tag, Throwable thrown) {
    LOG.error("{}: its device has thrown, all requests fail from now on", this, thrown);
    if (requests.isServing(tag)) {
      requests.end(tag);
    }
    link.commit(tag, requests.address(tag), -Status.EIO);
    abandon();
  }

  /** Goes on with ending, if it is time. */
  private void proceed() {
    boolean over = live == 0 || mode == Mode.PARKED;
    if (over && requests.inFlight() == 0) {
      closeChannel();
    }
    if (closed) {
      release();
    }
  }

  private void closeChannel() {
    if (!closing) {
      closing = true;
      channel.close(
          () -> {
            closed = true;
            proceed();
          });
    }
  }

  private void release() {
    if (mode == Mode.PARKED) {
      parked.complete(true);
    }
    if (live == 0 && !ended.isDone()) {
      link.close();
      arena.close();
      ended.complete(true);
    }
  }

  @Override
  public String toString() {
    return setup.name();
  }
}
