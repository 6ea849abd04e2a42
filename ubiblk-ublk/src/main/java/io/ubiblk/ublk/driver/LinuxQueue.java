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
 *
 * @param registered whether the data of requests is registered as fixed buffers, and not copied to
 *     their memory
 */
record LinuxQueue(
    OpenFile file,
    int index,
    int depth,
    boolean ioctl,
    boolean registered,
    int pageSize,
    IoReactor reactor)
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
    CommandPort port = reactor.openCommands(handler);
    if (!registered) {
      return new Link(port, file.fd(), index, fetch, commit);
    }
    // Without numbers every request is copied.
    int buffers = reactor.reserveBuffers(depth);
    return new PagesLink(this, port, new LinuxPages(file, index, buffers), fetch, commit);
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

  /** Names no memory of the server's, but a number to register the kernel's with. */
  private record PagesLink(
      LinuxQueue queue, CommandPort port, LinuxPages pages, int fetch, int commit)
      implements QueueLink {
    @Override
    public void fetch(int tag, long address) {
      issue(tag, fetch, 0);
    }

    @Override
    public void commit(int tag, long address, int result) {
      issue(tag, commit, result);
    }

    private void issue(int tag, int command, int result) {
      long first = IoCommand.first(queue.index, tag, result);
      port.issue(tag, queue.file.fd(), command, first, 0, IoCommand.register(pages.buffer(tag)));
    }

    @Override
    public void close() {
      port.close();
      if (pages.firstBuffer() >= 0) {
        queue.reactor.releaseBuffers(pages.firstBuffer(), queue.depth);
      }
    }
  }
}
