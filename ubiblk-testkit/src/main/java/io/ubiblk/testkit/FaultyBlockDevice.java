package io.ubiblk.testkit;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.OpenChannels;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Reactor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.function.Predicate;

/**
 * A decorator that fails, delays and holds up requests, by a script or by chance. It never breaks
 * the contract of a block device: a failed request did not reach the device below, and a delayed
 * one is merely late, so that completions change their order.
 *
 * <p>Without further calls it passes everything through. Rules are asked in the order in which they
 * were added, and the first that applies decides. Requests that the device must refuse anyway are
 * left to it.
 *
 * <p>Delays are measured on the channel's reactor: in a simulation they take no time.
 *
 * <p><b>Thread.</b> Thread-safe: faults may be arranged on any thread while requests are in flight,
 * and apply to those that are issued afterwards.
 */
public final class FaultyBlockDevice extends ForwardingBlockDevice {

  private final SeededRandom random;
  private final List<Rule> rules = new ArrayList<>();
  private final Set<Operation> held = EnumSet.noneOf(Operation.class);
  private final Set<FaultyChannel> live = new CopyOnWriteArraySet<>();
  private final OpenChannels channels = new OpenChannels();
  private long leastDelay;
  private long mostDelay;
  private int injected;

  private static final class Rule {
    private final Predicate<RequestEvent> when;
    private final int errno;
    private int skip;
    private int left;

    Rule(Predicate<RequestEvent> when, int errno, int skip, int count) {
      this.when = when;
      this.errno = errno;
      this.skip = skip;
      this.left = count;
    }

    boolean applies(RequestEvent request) {
      if (left == 0 || !when.test(request)) {
        return false;
      }
      if (skip > 0) {
        skip--;
        return false;
      }
      left--;
      return true;
    }
  }

  /**
   * Wraps a device.
   *
   * @param delegate the device, owned by this one from now on
   * @param seed decides what happens by chance
   */
  public FaultyBlockDevice(BlockDevice delegate, long seed) {
    super(delegate);
    this.random = new SeededRandom(seed);
  }

  /**
   * Fails the next requests of one kind.
   *
   * @param operation the kind
   * @param errno what they complete with
   * @param count how many of them
   */
  public void failNext(Operation operation, int errno, int count) {
    add(request -> request.operation() == operation, errno, 0, count);
  }

  /**
   * Fails requests of any kind after some have passed.
   *
   * @param skip how many requests pass
   * @param errno what those after them complete with
   * @param count how many fail
   */
  public void failAfter(int skip, int errno, int count) {
    add(_ -> true, errno, skip, count);
  }

  /**
   * Fails every request that touches a range, until {@link #clear}. Flushes pass.
   *
   * @param offset first byte
   * @param length length in bytes
   * @param errno what they complete with
   */
  public void failRange(long offset, long length, int errno) {
    failWhen(request -> request.touches(offset, length), errno);
  }

  /**
   * Fails every request that a test picks, until {@link #clear}.
   *
   * @param when says which ones; called on channels' threads, one at a time. If it throws, so does
   *     the call that made the request, which has not been accepted then
   * @param errno what they complete with
   */
  public void failWhen(Predicate<RequestEvent> when, int errno) {
    add(when, errno, 0, Integer.MAX_VALUE);
  }

  /**
   * Fails requests by chance, until {@link #clear}.
   *
   * @param rate how often, 0 for never to 1 for always
   * @param errno what they complete with
   */
  public void failRandomly(double rate, int errno) {
    failWhen(_ -> random.chance(rate), errno);
  }

  private synchronized void add(Predicate<RequestEvent> when, int errno, int skip, int count) {
    rules.add(new Rule(when, errno, skip, count));
  }

  /**
   * Delays every request by chance, before it reaches the device below or after, until {@link
   * #clear}.
   *
   * @param leastNanos shortest delay in nanoseconds
   * @param mostNanos longest delay in nanoseconds
   */
  public synchronized void delay(long leastNanos, long mostNanos) {
    leastDelay = leastNanos;
    mostDelay = mostNanos;
  }

  /**
   * Holds requests up before they reach the device below, until {@link #release}.
   *
   * @param operations which kinds; none means all
   */
  public synchronized void hold(Operation... operations) {
    held.addAll(operations.length == 0 ? EnumSet.allOf(Operation.class) : Set.of(operations));
  }

  /** Lets go of everything that was held up, in the order in which it came. */
  public void release() {
    synchronized (this) {
      held.clear();
    }
    live.forEach(FaultyChannel::wake);
  }

  /** Ends all failures and delays. What is held up stays so. */
  public synchronized void clear() {
    rules.clear();
    leastDelay = 0;
    mostDelay = 0;
  }

  /** {@return how many requests have been failed} */
  public synchronized int injected() {
    return injected;
  }

  /** {@return how many requests are in flight, those that are held up included} */
  public int inFlight() {
    return live.stream().mapToInt(FaultyChannel::requestsInFlight).sum();
  }

  synchronized int decide(RequestEvent request) {
    for (Rule rule : rules) {
      if (rule.applies(request)) {
        injected++;
        return rule.errno;
      }
    }
    return 0;
  }

  synchronized boolean isHeld(Operation operation) {
    return held.contains(operation);
  }

  /** Chooses a delay: positive before the device below, negative after it. */
  synchronized long chooseDelay() {
    if (mostDelay == 0) {
      return 0;
    }
    long delay = leastDelay + random.below(mostDelay - leastDelay + 1);
    return random.chance(0.5) ? delay : -delay;
  }

  @Override
  public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    channels.opened(this);
    try {
      FaultyChannel channel = new FaultyChannel(this, delegate(), reactor, depth, completions);
      live.add(channel);
      return channel;
    } catch (IOException | RuntimeException | Error e) {
      channels.closing();
      channels.closed();
      throw e;
    }
  }

  void channelClosing() {
    channels.closing();
  }

  void channelClosed(FaultyChannel channel) {
    live.remove(channel);
    channels.closed();
  }

  @Override
  public void close() throws IOException {
    if (channels.close(this)) {
      delegate().close();
    }
  }
}
