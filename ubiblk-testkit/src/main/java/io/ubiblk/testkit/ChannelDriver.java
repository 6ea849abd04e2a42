package io.ubiblk.testkit;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Opens a {@link BlockChannel}, issues requests on it, and watches it: that each request completes
 * exactly once, on the right thread, never from inside a call and never after the channel has
 * closed, and that none is refused while there is room. Whatever is wrong is thrown by the next
 * call of the driver, {@link #close} at the latest. A completion that does not come fails the test
 * instead of hanging it.
 *
 * <p>One request at a time:
 *
 * <pre>{@code
 * try (ChannelDriver channel = ChannelDriver.open(device, loop, 8)) {
 *   assertEquals(Status.OK, channel.write(0, buffer));
 *   assertEquals(Status.OK, channel.flush());
 * }
 * }</pre>
 *
 * <p>Many in flight: {@link #issue} requests, {@link #submit}, then {@link #awaitAll}.
 *
 * <p><b>Memory.</b> The test allocates it, in a shared or automatic arena: a device may hand it to
 * threads of its own. When {@link #close} fails, requests may still be in flight; their memory must
 * then never be freed.
 *
 * <p><b>Thread.</b> Confined to the loop's thread.
 */
public final class ChannelDriver implements AutoCloseable {

  private final LoopDriver driver;
  private final int depth;
  private final BlockChannel channel;
  private final Map<Long, ArrayDeque<IoRequest>> pending = new HashMap<>();
  private final List<AssertionError> violations = new CopyOnWriteArrayList<>();

  private @Nullable String currentCall;
  private long nextTag = 1;
  private int inFlight;
  private boolean closeCalled;
  private boolean closed;

  private ChannelDriver(LoopDriver driver, BlockDevice device, int depth) throws IOException {
    this.driver = driver;
    this.depth = depth;
    this.channel = device.openChannel(driver.loop(), depth, this::completed);
  }

  /**
   * Opens a channel.
   *
   * @param device the device
   * @param loop a loop of the calling thread
   * @param depth how many requests the channel must hold at once
   * @return the driver, to be closed before the device and the loop
   * @throws IOException if the device does not open a channel
   */
  public static ChannelDriver open(BlockDevice device, EventLoop loop, int depth)
      throws IOException {
    return open(device, new LoopDriver(loop), depth);
  }

  /**
   * Opens a channel with a patience of one's own.
   *
   * @param device the device
   * @param driver drives a loop of the calling thread
   * @param depth how many requests the channel must hold at once
   * @return the driver, to be closed before the device and the loop
   * @throws IOException if the device does not open a channel
   */
  public static ChannelDriver open(BlockDevice device, LoopDriver driver, int depth)
      throws IOException {
    return new ChannelDriver(driver, device, depth);
  }

  /** {@return the channel itself, for calls that the driver does not watch} */
  public BlockChannel channel() {
    return channel;
  }

  /** {@return what drives the loop} */
  public LoopDriver driver() {
    return driver;
  }

  /** {@return how many requests the channel must hold} */
  public int depth() {
    return depth;
  }

  /** {@return how many requests are in flight} */
  public int inFlight() {
    return inFlight;
  }

  /**
   * Issues a request if the channel takes it. Does not submit, does not turn the loop.
   *
   * @param request a request that has not been issued
   * @return whether the channel accepted it
   * @throws AssertionError if it was refused though there was room
   * @throws IllegalStateException if the request has been issued before
   */
  public boolean offer(IoRequest request) {
    check();
    if (request.isAccepted()) {
      throw new IllegalStateException(request + " has been issued before");
    }
    if (!request.hasTag()) {
      request.withTag(nextTag++);
    }
    pending.computeIfAbsent(request.tag(), _ -> new ArrayDeque<>()).addLast(request);
    inFlight++;
    boolean accepted = inside(request.operation().name(), () -> pass(request));
    if (accepted) {
      request.accepted();
    } else {
      take(request.tag(), true);
      inFlight--;
      if (!closeCalled && inFlight < depth) {
        throw new AssertionError(
            "%s was refused with %d in flight on a channel of depth %d"
                .formatted(request, inFlight, depth));
      }
    }
    return accepted;
  }

  /**
   * Issues a request, turning the loop until the channel has room. Does not submit afterwards.
   *
   * @param request a request that has not been issued
   * @return the request
   */
  public IoRequest issue(IoRequest request) {
    if (!offer(request)) {
      submit();
      until(() -> offer(request), "room for " + request);
    }
    return request;
  }

  /** Submits what was issued. */
  public void submit() {
    check();
    inside(
        "submit",
        () -> {
          channel.submit();
          return true;
        });
  }

  /**
   * Turns the loop until a request has completed.
   *
   * @param request a request that was issued and submitted
   * @return its status
   */
  public int await(IoRequest request) {
    until(request::isDone, "the completion of " + request);
    return request.status();
  }

  /** Turns the loop until no request is in flight. */
  public void awaitAll() {
    until(() -> inFlight == 0, "all completions");
  }

  /**
   * Issues a request, submits it and waits for it.
   *
   * @param request a request that has not been issued
   * @return its status
   */
  public int run(IoRequest request) {
    issue(request);
    submit();
    return await(request);
  }

  /**
   * Turns the loop until a condition holds.
   *
   * @param condition the condition
   * @param awaited what is missing, for the message
   */
  public void until(BooleanSupplier condition, String awaited) {
    driver.until(
        () -> {
          check();
          return condition.getAsBoolean();
        },
        () -> awaited + "; in flight: " + pending.values());
    check();
  }

  /**
   * Reads and waits.
   *
   * @param offset position on the device in bytes
   * @param dst native memory to fill
   * @return the status
   */
  public int read(long offset, MemorySegment dst) {
    return run(IoRequest.read(offset, dst));
  }

  /**
   * Writes and waits.
   *
   * @param offset position on the device in bytes
   * @param src native memory to write
   * @return the status
   */
  public int write(long offset, MemorySegment src) {
    return write(offset, src, IoFlags.NONE);
  }

  /**
   * Writes and waits.
   *
   * @param offset position on the device in bytes
   * @param src native memory to write
   * @param flags as for {@link BlockChannel#write}
   * @return the status
   */
  public int write(long offset, MemorySegment src, int flags) {
    return run(IoRequest.write(offset, ScatterList.of(src), flags));
  }

  /**
   * Flushes and waits.
   *
   * @return the status
   */
  public int flush() {
    return run(IoRequest.flush());
  }

  /**
   * Discards and waits.
   *
   * @param offset position on the device in bytes
   * @param length length in bytes
   * @return the status
   */
  public int discard(long offset, long length) {
    return run(IoRequest.discard(offset, length));
  }

  /**
   * Writes zeros and waits.
   *
   * @param offset position on the device in bytes
   * @param length length in bytes
   * @param flags as for {@link BlockChannel#writeZeroes}
   * @return the status
   */
  public int writeZeroes(long offset, long length, int flags) {
    return run(IoRequest.writeZeroes(offset, length, flags));
  }

  /**
   * Prefetches and waits.
   *
   * @param offset position on the device in bytes
   * @param length length in bytes
   * @return the status
   */
  public int prefetch(long offset, long length) {
    return run(IoRequest.prefetch(offset, length));
  }

  /**
   * Begins to close the channel, without turning the loop. Requests that are offered from now on
   * must be refused.
   *
   * @param onClosed run when the channel has closed
   */
  public void closeLater(Runnable onClosed) {
    closeCalled = true;
    inside(
        "close",
        () -> {
          channel.close(() -> finish(onClosed));
          return true;
        });
  }

  /** {@return whether the channel has closed} */
  public boolean isClosed() {
    return closed;
  }

  /**
   * Closes the channel unless that was begun already, and turns the loop until it has closed.
   *
   * @throws AssertionError if the channel has broken a rule, or does not close
   */
  @Override
  public void close() {
    // A channel that broke a rule is closed all the same: the device cannot be closed before it.
    try {
      if (!closeCalled) {
        closeLater(() -> {});
      }
      driver.until(() -> closed, () -> "the channel to close; in flight: " + pending.values());
    } catch (AssertionError e) {
      violations.add(e);
    }
    check();
  }

  /**
   * Throws the first violation that was seen.
   *
   * @throws AssertionError if there is one
   */
  public void check() {
    if (!violations.isEmpty()) {
      // A new one each time: the same exception cannot be suppressed by itself.
      AssertionError first = violations.getFirst();
      throw new AssertionError(first.getMessage(), first);
    }
  }

  private boolean pass(IoRequest r) {
    return switch (r.operation()) {
      case READ -> channel.read(r.offset(), r.data(), r.tag());
      case WRITE -> channel.write(r.offset(), r.data(), r.flags(), r.tag());
      case FLUSH -> channel.flush(r.tag());
      case DISCARD -> channel.discard(r.offset(), r.length(), r.tag());
      case WRITE_ZEROES -> channel.writeZeroes(r.offset(), r.length(), r.flags(), r.tag());
      case PREFETCH -> channel.prefetch(r.offset(), r.length(), r.tag());
    };
  }

  private boolean inside(String call, BooleanSupplier body) {
    String outer = currentCall;
    currentCall = call;
    try {
      return body.getAsBoolean();
    } finally {
      currentCall = outer;
    }
  }

  private void finish(Runnable onClosed) {
    if (!driver.loop().inReactor()) {
      violate("onClosed came on " + Thread.currentThread() + ", expected the loop's thread");
      return;
    }
    if (currentCall != null) {
      violate("onClosed came from inside " + currentCall);
    }
    if (inFlight != 0) {
      violate("onClosed came before the completion of " + pending.values());
    }
    closed = true;
    onClosed.run();
  }

  private void completed(long tag, int status) {
    if (!driver.loop().inReactor()) {
      violate("a completion came on " + Thread.currentThread() + ", expected the loop's thread");
      return;
    }
    if (currentCall != null) {
      violate("the completion of tag " + tag + " came from inside " + currentCall);
    }
    if (closed) {
      violate("a completion with tag " + tag + " came after onClosed");
    }
    if (status < 0) {
      violate("status " + status + ", expected " + Status.OK + " or a positive errno");
    }
    IoRequest request = take(tag, false);
    if (request == null) {
      violate("a completion with tag " + tag + ", which no request in flight has");
      return;
    }
    inFlight--;
    try {
      request.complete(status);
    } catch (RuntimeException | AssertionError e) {
      violations.add(new AssertionError(request + ": " + e.getMessage(), e));
    }
  }

  private @Nullable IoRequest take(long tag, boolean last) {
    ArrayDeque<IoRequest> requests = pending.get(tag);
    if (requests == null) {
      return null;
    }
    IoRequest request = last ? requests.removeLast() : requests.removeFirst();
    if (requests.isEmpty()) {
      pending.remove(tag);
    }
    return request;
  }

  private void violate(String message) {
    violations.add(new AssertionError(message));
  }

  /** {@return the requests in flight} */
  public List<IoRequest> requestsInFlight() {
    return Collections.unmodifiableList(
        pending.values().stream().flatMap(ArrayDeque::stream).toList());
  }
}
