package io.ubiblk.testkit;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ReactorTimer;
import io.ubiblk.api.Status;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;

/** The channel of a {@link FaultyBlockDevice}. */
final class FaultyChannel extends WatchingChannel {

  private static final int PASS = -1;

  /** Something to do later: to pass a request on, or to complete it. */
  private record Step(long deadline, Slot slot, int status) {}

  private final FaultyBlockDevice device;
  private final BlockDevice below;
  private final Reactor reactor;
  private final ReactorTask task;
  private final ReactorTimer timer;
  private final ArrayDeque<Slot> held = new ArrayDeque<>();
  private final ArrayDeque<Step> due = new ArrayDeque<>();
  private final PriorityQueue<Step> later =
      new PriorityQueue<>(Comparator.comparingLong(Step::deadline));
  private final long[] delayAfter;
  private final List<Runnable> closers = new ArrayList<>();
  private boolean belowHasClosed;
  private boolean finished;

  // Read by other threads, for FaultyBlockDevice.inFlight.
  private volatile int count;

  FaultyChannel(
      FaultyBlockDevice device,
      BlockDevice below,
      Reactor reactor,
      int depth,
      CompletionHandler completions)
      throws IOException {
    super(below, reactor, depth, completions);
    this.device = device;
    this.below = below;
    this.reactor = reactor;
    this.task = reactor.task(this::work);
    this.timer = reactor.timer(this::expired);
    this.delayAfter = new long[depth];
  }

  int requestsInFlight() {
    return count;
  }

  /** Makes the channel look at what is held up. May be called on any thread. */
  void wake() {
    task.schedule();
  }

  @Override
  void issued(Slot slot) {
    boolean served = isServed(slot.event);
    // A test's predicate may throw: before anything has been done for the request.
    int errno = served ? device.decide(slot.event) : Status.OK;
    count = inFlight();
    delayAfter[slot.number] = 0;
    if (!served) {
      pass(slot);
      return;
    }
    long delay = device.chooseDelay();
    if (errno != Status.OK) {
      schedule(slot, Math.abs(delay), errno);
    } else if (device.isHeld(slot.event.operation())) {
      held.add(slot);
    } else if (delay > 0) {
      schedule(slot, delay, PASS);
    } else {
      delayAfter[slot.number] = -delay;
      pass(slot);
    }
  }

  @Override
  void completedBelow(Slot slot, int status) {
    long delay = delayAfter[slot.number];
    if (delay > 0 && !isClosed()) {
      schedule(slot, delay, status);
    } else {
      complete(slot, status);
    }
  }

  @Override
  public void close(Runnable onClosed) {
    boolean first = markClosed();
    closers.add(onClosed);
    if (first) {
      device.channelClosing();
      held.forEach(slot -> due.add(new Step(0, slot, Status.ECANCELED)));
      held.clear();
      for (Step step : later) {
        due.add(step.status == PASS ? new Step(0, step.slot, Status.ECANCELED) : step);
      }
      later.clear();
      timer.cancel();
      delegate()
          .close(
              () -> {
                belowHasClosed = true;
                task.schedule();
              });
    }
    task.schedule();
  }

  private void schedule(Slot slot, long delay, int status) {
    if (delay == 0) {
      due.add(new Step(0, slot, status));
      task.schedule();
    } else {
      later.add(new Step(reactor.nanoTime() + delay, slot, status));
      timer.set(later.element().deadline);
    }
  }

  private void expired() {
    while (!later.isEmpty() && later.element().deadline <= reactor.nanoTime()) {
      due.add(later.remove());
    }
    if (!later.isEmpty()) {
      timer.set(later.element().deadline);
    }
    work();
  }

  private void work() {
    boolean passed = false;
    for (int n = held.size(); n > 0; n--) {
      Slot slot = held.remove();
      if (device.isHeld(slot.event.operation())) {
        held.add(slot);
      } else {
        pass(slot);
        passed = true;
      }
    }
    for (int n = due.size(); n > 0 && !due.isEmpty(); n--) {
      Step step = due.remove();
      if (step.status == PASS && !isClosed()) {
        pass(step.slot);
        passed = true;
      } else {
        complete(step.slot, step.status == PASS ? Status.ECANCELED : step.status);
      }
    }
    if (passed && !isClosed()) {
      delegate().submit();
    }
    if (!due.isEmpty()) {
      task.schedule();
    }
    finish();
  }

  private void complete(Slot slot, int status) {
    count = inFlight() - 1;
    deliver(slot, status);
  }

  private void finish() {
    if (belowHasClosed && inFlight() == 0) {
      if (!finished) {
        finished = true;
        device.channelClosed(this);
      }
      List<Runnable> callbacks = List.copyOf(closers);
      closers.clear();
      callbacks.forEach(Runnable::run);
    }
  }

  /** Whether the device below has no reason of its own to refuse a request. */
  private boolean isServed(RequestEvent request) {
    Geometry geometry = below.geometry();
    Set<Capability> able = below.capabilities();
    boolean fua = (request.flags() & IoFlags.FUA) != 0 && !able.contains(Capability.FUA);
    return !fua
        && switch (request.operation()) {
          case FLUSH -> true;
          case READ -> geometry.checkTransfer(request.offset(), request.length()) == Status.OK;
          case PREFETCH -> geometry.check(request.offset(), request.length()) == Status.OK;
          case WRITE ->
              able.contains(Capability.WRITE)
                  && geometry.checkTransfer(request.offset(), request.length()) == Status.OK;
          case DISCARD -> isServedChange(request, Capability.DISCARD);
          case WRITE_ZEROES -> isServedChange(request, Capability.WRITE_ZEROES);
        };
  }

  private boolean isServedChange(RequestEvent request, Capability needed) {
    return below.capabilities().containsAll(Set.of(Capability.WRITE, needed))
        && below.geometry().check(request.offset(), request.length()) == Status.OK;
  }
}
