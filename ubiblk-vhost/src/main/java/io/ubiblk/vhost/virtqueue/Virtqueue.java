package io.ubiblk.vhost.virtqueue;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.MemoryFault;
import io.ubiblk.api.ReactorTimer;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.Poller;
import io.ubiblk.core.io.Polling;
import io.ubiblk.core.io.Signal;
import io.ubiblk.core.io.Watch;
import io.ubiblk.vhost.memory.GuestMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A running ring: takes requests from the driver, has them executed, gives them back. Confined to
 * its reactor's thread. It begins disabled, and ends for good with {@link #stop} or {@link
 * #abandon}.
 *
 * <p>While there is traffic the ring is polled and the driver asked not to kick; otherwise the
 * driver's kick wakes the reactor, or a timer where there is no kick. Completions of a turn are
 * shown to the driver together, and signalled together.
 *
 * <p>A driver that breaks the rules of the ring itself (an index out of range) loses the ring:
 * nothing is taken from it any more. What was taken is given back, unless the ring's memory has
 * vanished.
 */
public final class Virtqueue implements Poller {

  /** Most requests that are with the device at once; more wait in their slots. */
  private static final int MOST_DEPTH = 1024;

  /** How often a ring without a kick is looked at while it is quiet. */
  private static final long QUIET_NANOS = 1_000_000;

  private final String name;
  private final IoReactor reactor;
  private final RingSetup setup;
  private final SplitRing ring;
  private final RingObserver observer;
  private final BlockChannel channel;
  private final Arena arena = Arena.ofConfined();
  private final RequestExecutor executor;
  private final RequestFlow flow;
  private final Polling polling;
  private final ReactorTimer quiet;
  private final ArrayList<Runnable> onReleased = new ArrayList<>();
  private @Nullable Watch kick;
  private @Nullable Signal call;
  private @Nullable Signal error;
  private boolean enabled;

  /** Nothing is taken from the ring any more, because its driver has broken it. */
  private boolean broken;

  private boolean ending;
  private boolean closing;

  /** Whether all that is left is the last interrupt. */
  private boolean finishing;

  private boolean released;

  /**
   * Takes over a ring, disabled. To be called on the reactor's thread.
   *
   * @param name name of the queue in messages
   * @param reactor the reactor
   * @param device what to serve
   * @param limits what requests are held to
   * @param setup the ring
   * @param memory the guest's memory; the queue becomes a user of its own
   * @param observer is told what becomes of the ring
   * @throws IOException if the ring does not lie in memory, or the device gives no channel
   */
  public Virtqueue(
      String name,
      IoReactor reactor,
      BlockDevice device,
      QueueLimits limits,
      RingSetup setup,
      GuestMemory memory,
      RingObserver observer)
      throws IOException {
    this.name = name;
    this.reactor = reactor;
    this.setup = setup;
    this.observer = observer;
    // What can fail comes before what has to be released.
    this.ring = setup.locate(memory);
    this.channel = device.openChannel(reactor, Math.min(setup.size(), MOST_DEPTH), this::completed);
    this.executor = new RequestExecutor(device, channel, limits, arena);
    ChainReader reader = new ChainReader(arena, setup.indirect());
    this.flow =
        new RequestFlow(ring, reader, executor, channel, memory, observer, reactor.blocking());
    this.polling = reactor.poll(this);
    this.quiet = reactor.timer(this::kicked);
  }

  /**
   * Says whether writes must be durable when they complete, from the next request on.
   *
   * @param value whether they must
   */
  public void setWriteThrough(boolean value) {
    executor.setWriteThrough(value);
  }

  /**
   * Sets where the driver's kicks come from.
   *
   * @param watch watch of the descriptor, closed by the queue; or null if the ring has to be polled
   */
  public void setKick(@Nullable Watch watch) {
    if (kick != null) {
      kick.close();
    }
    kick = watch;
    // The next rest arranges for the new kind of waking.
    kicked();
  }

  /** There may be something in the ring. */
  public void kicked() {
    if (isServing()) {
      polling.activate();
    }
  }

  /**
   * Sets how to interrupt the driver. The new descriptor is signalled once, because an interrupt
   * may have gone to the old one.
   *
   * @param signal the signal, or null; the queue closes it
   */
  public void setCall(@Nullable Signal signal) {
    if (call != null) {
      call.close();
    }
    call = signal;
    if (signal != null && enabled) {
      signal.raise();
    }
  }

  /**
   * Sets how to tell the driver's side that the ring is broken.
   *
   * @param signal the signal, or null; the queue closes it
   */
  public void setError(@Nullable Signal signal) {
    if (error != null) {
      error.close();
    }
    error = signal;
  }

  /**
   * Enables or disables the ring. A disabled one takes no requests and loses none.
   *
   * @param value whether to serve the ring
   */
  public void setEnabled(boolean value) {
    enabled = value && !ending;
    quiet.cancel();
    kicked();
  }

  /**
   * Goes on in other memory. Requests in flight keep the memory they began with. A ring that is not
   * in the new memory is broken, and nothing is written to it any more.
   *
   * @param memory the memory; the queue becomes a user of its own
   */
  public void setMemory(GuestMemory memory) {
    if (flow.isSilent()) {
      return;
    }
    try {
      // What was given back belongs to the memory in which it was.
      signal();
      MemoryFault.surface();
      flow.move(setup, memory);
    } catch (BlockDeviceException.BadFormat e) {
      flow.silence();
      breakRing(String.valueOf(e.getMessage()));
      flow.endLease();
    } catch (InternalError fault) {
      loseMemory();
    }
  }

  /**
   * Ends the ring in order: takes no further requests, and waits for those that were taken.
   *
   * @param onStopped run on the reactor's thread when nothing touches guest memory any more
   */
  public void stop(Runnable onStopped) {
    setEnabled(false);
    ending = true;
    onReleased.add(onStopped);
    if (released) {
      runCallbacks();
    } else {
      drain();
    }
  }

  /**
   * Ends the ring because its driver is gone: requests that only wait inside the device are
   * cancelled, and nothing is given back. May follow a {@link #stop} that takes too long, whose
   * callback then runs too.
   *
   * @param onAbandoned run on the reactor's thread when nothing touches guest memory any more
   */
  public void abandon(Runnable onAbandoned) {
    flow.silence();
    stop(onAbandoned);
    if (finishing && call != null) {
      call.close();
    }
  }

  /** {@return the index at which a successor goes on; valid when the ring has stopped} */
  public int base() {
    return ring.base();
  }

  /** {@return the number of requests that were taken and are not given back} */
  public int inFlight() {
    return flow.inFlight();
  }

  @Override
  public int poll() {
    try {
      // What is over goes first: the driver can see to it while we see to what is new.
      signal();
      int work = flow.startWaiting() + take();
      if (work > 0) {
        channel.submit();
        signal();
      }
      MemoryFault.surface();
      return work;
    } catch (InternalError fault) {
      loseMemory();
      return 0;
    } catch (RuntimeException | Error e) {
      loseDevice(e);
      throw e;
    }
  }

  @Override
  public boolean rest() {
    // Without a free slot, only a completion makes a difference.
    if (!isServing() || flow.isFull()) {
      return true;
    }
    try {
      boolean rests = kick == null ? ring.available() == 0 : ring.requestKicks();
      MemoryFault.surface();
      if (rests && kick == null) {
        quiet.set(reactor.nanoTime() + QUIET_NANOS);
      }
      return rests;
    } catch (InternalError fault) {
      loseMemory();
      return true;
    }
  }

  private boolean isServing() {
    return enabled && !broken;
  }

  private int take() {
    int taken = isServing() ? flow.take() : 0;
    if (taken == RequestFlow.BROKEN) {
      MemoryFault.surface();
      breakRing(flow.fault());
      // Some may have been taken before the fault.
      return 1;
    }
    return taken;
  }

  private void completed(long tag, int status) {
    try {
      flow.completed(tag, status);
      MemoryFault.surface();
    } catch (InternalError fault) {
      loseMemory();
    } catch (RuntimeException | Error e) {
      loseDevice(e);
      throw e;
    } finally {
      polling.activate();
      if (ending) {
        drain();
      }
    }
  }

  private void signal() {
    if (flow.publish() && call != null) {
      call.raise();
    }
  }

  /** Goes on with ending the ring, if nothing is to be waited for. */
  private void drain() {
    if (closing || (!flow.isSilent() && flow.inFlight() > 0)) {
      return;
    }
    try {
      if (!flow.isSilent()) {
        signal();
        // Whoever serves the ring next finds a driver that kicks.
        ring.requestKicks();
        MemoryFault.surface();
      }
    } catch (InternalError fault) {
      loseMemory();
    }
    closing = true;
    channel.close(this::release);
  }

  private void release() {
    polling.deactivate();
    setKick(null);
    setError(null);
    Signal last = call;
    if (last == null || flow.isSilent()) {
      end();
    } else {
      // The last interrupt may still be under way; without it the driver would wait for ever.
      finishing = true;
      last.finish(this::end);
    }
  }

  private void end() {
    finishing = false;
    released = true;
    setCall(null);
    flow.end();
    arena.close();
    runCallbacks();
  }

  private void runCallbacks() {
    onReleased.forEach(Runnable::run);
    onReleased.clear();
  }

  private void loseMemory() {
    flow.silence();
    breakRing("guest memory is not there any more");
    // Also where its files are as long as ever: memory can be missing for other reasons.
    observer.ringLost();
  }

  /** Which requests the device still has is not known: what was taken cannot be given back. */
  private void loseDevice(Throwable thrown) {
    flow.silence();
    breakRing("its device has thrown " + thrown);
  }

  private void breakRing(String reason) {
    if (!broken) {
      broken = true;
      quiet.cancel();
      observer.ringBroken(name, reason);
      if (error != null) {
        error.raise();
      }
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
