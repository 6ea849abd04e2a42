package io.ubiblk.testkit;

import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Devices that mix up what happens at the same time. */
final class OverlapMutants {

  private OverlapMutants() {}

  static List<Mutant> all() {
    return List.of(
        Mutant.ofChannel(
            "reads the halves of a block at different times",
            (model, reactor, depth, done) -> {
              Map<Long, Runnable> second = new HashMap<>();
              return new Mutant.Channel(
                  model,
                  reactor,
                  depth,
                  (tag, status) -> {
                    second.getOrDefault(tag, () -> {}).run();
                    done.completed(tag, status);
                  }) {
                @Override
                public boolean read(long offset, ScatterList dst, long tag) {
                  if (model.geometry().check(offset, dst.byteSize()) == Status.OK) {
                    byte[] early = model.peek(offset, (int) dst.byteSize());
                    second.put(tag, () -> copySecondHalves(early, dst));
                  }
                  return super.read(offset, dst, tag);
                }
              };
            },
            "readsBesideAWriteSeeWholeBlocks"),
        Mutant.ofChannel(
            "writes the halves of a block at different times",
            (model, reactor, depth, done) -> {
              Map<Long, Runnable> second = new HashMap<>();
              return new Mutant.Channel(
                  model,
                  reactor,
                  depth,
                  (tag, status) -> {
                    second.getOrDefault(tag, () -> {}).run();
                    done.completed(tag, status);
                  }) {
                @Override
                public boolean write(long offset, ScatterList src, int flags, long tag) {
                  byte[] bytes = new byte[(int) src.byteSize()];
                  src.copyTo(0, MemorySegment.ofArray(bytes), 0, bytes.length);
                  poke(model, offset, bytes, 0);
                  second.put(tag, () -> poke(model, offset, bytes, 256));
                  return super.flush(tag);
                }
              };
            },
            "oneOfTwoWritesWinsInEveryBlock"),
        Mutant.ofChannel(
            "remembers per channel what it has read",
            (model, reactor, depth, done) -> {
              Map<Long, byte[]> cache = new HashMap<>();
              Map<Long, Runnable> after = new HashMap<>();
              return new Mutant.Channel(
                  model,
                  reactor,
                  depth,
                  (tag, status) -> {
                    after.getOrDefault(tag, () -> {}).run();
                    done.completed(tag, status);
                  }) {
                @Override
                public boolean read(long offset, ScatterList dst, long tag) {
                  after.put(
                      tag,
                      () -> {
                        byte[] now = new byte[(int) dst.byteSize()];
                        dst.copyTo(0, MemorySegment.ofArray(now), 0, now.length);
                        byte[] old = cache.computeIfAbsent(offset, _ -> now);
                        int part = Math.min(old.length, now.length);
                        dst.copyFrom(0, MemorySegment.ofArray(old), 0, part);
                      });
                  return super.read(offset, dst, tag);
                }

                @Override
                public boolean write(long offset, ScatterList src, int flags, long tag) {
                  cache.clear();
                  return super.write(offset, src, flags, tag);
                }

                @Override
                public boolean writeZeroes(long offset, long length, int flags, long tag) {
                  cache.clear();
                  return super.writeZeroes(offset, length, flags, tag);
                }
              };
            },
            "channelsSeeEachOthersCompletedWrites"));
  }

  private static void copySecondHalves(byte[] from, ScatterList to) {
    for (int at = 256; at < from.length; at += 512) {
      to.copyFrom(at, MemorySegment.ofArray(from), at, 256);
    }
  }

  private static void poke(ModelBlockDevice model, long offset, byte[] bytes, int from) {
    for (int at = from; at < bytes.length; at += 512) {
      model.poke(offset + at, Arrays.copyOfRange(bytes, at, at + 256));
    }
  }
}
