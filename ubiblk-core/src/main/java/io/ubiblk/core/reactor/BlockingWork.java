package io.ubiblk.core.reactor;

import java.util.concurrent.Executor;

/** Where reactors send work that may block: a virtual thread for each piece. */
final class BlockingWork {

  static final Executor EXECUTOR = work -> Thread.ofVirtual().name("ubiblk-blocking").start(work);

  private BlockingWork() {}
}
