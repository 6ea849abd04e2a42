package io.ubiblk.core.reactor;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ReactorTimer;
import io.ubiblk.core.io.IoHandler;
import io.ubiblk.core.io.IoPort;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.Poller;
import io.ubiblk.core.io.Polling;
import io.ubiblk.core.io.Signal;
import io.ubiblk.core.io.SocketHandler;
import io.ubiblk.core.io.SocketPort;
import io.ubiblk.core.io.Watch;
import io.ubiblk.core.linux.StreamSocket;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * A reactor in virtual time. Tasks run in any order, operations on files are done at a moment
 * between their beginning and their completion, and everything takes as long as the {@link
 * Simulation}'s seed says. One turn runs one event.
 */
final class SimulatedReactor implements IoReactor {

  private static final int POLL_NANOS = 2_000;
  private static final int IDLE_POLLS = 5;

  private final Simulation simulation;
  private final ArrayDeque<Runnable> executed = new ArrayDeque<>();
  private boolean closed;

  SimulatedReactor(Simulation simulation) {
    this.simulation = simulation;
  }

  @Override
  public boolean inReactor() {
    return simulation.belongsTo(this);
  }

  @Override
  public long nanoTime() {
    return simulation.nanoTime();
  }

  @Override
  public void execute(Runnable work) {
    if (closed) {
      throw new RejectedExecutionException("reactor has been closed: " + this);
    }
    executed.add(work);
    // Each event runs the oldest, whichever event comes first.
    simulation.handOver(this, () -> executed.remove().run());
  }

  @Override
  public ReactorTask task(Runnable work) {
    return new SimulatedTask(work);
  }

  @Override
  public ReactorTimer timer(Runnable work) {
    return new SimulatedTimer(work);
  }

  @Override
  public Executor blocking() {
    return simulation.blocking();
  }

  @Override
  public IoPort openPort(int depth, IoHandler handler) {
    return new SimulatedPort(simulation, this, handler);
  }

  @Override
  public SocketPort openSocket(StreamSocket socket, SocketHandler handler)
      throws BlockDeviceException {
    socket.close();
    throw new BlockDeviceException.Unsupported(
        "a simulated reactor serves no sockets, asked for " + socket);
  }

  @Override
  public Watch watch(int fd, Runnable onReadable) throws BlockDeviceException {
    throw new BlockDeviceException.Unsupported(
        "a simulated reactor watches no descriptors, asked for descriptor " + fd);
  }

  @Override
  public Signal signal(int fd) {
    return new DirectSignal(fd);
  }

  @Override
  public Polling poll(Poller poller) {
    return new SimulatedPolling(poller);
  }

  @Override
  public int turn() {
    return simulation.stepIfDue() ? 1 : 0;
  }

  @Override
  public void await(long maxNanos) {
    simulation.jump(maxNanos);
  }

  @Override
  public void close() {
    closed = true;
  }

  @Override
  public String toString() {
    return "SimulatedReactor";
  }

  private final class SimulatedTask implements ReactorTask {
    private final Runnable work;
    private boolean scheduled;

    SimulatedTask(Runnable work) {
      this.work = work;
    }

    @Override
    public void schedule() {
      if (!closed && !scheduled) {
        scheduled = true;
        simulation.handOver(SimulatedReactor.this, this::run);
      }
    }

    private void run() {
      scheduled = false;
      work.run();
    }
  }

  private final class SimulatedTimer implements ReactorTimer {
    private final Runnable work;
    private int setting;

    SimulatedTimer(Runnable work) {
      this.work = work;
    }

    @Override
    public void set(long deadlineNanos) {
      int mine = ++setting;
      simulation.at(
          deadlineNanos,
          SimulatedReactor.this,
          () -> {
            if (setting == mine) {
              setting++;
              work.run();
            }
          });
    }

    @Override
    public void cancel() {
      setting++;
    }
  }

  private final class SimulatedPolling implements Polling {
    private final Poller poller;
    private boolean active;
    private boolean scheduled;
    private int idle;

    SimulatedPolling(Poller poller) {
      this.poller = poller;
    }

    @Override
    public void activate() {
      active = true;
      idle = 0;
      schedule();
    }

    @Override
    public void deactivate() {
      active = false;
    }

    private void schedule() {
      if (!scheduled) {
        scheduled = true;
        simulation.later(POLL_NANOS, SimulatedReactor.this, this::poll);
      }
    }

    private void poll() {
      scheduled = false;
      if (!active) {
        return;
      }
      idle = poller.poll() > 0 ? 0 : idle + 1;
      if (idle > IDLE_POLLS && poller.rest()) {
        active = false;
      } else if (active) {
        schedule();
      }
    }
  }
}
