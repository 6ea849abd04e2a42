package io.ubiblk.testkit.vhost;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What a client uses to notify a device, or to be notified by it. */
public enum NotifierKind {
  /** An eventfd in non-blocking mode, as everybody does. */
  EVENTFD,

  /** An eventfd in blocking mode. */
  BLOCKING_EVENTFD,

  /** A pipe in non-blocking mode. */
  PIPE,

  /** A pipe in blocking mode. */
  BLOCKING_PIPE,

  /** Nothing: the other side shall poll. */
  NONE;

  @Nullable Notifier open(boolean toPeer) throws IOException {
    return switch (this) {
      case EVENTFD -> Notifier.eventfd();
      case BLOCKING_EVENTFD -> Notifier.blockingEventfd();
      case PIPE -> pipe(toPeer, false);
      case BLOCKING_PIPE -> pipe(toPeer, true);
      case NONE -> null;
    };
  }

  private static Notifier pipe(boolean toPeer, boolean blocking) throws IOException {
    return toPeer ? Notifier.pipeToPeer(blocking) : Notifier.pipeFromPeer(blocking);
  }
}
