package io.ubiblk.core.reactor;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Reactor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A few reactors, each with a thread of its own, shared by any number of disks. Each queue of a
 * frontend is given to one of them; a disk without requests costs none of them anything.
 *
 * <p>Most programs use {@link #shared()}. All methods may be called from any thread.
 */
public final class ReactorGroup implements AutoCloseable {

  private static final Object LOCK = new Object();
  private static @Nullable ReactorGroup shared;

  private final List<ReactorThread> threads = new ArrayList<>();
  private final List<Reactor> reactors = new ArrayList<>();
  private final AtomicInteger next = new AtomicInteger();
  private final boolean closeable;

  private ReactorGroup(ReactorOptions options, boolean closeable) throws BlockDeviceException {
    this.closeable = closeable;
    try {
      for (int i = 0; i < options.threads(); i++) {
        threads.add(new ReactorThread(options, i));
      }
      for (ReactorThread thread : threads) {
        reactors.add(thread.reactor());
      }
    } catch (BlockDeviceException | RuntimeException | Error e) {
      stop();
      throw e;
    }
  }

  /**
   * Starts a group of its own.
   *
   * @param options how many reactors, and of which kind
   * @return the group, to be closed after all that uses it
   * @throws BlockDeviceException if a reactor cannot be opened
   */
  public static ReactorGroup start(ReactorOptions options) throws BlockDeviceException {
    return new ReactorGroup(options, true);
  }

  /**
   * Returns the group that the whole process shares: one reactor for each processor, started at the
   * first call. It lives as long as the process; closing it has no effect.
   *
   * @return the group
   * @throws BlockDeviceException if a reactor cannot be opened
   */
  public static ReactorGroup shared() throws BlockDeviceException {
    synchronized (LOCK) {
      if (shared == null) {
        shared =
            new ReactorGroup(ReactorOptions.of(Runtime.getRuntime().availableProcessors()), false);
      }
      return shared;
    }
  }

  /**
   * Returns the reactors in turn, to spread what is opened on them.
   *
   * @return a reactor of the group
   */
  public Reactor next() {
    return reactors.get(Math.floorMod(next.getAndIncrement(), reactors.size()));
  }

  /** {@return all reactors of the group} */
  public List<Reactor> reactors() {
    return List.copyOf(reactors);
  }

  /**
   * Ends the reactors and waits for their threads. Everything that was opened on them must have
   * been closed.
   */
  @Override
  public void close() {
    if (closeable) {
      stop();
    }
  }

  private void stop() {
    threads.forEach(ReactorThread::stop);
  }

  @Override
  public String toString() {
    return "ReactorGroup" + reactors;
  }
}
