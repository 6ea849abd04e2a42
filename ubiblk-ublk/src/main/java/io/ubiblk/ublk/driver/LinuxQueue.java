package io.ubiblk.ublk.driver;

import io.ubiblk.core.io.CommandPort;
import io.ubiblk.core.io.IoHandler;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.linux.Memory;
import io.ubiblk.core.linux.OpenFile;
import io.ubiblk.ublk.protocol.IoCommand;
import io.ubiblk.ublk.protocol.Opcode;
import io.ubiblk.ublk.queue.IoDescriptors;
import io.ubiblk.ublk.queue.QueueLink;
import io.ubiblk.ublk.queue.QueueSetup.DriverSide;
import java.io.IOException;
import java.lang.foreign.Arena;

/**
 * One queue of a device of this machine's kernel: descriptions in memory that is mapped from the
 * device's node, commands through the reactor's ring.
 */
record LinuxQueue(
    OpenFile file, int index, int depth, boolean ioctl, int pageSize, IoReactor reactor)
    implements DriverSide {

  @Override
  public IoDescriptors map(Arena arena) throws IOException {
    // Every queue has room for the deepest there may be, but only its own depth can be mapped.
    long most = (long) IoDescriptors.MOST * IoDescriptors.SIZE;
    long room = (most + pageSize - 1) / pageSize * pageSize;
    long length = (long) depth * IoDescriptors.SIZE;
    return new IoDescriptors(Memory.mapReadOnly(file.fd(), index * room, length, arena));
  }

  @Override
  public QueueLink open(IoHandler handler) throws IOException {
    int fetch = Opcode.FETCH_REQ.number(ioctl);
    int commit = Opcode.COMMIT_AND_FETCH_REQ.number(ioctl);
    return new Link(reactor.openCommands(handler), file.fd(), index, fetch, commit);
  }

  private record Link(CommandPort port, int fd, int queue, int fetch, int commit)
      implements QueueLink {
    @Override
    public void fetch(int tag, long address) {
      port.issue(tag, fd, fetch, IoCommand.first(queue, tag, 0), address);
    }

    @Override
    public void commit(int tag, long address, int result) {
      port.issue(tag, fd, commit, IoCommand.first(queue, tag, result), address);
    }

    @Override
    public void close() {
      port.close();
    }
  }
}
