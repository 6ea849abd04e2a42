package io.ubiblk.testkit;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Devices that complete wrongly, or accept too much or too little. */
final class CompletionMutants {

  private static final String ONCE = "everyRequestCompletesOnceAndLater";
  private static final String TAGS = "tagsAreOpaque";
  private static final String FULL = "fullChannelSaysSoAndRecovers";

  private CompletionMutants() {}

  static List<Mutant> all() {
    return List.of(
        Mutant.ofChannel(
            "completes twice",
            (model, reactor, depth, done) ->
                new Mutant.Channel(
                    model,
                    reactor,
                    depth,
                    (tag, status) -> {
                      done.completed(tag, status);
                      done.completed(tag, status);
                    }),
            ONCE,
            "randomOperationsMatchAModel"),
        Mutant.ofChannel(
            "completes refused requests twice, much later",
            (model, reactor, depth, done) ->
                new Mutant.Channel(
                    model,
                    reactor,
                    depth,
                    (tag, status) -> {
                      done.completed(tag, status);
                      if (status == Status.EINVAL) {
                        reactor.timer(() -> done.completed(tag, status)).set(reactor.nanoTime());
                      }
                    }),
            ONCE),
        Mutant.ofChannel(
            "completes a flush from inside the call",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean flush(long tag) {
                    done.completed(tag, Status.OK);
                    return true;
                  }
                },
            ONCE,
            "flushSucceedsAndChangesNothing"),
        Mutant.ofChannel(
            "completes from inside submit",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  private long pending;

                  @Override
                  public boolean prefetch(long offset, long length, long tag) {
                    if (model.geometry().check(offset, length) != Status.OK || pending != 0) {
                      return super.prefetch(offset, length, tag);
                    }
                    pending = tag;
                    return true;
                  }

                  @Override
                  public void submit() {
                    if (pending != 0) {
                      long tag = pending;
                      pending = 0;
                      done.completed(tag, Status.OK);
                    }
                    super.submit();
                  }
                },
            ONCE),
        Mutant.ofChannel(
            "loses every hundredth completion",
            (model, reactor, depth, done) -> {
              int[] count = new int[1];
              return new Mutant.Channel(
                  model,
                  reactor,
                  depth,
                  (tag, status) -> {
                    if (++count[0] % 100 != 0) {
                      done.completed(tag, status);
                    }
                  });
            },
            ONCE,
            "randomOperationsMatchAModel"),
        Mutant.ofChannel(
            "completes on a thread of its own",
            (model, reactor, depth, done) ->
                new Mutant.Channel(
                    model,
                    reactor,
                    depth,
                    (tag, status) -> {
                      Thread thread = new Thread(() -> done.completed(tag, status));
                      thread.start();
                      try {
                        thread.join();
                      } catch (InterruptedException e) {
                        throw new AssertionError(e);
                      }
                    }),
            ONCE),
        Mutant.ofChannel(
            "does not start what is submitted",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public void submit() {}
                },
            ONCE,
            "handlersMayIssueRequests"),
        Mutant.ofChannel(
            "cuts tags to 32 bits",
            (model, reactor, depth, done) ->
                new Mutant.Channel(
                    model,
                    reactor,
                    depth,
                    (tag, status) -> done.completed(tag & 0xFFFF_FFFFL, status)),
            TAGS),
        Mutant.ofChannel(
            "keeps negative tags for itself",
            (model, reactor, depth, done) ->
                new Mutant.Channel(
                    model,
                    reactor,
                    depth,
                    (tag, status) -> {
                      if (tag >= 0) {
                        done.completed(tag, status);
                      }
                    }),
            TAGS),
        Mutant.ofChannel(
            "knows requests by their tags",
            (model, reactor, depth, done) -> {
              Set<Long> tags = new HashSet<>();
              return new Mutant.Channel(
                  model,
                  reactor,
                  depth,
                  (tag, status) -> {
                    if (tags.remove(tag)) {
                      done.completed(tag, status);
                    }
                  }) {
                @Override
                public boolean read(long offset, ScatterList dst, long tag) {
                  tags.add(tag);
                  return super.read(offset, dst, tag);
                }
              };
            },
            TAGS),
        countsUntilAfterTheHandler(),
        Mutant.ofChannel(
            "holds half of the depth",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, (depth + 1) / 2, done),
            "depthManyRequestsAreAccepted"),
        Mutant.ofChannel(
            "completes what it refuses",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean write(long offset, ScatterList src, int flags, long tag) {
                    boolean accepted = super.write(offset, src, flags, tag);
                    if (!accepted) {
                      reactor.execute(() -> done.completed(tag, Status.EAGAIN));
                    }
                    return accepted;
                  }
                },
            FULL),
        Mutant.ofChannel(
            "does a part of what it refuses",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  @Override
                  public boolean write(long offset, ScatterList src, int flags, long tag) {
                    boolean accepted = super.write(offset, src, flags, tag);
                    if (!accepted) {
                      ContentMutants.spoil(model, offset);
                    }
                    return accepted;
                  }
                },
            FULL),
        Mutant.ofChannel(
            "never recovers from being full",
            (model, reactor, depth, done) ->
                new Mutant.Channel(model, reactor, depth, done) {
                  private boolean full;

                  @Override
                  public boolean write(long offset, ScatterList src, int flags, long tag) {
                    full |= !super.write(offset, src, flags, tag);
                    return !full;
                  }
                },
            FULL),
        Mutant.ofDevice(
            "spins while it is idle",
            model ->
                new ForwardingBlockDevice(model) {
                  @Override
                  public BlockChannel openChannel(
                      Reactor reactor, int depth, CompletionHandler completions)
                      throws IOException {
                    ReactorTask[] spinner = new ReactorTask[1];
                    spinner[0] = reactor.task(() -> spinner[0].schedule());
                    spinner[0].schedule();
                    return super.openChannel(reactor, depth, completions);
                  }
                },
            "idleChannelHasNothingToDo"));
  }

  private static Mutant countsUntilAfterTheHandler() {
    return Mutant.ofChannel(
        "counts a request until its handler has returned",
        (model, reactor, depth, done) -> {
          int[] inFlight = new int[1];
          return new Mutant.Channel(
              model,
              reactor,
              depth,
              (tag, status) -> {
                done.completed(tag, status);
                inFlight[0]--;
              }) {
            @Override
            public boolean flush(long tag) {
              return inFlight[0] < depth && super.flush(tag) && ++inFlight[0] > 0;
            }

            @Override
            public boolean read(long offset, ScatterList dst, long tag) {
              return inFlight[0] < depth && super.read(offset, dst, tag) && ++inFlight[0] > 0;
            }
          };
        },
        "handlersMayIssueRequests");
  }
}
