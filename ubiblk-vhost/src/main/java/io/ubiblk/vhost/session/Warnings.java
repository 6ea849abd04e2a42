package io.ubiblk.vhost.session;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a server logs about its frontends. A hostile one can give cause as often as it likes, over
 * as many connections as it likes: of each kind a few are logged in a while, and the rest are
 * counted. May be used by any thread.
 */
public final class Warnings {

  /** How many of a kind are logged in a while. */
  static final int MOST = 10;

  /** How long a while is, in nanoseconds. */
  static final long WHILE_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** Kinds that are told apart. They are few, unless there are very many queues. */
  private static final int MOST_KINDS = 1024;

  private static final Logger LOG = LoggerFactory.getLogger(Warnings.class);

  private final String name;
  private final LongSupplier clock;
  private final Map<String, Kind> kinds = new HashMap<>();

  private static final class Kind {
    private long since;
    private int logged;
    private long suppressed;
  }

  /**
   * Creates the log of a server.
   *
   * @param name name of the server in messages
   */
  public Warnings(String name) {
    this(name, System::nanoTime);
  }

  Warnings(String name, LongSupplier clock) {
    this.name = name;
    this.clock = clock;
  }

  /**
   * Logs a warning, unless there have been too many of its kind.
   *
   * @param kind what has happened, one of few texts
   * @param detail more about it, or null
   */
  public void warn(String kind, @Nullable String detail) {
    long suppressed = admit(kind);
    if (suppressed > 0) {
      LOG.warn("{}: {}: {} ({} similar suppressed)", name, kind, detail, suppressed);
    } else if (suppressed == 0) {
      LOG.warn("{}: {}: {}", name, kind, detail);
    }
  }

  /** Returns -1 if a warning is not to be logged, otherwise how many before it were not. */
  synchronized long admit(String kind) {
    if (kinds.size() >= MOST_KINDS) {
      kinds.clear();
    }
    long now = clock.getAsLong();
    Kind state = kinds.computeIfAbsent(kind, k -> new Kind());
    if (state.logged == 0 || now - state.since >= WHILE_NANOS) {
      state.since = now;
      state.logged = 0;
    }
    if (state.logged == MOST) {
      state.suppressed++;
      return -1;
    }
    state.logged++;
    long suppressed = state.suppressed;
    state.suppressed = 0;
    return suppressed;
  }
}
