package io.ubiblk.testkit;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ScatterList;
import java.io.IOException;
import java.util.List;

/** Devices that close wrongly. */
final class ClosingMutants {

  private static final String IN_FLIGHT = "requestsInFlightCompleteBeforeTheChannelHasClosed";
  private static final String TWICE = "closingAChannelTwiceRunsBothCallbacks";
  private static final String DEVICE = "deviceWithAnOpenChannelRefusesToClose";

  private static final String AFTERWARDS = "closedDeviceRefusesToGrowAndToReportExtents";

  private ClosingMutants() {}

  static List<Mutant> all() {
    return List.of(
        Mutant.ofDevice(
            "reports extents after it has been closed",
            model ->
                new Mutant.Device(model) {
                  @Override
                  public void extents(long offset, long length, ExtentVisitor visitor)
                      throws IOException {
                    try {
                      super.extents(offset, length, visitor);
                    } catch (BlockDeviceException.Closed e) {
                      visitor.extent(offset, length, 0);
                    }
                  }
                },
            AFTERWARDS),
        Mutant.ofDevice(
            "does not mind a resize after it has been closed",
            model ->
                new Mutant.Device(model) {
                  @Override
                  public void resize(long size) throws IOException {
                    if (size != geometry().size()) {
                      super.resize(size);
                    }
                  }
                },
            AFTERWARDS),
        Mutant.ofChannel(
            "says that it has closed at once",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public void close(Runnable onClosed) {
                    reactor.execute(onClosed);
                    super.close(() -> {});
                  }
                },
            IN_FLIGHT,
            "closingADeviceWaitsForItsChannels"),
        Mutant.ofChannel(
            "says from inside close that it has closed",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public void close(Runnable onClosed) {
                    super.close(() -> {});
                    onClosed.run();
                  }
                },
            IN_FLIGHT,
            TWICE),
        Mutant.ofChannel(
            "completes nothing once it closes",
            (model, reactor, depth, done) -> {
              boolean[] closing = new boolean[1];
              return new Mutant.Channel(
                  model,
                  reactor,
                  depth,
                  (tag, status) -> {
                    if (!closing[0]) {
                      done.completed(tag, status);
                    }
                  }) {
                @Override
                public void close(Runnable onClosed) {
                  closing[0] = true;
                  super.close(onClosed);
                }
              };
            },
            IN_FLIGHT),
        Mutant.ofChannel(
            "calls back once for two closes",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  private boolean closed;

                  @Override
                  public void close(Runnable onClosed) {
                    super.close(closed ? () -> {} : onClosed);
                    closed = true;
                  }
                },
            TWICE),
        Mutant.ofChannel(
            "accepts flushes after it was closed",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean flush(long tag) {
                    super.flush(tag);
                    return true;
                  }
                },
            "closedChannelAcceptsNothing"),
        Mutant.ofChannel(
            "writes after it was closed",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean write(long offset, ScatterList src, int flags, long tag) {
                    boolean accepted = super.write(offset, src, flags, tag);
                    ContentMutants.spoil(model, offset);
                    return accepted;
                  }
                },
            "closedChannelAcceptsNothing"),
        Mutant.ofChannel(
            "cannot be closed by a handler",
            (model, reactor, depth, done) -> {
              boolean[] inside = new boolean[1];
              return new Mutant.Channel(
                  model,
                  reactor,
                  depth,
                  (tag, status) -> {
                    inside[0] = true;
                    done.completed(tag, status);
                    inside[0] = false;
                  }) {
                @Override
                public void close(Runnable onClosed) {
                  if (!inside[0]) {
                    super.close(onClosed);
                  }
                }
              };
            },
            "handlersMayCloseTheChannel"),
        Mutant.ofDevice(
            "closes all channels together",
            model ->
                new Mutant.Device(model) {
                  private boolean closed;

                  @Override
                  public BlockChannel openChannel(
                      Reactor reactor, int depth, CompletionHandler completions)
                      throws IOException {
                    return new Mutant.Channel(model, reactor, depth, completions) {
                      @Override
                      public boolean flush(long tag) {
                        return !closed && super.flush(tag);
                      }

                      @Override
                      public void close(Runnable onClosed) {
                        closed = true;
                        super.close(onClosed);
                      }
                    };
                  }
                },
            "closingAChannelLeavesTheOthersOpen"),
        Mutant.ofDevice(
            "closes with channels open",
            model ->
                new Mutant.Device(model) {
                  @Override
                  public void close() {}
                },
            DEVICE,
            "closingADeviceWaitsForItsChannels"),
        Mutant.ofDevice(
            "cannot be closed twice",
            model ->
                new Mutant.Device(model) {
                  private boolean closed;

                  @Override
                  public void close() throws IOException {
                    if (closed) {
                      throw new IOException("closed already");
                    }
                    super.close();
                    closed = true;
                  }
                },
            DEVICE),
        Mutant.ofDevice(
            "breaks when closing is refused",
            model ->
                new Mutant.Device(model) {
                  private boolean broken;

                  @Override
                  public BlockChannel openChannel(
                      Reactor reactor, int depth, CompletionHandler completions)
                      throws IOException {
                    if (broken) {
                      throw new IOException("broken");
                    }
                    return super.openChannel(reactor, depth, completions);
                  }

                  @Override
                  public void close() throws IOException {
                    broken = true;
                    super.close();
                  }
                },
            DEVICE));
  }
}
