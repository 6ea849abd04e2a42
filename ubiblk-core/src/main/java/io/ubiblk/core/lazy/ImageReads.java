package io.ubiblk.core.lazy;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A lazy channel's reads of a source that is a device underneath: the channel to it is opened when
 * it is first wanted, and closed when everything has been fetched. Confined to the channel's
 * thread.
 */
final class ImageReads {

  private final SourceHolder source;
  private final boolean wanted;
  private final Reactor reactor;
  private final int depth;
  private final CompletionHandler completions;
  private final Runnable onClosed;
  private final Runnable drop = this::isNotNeeded;
  private @Nullable BlockChannel channel;
  private long size;
  private boolean refused;
  private boolean closing;

  /**
   * Creates the reads.
   *
   * @param wanted whether what is not on the disk is read from the image at all
   * @param onClosed run on the channel's thread when the channel to the image has been closed
   */
  ImageReads(
      SourceHolder source,
      boolean wanted,
      Reactor reactor,
      int depth,
      CompletionHandler completions,
      Runnable onClosed) {
    this.source = source;
    this.wanted = wanted;
    this.reactor = reactor;
    this.depth = depth;
    this.completions = completions;
    this.onClosed = onClosed;
  }

  /** Whether there is an image to read from. */
  boolean isThere() {
    if (channel == null && wanted && !refused) {
      open();
    }
    return channel != null;
  }

  /** Where the image ends, in bytes. */
  long size() {
    return size;
  }

  /** Whether a read was given up because the image is not needed any more. */
  boolean wasLost(int status) {
    return status == Status.ECANCELED && refused;
  }

  /** Starts a read; the image {@link #isThere}. */
  void read(long offset, ScatterList part, long tag) {
    BlockChannel open = channel;
    if (open == null) {
      throw new IllegalStateException("reading an image that is not there");
    }
    boolean accepted = open.read(offset, part, tag);
    assert accepted : "a held request has one request below at most";
    open.submit();
  }

  /**
   * Closes what is open.
   *
   * @return whether nothing is open any more; otherwise the callback follows
   */
  boolean close() {
    BlockChannel open = channel;
    refused = true;
    if (open != null) {
      channel = null;
      closing = true;
      open.close(this::closed);
    }
    return !closing;
  }

  private void open() {
    refused = true;
    BlockDevice device = source.useImage(drop);
    if (device == null) {
      return;
    }
    try {
      size = device.geometry().size();
      channel = device.openChannel(reactor, depth, completions);
      refused = false;
    } catch (IOException e) {
      source.releaseImage(drop);
    }
  }

  /** Everything has been fetched. Any thread. */
  private void isNotNeeded() {
    reactor.execute(this::close);
  }

  private void closed() {
    closing = false;
    reactor.blocking().execute(() -> source.releaseImage(drop));
    onClosed.run();
  }
}
