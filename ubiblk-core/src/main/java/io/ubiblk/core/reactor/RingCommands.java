package io.ubiblk.core.reactor;

import io.ubiblk.core.io.CommandPort;
import io.ubiblk.core.io.IoHandler;

/** Commands to drivers as operations of the ring. */
final class RingCommands implements CommandPort, RingReactor.Consumer {

  private final RingReactor reactor;
  private final IoHandler handler;
  private final int number;

  RingCommands(RingReactor reactor, IoHandler handler) {
    this.reactor = reactor;
    this.handler = handler;
    this.number = reactor.register(this);
  }

  @Override
  public void issue(int slot, int fd, int command, long first, long second, long address) {
    // Not counted as in flight: a driver may keep a command for ever.
    long userData = RingReactor.userData(number, slot);
    reactor.submissions().command(fd, command, first, second, address, userData);
  }

  @Override
  public void completed(int slot, int result, boolean more) {
    handler.completed(slot, result);
  }

  @Override
  public void close() {
    reactor.unregister(number);
  }
}
