package io.ubiblk.nbd.session;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.nbd.NbdLimits;
import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.WireError;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The phase in which requests are served. Replies are sent in the order in which requests finish,
 * those of a turn together. Nothing is read from a client whose requests have used up its slots or
 * its memory, so that one which takes no replies is not served any more, and nobody else notices.
 */
final class Transmission implements Phase, CompletionHandler, Incoming.Sink {

  private static final Logger LOG = LoggerFactory.getLogger(Transmission.class);

  private final Connection connection;
  private final Exposure exposure;
  private final IoReactor reactor;
  private final Wire wire;
  private final BlockChannel channel;
  private final RequestExecutor executor;
  private final RequestSlots slots;
  private final MemoryShare memory;
  private final Changes changes;
  private final Incoming incoming;
  private final Outgoing outgoing;
  private final ReactorTask sendLater;
  private final ReactorTask goOnLater;
  private boolean receiving;
  private boolean starved;

  /** Nothing more is read: the connection ends when all that was read has been answered. */
  private boolean finishing;

  /** Requests are refused: the connection ends at the first moment without one. */
  private boolean ending;

  private boolean stopped;
  private boolean channelClosed;
  private int queries;
  private Runnable onStopped = () -> {};

  /**
   * Opens the device for a client.
   *
   * @throws IOException if the device gives no channel
   */
  Transmission(Connection connection, Exposure exposure, Input input, Wire wire, Arena arena)
      throws IOException {
    NbdLimits limits = connection.service().limits();
    int depth = limits.requestsPerConnection();
    BlockDevice device = exposure.export().device();
    this.connection = connection;
    this.exposure = exposure;
    this.reactor = connection.reactor();
    this.wire = wire;
    this.channel = device.openChannel(reactor, depth, this);
    this.executor = new RequestExecutor(device, channel);
    this.slots = new RequestSlots(depth);
    this.sendLater = reactor.task(this::send);
    this.goOnLater = reactor.task(this::goOn);
    this.memory =
        new MemoryShare(
            connection.service().budget(),
            connection.pool(),
            limits.memoryPerConnection(),
            goOnLater);
    this.changes =
        new Changes(
            exposure.export().order(),
            depth,
            device.geometry().logicalBlockSize(),
            reactor.task(this::admitMore));
    this.incoming = new Incoming(exposure, input, slots, memory, this);
    ReplyWriter writer = new ReplyWriter(exposure.style(), depth, arena);
    this.outgoing = new Outgoing(writer, wire, this::recycle);
  }

  /** Looks at what the client has sent already, and goes on from there. */
  void begin() {
    advance();
  }

  @Override
  public void received(int count) {
    receiving = false;
    incoming.received(count);
    advance();
  }

  @Override
  public void sent() {
    outgoing.sent();
    outgoing.flush();
    goOn();
    closeIfDone();
  }

  @Override
  public void clientFinished() {
    receiving = false;
    finishing = true;
    Request unfinished = incoming.release();
    if (unfinished != null) {
      recycle(unfinished);
    }
    closeIfDone();
  }

  @Override
  public void end() {
    ending = true;
    incoming.end();
    closeIfDone();
  }

  @Override
  public void stop(Runnable whenStopped) {
    stopped = true;
    onStopped = whenStopped;
    changes.stop();
    channel.close(
        () -> {
          channelClosed = true;
          stopIfQuiet();
        });
  }

  @Override
  public void release() {
    // First of all: others wait for it. What a device threw at has not been completed.
    slots.forEach(changes::leave);
    changes.end();
    slots.forEach(this::giveMemoryBack);
    memory.leave();
  }

  @Override
  public void accept(Request request) {
    if (request.error == 0 && request.command == Command.BLOCK_STATUS) {
      query(request);
    } else if (changes.admit(request)) {
      execute(request);
    }
  }

  private void execute(Request request) {
    if (!executor.advance(request)) {
      finish(request);
    }
  }

  /** Executes changes that had to wait for others. */
  private void admitMore() {
    try {
      for (Request next = stopped ? null : changes.next(); next != null; next = changes.next()) {
        execute(next);
      }
      channel.submit();
    } catch (RuntimeException | Error e) {
      connection.failed(e);
    }
  }

  @Override
  public void completed(long tag, int status) {
    try {
      Request request = slots.get(tag);
      executor.completed(request, status);
      if (stopped) {
        recycle(request);
      } else if (executor.advance(request)) {
        channel.submit();
      } else {
        finish(request);
      }
    } catch (RuntimeException | Error e) {
      connection.failed(e);
    }
  }

  /** Reads requests, as far as there are bytes, slots and memory. */
  private void advance() {
    if (stopped || finishing || receiving) {
      return;
    }
    if (outgoing.isFull()) {
      // Goes on when something has been sent.
      starved = true;
      return;
    }
    Incoming.Outcome outcome = incoming.advance();
    channel.submit();
    switch (outcome) {
      case HUNGRY -> {
        receiving = true;
        wire.receive(incoming.target());
      }
      case STARVED -> starved = true;
      case PAUSED -> {
        starved = true;
        goOnLater.schedule();
      }
      case FINISHED -> {
        finishing = true;
        closeIfDone();
      }
      case BROKEN -> {
        LOG.warn("{}: client sent something that is no request", connection);
        connection.close();
      }
    }
  }

  private void goOn() {
    if (starved && !stopped) {
      try {
        starved = false;
        advance();
      } catch (RuntimeException | Error e) {
        connection.failed(e);
      }
    }
  }

  private void send() {
    if (!stopped) {
      try {
        outgoing.flush();
      } catch (RuntimeException | Error e) {
        connection.failed(e);
      }
    }
  }

  private void finish(Request request) {
    changes.leave(request);
    if (request.error != 0 || !request.answersWithMemory()) {
      giveMemoryBack(request);
    }
    outgoing.add(request);
    sendLater.schedule();
    if (starved) {
      goOnLater.schedule();
    }
  }

  private void recycle(Request request) {
    changes.leave(request);
    giveMemoryBack(request);
    slots.give(request);
  }

  private void giveMemoryBack(Request request) {
    PooledBuffer buffer = request.buffer;
    if (buffer != null) {
      request.buffer = null;
      memory.give(buffer);
    }
  }

  private void closeIfDone() {
    if ((finishing || ending) && !stopped && slots.inUse() == 0 && outgoing.isIdle()) {
      connection.close();
    }
  }

  private void query(Request request) {
    queries++;
    reactor
        .blocking()
        .execute(
            () -> {
              int error = WireError.OK;
              try {
                BlockDevice device = exposure.export().device();
                request.statusBytes = StatusQuery.run(device, request, exposure.style());
              } catch (IOException | RuntimeException | Error e) {
                LOG.warn("{}: allocation cannot be read", connection, e);
                error = WireError.EIO;
              }
              answered(request, error);
            });
  }

  private void answered(Request request, int error) {
    try {
      reactor.execute(
          () -> {
            queries--;
            request.error = error;
            if (stopped) {
              recycle(request);
              stopIfQuiet();
            } else {
              finish(request);
            }
          });
    } catch (RejectedExecutionException e) {
      LOG.error("{}: its reactor was closed first", connection, e);
    }
  }

  private void stopIfQuiet() {
    if (channelClosed && queries == 0) {
      channelClosed = false;
      onStopped.run();
    }
  }
}
