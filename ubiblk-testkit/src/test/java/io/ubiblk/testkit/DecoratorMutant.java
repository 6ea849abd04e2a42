package io.ubiblk.testkit;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeviceListener;
import io.ubiblk.api.ForwardingBlockChannel;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Set;

/**
 * A decorator that breaks one rule, and the tests of the contract that must notice.
 *
 * @param rule what is broken
 * @param decoration makes the decorator
 * @param killers names of test methods
 */
record DecoratorMutant(String rule, Decoration decoration, List<String> killers) {

  /** Makes a decorator. */
  interface Decoration {
    BlockDevice decorate(BlockDevice inner) throws IOException;
  }

  /** Opens a channel that breaks a rule. */
  interface Opening {
    BlockChannel open(BlockDevice inner, Reactor reactor, int depth, CompletionHandler done)
        throws IOException;
  }

  private static class Device extends ForwardingBlockDevice {
    Device(BlockDevice inner) {
      super(inner);
    }
  }

  private static class Channel extends ForwardingBlockChannel {
    Channel(BlockDevice inner, Reactor reactor, int depth, CompletionHandler done)
        throws IOException {
      super(inner.openChannel(reactor, depth, done));
    }
  }

  private static DecoratorMutant device(String rule, Decoration decoration, String... killers) {
    return new DecoratorMutant(rule, decoration, List.of(killers));
  }

  private static DecoratorMutant channel(String rule, Opening opening, String... killers) {
    return device(
        rule,
        inner ->
            new Device(inner) {
              @Override
              public BlockChannel openChannel(
                  Reactor reactor, int depth, CompletionHandler completions) throws IOException {
                return opening.open(inner, reactor, depth, completions);
              }
            },
        killers);
  }

  static List<DecoratorMutant> all() {
    return List.of(
        channel(
            "swallows flushes",
            (inner, reactor, depth, done) ->
                new Channel(inner, reactor, depth, done) {
                  @Override
                  public boolean flush(long tag) {
                    return super.prefetch(0, 0, tag);
                  }
                },
            "powerCutsLoseNothingDurable",
            "powerCutsLeaveLargeBlocksWhole",
            "powerCutsLoseNothingDurableOverSimplerDevices"),
        channel(
            "drops forced unit access",
            (inner, reactor, depth, done) ->
                new Channel(inner, reactor, depth, done) {
                  @Override
                  public boolean write(long offset, ScatterList src, int flags, long tag) {
                    return super.write(offset, src, flags & ~IoFlags.FUA, tag);
                  }
                },
            "powerCutsLoseNothingDurable",
            "powerCutsLeaveLargeBlocksWhole"),
        channel(
            "drops forced unit access of write-zeroes",
            (inner, reactor, depth, done) ->
                new Channel(inner, reactor, depth, done) {
                  @Override
                  public boolean writeZeroes(long offset, long length, int flags, long tag) {
                    return super.writeZeroes(offset, length, flags & ~IoFlags.FUA, tag);
                  }
                },
            "powerCutsLoseNothingDurable"),
        device(
            "makes large blocks of small ones",
            inner ->
                new Device(inner) {
                  @Override
                  public Geometry geometry() {
                    return delegate().geometry().withBlockSizes(4096, 4096);
                  }
                },
            "powerCutsLoseNothingDurable"),
        device(
            "says that it holds nothing back",
            inner ->
                new Device(inner) {
                  @Override
                  public Set<Capability> capabilities() {
                    return Set.of(Capability.WRITE);
                  }
                },
            "powerCutsLoseNothingDurable",
            "capabilitiesAreNeverWidened"),
        device(
            "offers everything",
            inner ->
                new Device(inner) {
                  @Override
                  public Set<Capability> capabilities() {
                    return Set.of(Capability.values());
                  }
                },
            "capabilitiesAreNeverWidened"),
        device(
            "hides what is below",
            inner ->
                new Device(inner) {
                  @Override
                  public String toString() {
                    return "device";
                  }
                },
            "textShowsTheChain"),
        device(
            "does not close the device below",
            inner ->
                new Device(inner) {
                  @Override
                  public void close() {}
                },
            "closingClosesTheDeviceBelowOnce",
            "failureToCloseIsReportedAndClosesAllTheSame"),
        device(
            "closes the device below twice",
            inner ->
                new Device(inner) {
                  @Override
                  public void close() throws IOException {
                    super.close();
                    super.close();
                  }
                },
            "closingClosesTheDeviceBelowOnce"),
        device(
            "hides that closing failed",
            inner ->
                new Device(inner) {
                  @Override
                  public void close() {
                    try {
                      super.close();
                    } catch (IOException e) {
                      // On purpose.
                    }
                  }
                },
            "failureToCloseIsReportedAndClosesAllTheSame"),
        device(
            "gives up closing",
            GivingUp::new,
            "closingClosesTheDeviceBelowThoughItFailsEverything"),
        device(
            "closes what it refuses to wrap",
            inner -> {
              if (inner.geometry().size() < 4096) {
                inner.close();
                throw new IllegalArgumentException("too small");
              }
              return new Device(inner);
            },
            "wrappingThatFailsClosesNothing"),
        device(
            "passes no events",
            inner ->
                new Device(inner) {
                  @Override
                  public void addListener(DeviceListener listener) {}
                },
            "eventsOfTheDeviceBelowTravelUp"),
        device(
            "keeps listeners",
            inner ->
                new Device(inner) {
                  @Override
                  public void removeListener(DeviceListener listener) {}
                },
            "eventsOfTheDeviceBelowTravelUp"),
        channel(
            "calls every error EIO",
            (inner, reactor, depth, done) ->
                new Channel(
                    inner,
                    reactor,
                    depth,
                    (tag, status) -> done.completed(tag, status == 0 ? 0 : Status.EIO)),
            "errorsOfTheDeviceBelowComeOutAsThemselves",
            "errorsUnderLoadLoseNoCompletion"),
        channel(
            "hides errors of flushes and prefetches",
            (inner, reactor, depth, done) ->
                new Channel(
                    inner,
                    reactor,
                    depth,
                    (tag, status) -> done.completed(tag < 0 ? -tag : tag, tag < 0 ? 0 : status)) {
                  @Override
                  public boolean flush(long tag) {
                    return super.flush(-tag);
                  }
                },
            "errorsOfTheDeviceBelowComeOutAsThemselves"),
        channel(
            "never recovers from an error",
            (inner, reactor, depth, done) -> {
              int[] first = new int[1];
              return new Channel(
                  inner,
                  reactor,
                  depth,
                  (tag, status) -> {
                    first[0] = first[0] == 0 ? status : first[0];
                    done.completed(tag, first[0]);
                  });
            },
            "errorsOfTheDeviceBelowComeOutAsThemselves",
            "errorsUnderLoadLoseNoCompletion"),
        channel(
            "loses completions with errors",
            (inner, reactor, depth, done) ->
                new Channel(
                    inner,
                    reactor,
                    depth,
                    (tag, status) -> {
                      if (status != 71) {
                        done.completed(tag, status);
                      }
                    }),
            "errorsUnderLoadLoseNoCompletion",
            "errorsOfTheDeviceBelowComeOutAsThemselves"),
        channel(
            "takes completions for ordered",
            (inner, reactor, depth, done) -> {
              ArrayDeque<Long> tags = new ArrayDeque<>();
              return new Channel(
                  inner,
                  reactor,
                  depth,
                  (tag, status) -> done.completed(tag == -1 ? tags.remove() : tag, status)) {
                @Override
                public boolean read(long offset, ScatterList dst, long tag) {
                  tags.add(tag);
                  return super.read(offset, dst, -1);
                }
              };
            },
            "randomOperationsMatchAModelOverASlowDevice"),
        channel(
            "cannot close with requests in flight",
            (inner, reactor, depth, done) -> {
              int[] reads = new int[1];
              return new Channel(
                  inner,
                  reactor,
                  depth,
                  (tag, status) -> {
                    reads[0]--;
                    done.completed(tag, status);
                  }) {
                @Override
                public boolean read(long offset, ScatterList dst, long tag) {
                  reads[0]++;
                  return super.read(offset, dst, tag);
                }

                @Override
                public void close(Runnable onClosed) {
                  if (reads[0] <= 0) {
                    super.close(onClosed);
                  }
                }
              };
            },
            "closingEndsRequestsThatAreHeldUpBelow"));
  }

  /** Flushes when a channel closes, and does not close what is below if that fails. */
  private static final class GivingUp extends Device {
    private static final long OWN = Long.MIN_VALUE;
    private volatile boolean failed;

    GivingUp(BlockDevice inner) {
      super(inner);
    }

    @Override
    public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
        throws IOException {
      Runnable[] closing = new Runnable[1];
      return new Channel(
          delegate(),
          reactor,
          depth,
          (tag, status) -> {
            if (tag == OWN) {
              failed = status != Status.OK;
              closing[0].run();
            } else {
              completions.completed(tag, status);
            }
          }) {
        @Override
        public void close(Runnable onClosed) {
          closing[0] = () -> super.close(onClosed);
          flush(OWN);
          submit();
        }
      };
    }

    @Override
    public void close() throws IOException {
      if (failed) {
        throw new IOException("cannot flush");
      }
      super.close();
    }
  }

  @Override
  public String toString() {
    return rule;
  }
}
