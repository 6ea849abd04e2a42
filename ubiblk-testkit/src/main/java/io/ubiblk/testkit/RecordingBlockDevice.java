package io.ubiblk.testkit;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Reactor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * A decorator that remembers every request that passes through it: for assertions about what a
 * device above asks of the one below. Changes nothing.
 *
 * <p><b>Thread.</b> Thread-safe; requests of several channels are recorded in the order in which
 * they came.
 */
public final class RecordingBlockDevice extends ForwardingBlockDevice {

  /**
   * A request and what became of it.
   *
   * @param channel number of the channel, counted from 0 in the order of opening
   * @param request the request
   * @param status its outcome, or empty while it is in flight
   */
  public record Entry(int channel, RequestEvent request, OptionalInt status) {}

  private final List<Entry> entries = new ArrayList<>();
  private int channels;
  private int inFlight;
  private int mostInFlight;
  private int closes;

  /**
   * Wraps a device.
   *
   * @param delegate the device, owned by this one from now on
   */
  public RecordingBlockDevice(BlockDevice delegate) {
    super(delegate);
  }

  /** {@return everything so far, in the order in which it was issued} */
  public synchronized List<Entry> entries() {
    return List.copyOf(entries);
  }

  /** {@return the requests so far, in the order in which they were issued} */
  public synchronized List<RequestEvent> requests() {
    return entries.stream().map(Entry::request).toList();
  }

  /**
   * Returns the requests of one kind.
   *
   * @param operation the kind
   * @return those so far, in the order in which they were issued
   */
  public List<RequestEvent> requests(Operation operation) {
    return requests().stream().filter(request -> request.operation() == operation).toList();
  }

  /** {@return how many flushes have been issued} */
  public int flushes() {
    return requests(Operation.FLUSH).size();
  }

  /** {@return how many requests are in flight} */
  public synchronized int inFlight() {
    return inFlight;
  }

  /** {@return how many requests were in flight at once at most} */
  public synchronized int mostInFlight() {
    return mostInFlight;
  }

  /** {@return how many channels have been opened} */
  public synchronized int channelsOpened() {
    return channels;
  }

  /** {@return how often {@link #close} was called and did not refuse} */
  public synchronized int closes() {
    return closes;
  }

  /**
   * Forgets the requests so far.
   *
   * @throws IllegalStateException if some of them are in flight
   */
  public synchronized void forget() {
    if (inFlight > 0) {
      throw new IllegalStateException(inFlight + " requests in flight, expected none");
    }
    entries.clear();
  }

  synchronized int issued(int channel, RequestEvent request) {
    entries.add(new Entry(channel, request, OptionalInt.empty()));
    mostInFlight = Math.max(mostInFlight, ++inFlight);
    return entries.size() - 1;
  }

  synchronized void completed(int index, int status) {
    Entry entry = entries.get(index);
    entries.set(index, new Entry(entry.channel(), entry.request(), OptionalInt.of(status)));
    inFlight--;
  }

  @Override
  public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    int number;
    synchronized (this) {
      number = channels;
    }
    BlockChannel channel =
        new RecordingChannel(this, delegate(), number, reactor, depth, completions);
    synchronized (this) {
      channels++;
    }
    return channel;
  }

  @Override
  public void close() throws IOException {
    synchronized (this) {
      closes++;
    }
    try {
      super.close();
    } catch (IllegalStateException e) {
      synchronized (this) {
        closes--;
      }
      throw e;
    }
  }
}
