package io.ubiblk.core.lazy;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.StripeSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A disk's source, as long as the disk needs it: until everything has been fetched and no channel
 * reads from it, or the disk is closed. Thread-safe.
 */
final class SourceHolder implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(SourceHolder.class);

  private final List<Runnable> imageUsers = new ArrayList<>();
  // Held while the source is being closed; guards the failure.
  private final Object closing = new Object();
  private @Nullable Exception failure;
  private @Nullable StripeSource source;
  private boolean dropped;

  /**
   * Takes over a source.
   *
   * @param source the source, or null if there is nothing to fetch
   */
  SourceHolder(@Nullable StripeSource source) {
    this.source = source;
  }

  synchronized @Nullable StripeSource source() {
    return source;
  }

  /**
   * Uses the source as a device.
   *
   * @param onDrop run when the source is not needed any more; the user then closes its channel and
   *     calls {@link #releaseImage}
   * @return the device, or null if there is none (any more)
   */
  synchronized @Nullable BlockDevice useImage(Runnable onDrop) {
    StripeSource present = source;
    if (present == null || dropped || present.device().isEmpty()) {
      return null;
    }
    imageUsers.add(onDrop);
    return present.device().get();
  }

  void releaseImage(Runnable onDrop) {
    boolean last;
    synchronized (this) {
      imageUsers.remove(onDrop);
      last = dropped && imageUsers.isEmpty();
    }
    if (last) {
      closeUnneeded();
    }
  }

  /** Everything has been fetched. May block: not on a reactor. */
  void drop() {
    List<Runnable> users;
    synchronized (this) {
      if (dropped) {
        return;
      }
      dropped = true;
      users = List.copyOf(imageUsers);
    }
    if (users.isEmpty()) {
      closeUnneeded();
    } else {
      users.forEach(Runnable::run);
    }
  }

  /**
   * Closes the source, whoever uses it, or waits until somebody else has. Fails also if {@link
   * #closeEarly} did. May block: not on a reactor.
   */
  @Override
  public void close() throws IOException {
    closeEarly();
    synchronized (closing) {
      Exception cause = failure;
      failure = null;
      switch (cause) {
        case null -> {}
        case IOException io -> throw io;
        case RuntimeException runtime -> throw runtime;
        default -> throw new IOException(cause);
      }
    }
  }

  /** Fetches no more: the last channel that reads from the image closes it. May block. */
  void giveUp() {
    boolean used;
    synchronized (this) {
      used = !imageUsers.isEmpty();
    }
    if (used) {
      drop();
    } else {
      closeEarly();
    }
  }

  /** Closes the source before the disk is closed, which learns then how it went. May block. */
  void closeEarly() {
    synchronized (closing) {
      StripeSource present;
      synchronized (this) {
        present = source;
        source = null;
        dropped = true;
      }
      if (present != null) {
        try {
          present.close();
        } catch (IOException | RuntimeException e) {
          failure = e;
        }
      }
    }
  }

  /** Closes a source that nobody needs: that it fails to close troubles nobody either. */
  private void closeUnneeded() {
    String name = toString();
    try {
      close();
    } catch (IOException | RuntimeException e) {
      LOG.warn("{} could not be closed", name, e);
    }
  }

  @Override
  public synchronized String toString() {
    return String.valueOf(source);
  }
}
