package io.ubiblk.core.file;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.io.IoPort;
import io.ubiblk.core.linux.OpenFile;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The flushes of one channel. The kernel tells of a write that it could not bring to the storage
 * once for each open file, whoever asks first. So every channel flushes through an open file of its
 * own, one flush at a time: those that come meanwhile share the next one, and its outcome.
 */
final class Flushes {

  private static final Logger LOG = LoggerFactory.getLogger(Flushes.class);

  private final RawFileChannel channel;
  private final IoPort port;
  private final OpenFile shared;
  private final @Nullable OpenFile own;

  /** Those that are under way, as one; the first one's slot is the operation's. */
  private @Nullable FileRequest underWay;

  private @Nullable FileRequest waiting;

  Flushes(RawFileChannel channel, IoPort port, OpenFile shared, boolean needed) {
    this.channel = channel;
    this.port = port;
    this.shared = shared;
    this.own = needed ? openAgain(shared) : null;
  }

  /** Not later than the channel: an open file hears of nothing that was told before it was open. */
  private static @Nullable OpenFile openAgain(OpenFile file) {
    try {
      return file.reopen(OpenFile.READ_WRITE);
    } catch (BlockDeviceException.Io e) {
      LOG.warn("{} shares the report of failed writes among its channels", file, e);
      return null;
    }
  }

  void begin(FileRequest request) {
    if (underWay == null) {
      request.nextFlush = null;
      underWay = request;
      issue(request);
    } else {
      request.nextFlush = waiting;
      waiting = request;
    }
  }

  /** Issues again what the kernel did not take for now. */
  void issue(FileRequest first) {
    port.sync(first.slot, own == null ? shared : own);
  }

  /** Ends those that were under way, and begins with those that came meanwhile. */
  void ended(int status) {
    FileRequest ended = underWay;
    underWay = waiting;
    waiting = null;
    if (underWay != null) {
      issue(underWay);
    }
    while (ended != null) {
      FileRequest next = ended.nextFlush;
      channel.finish(ended, status);
      ended = next;
    }
  }

  void close() {
    if (own != null) {
      own.close();
    }
  }
}
