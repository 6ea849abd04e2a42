package io.ubiblk.core.layer;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.DeviceStatistics;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.LatencyHistogram;
import io.ubiblk.api.Operation;
import io.ubiblk.api.OperationStatistics;
import io.ubiblk.api.Status;
import io.ubiblk.core.Loops;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.testkit.ChannelDriver;
import io.ubiblk.testkit.ForwardingCheck;
import io.ubiblk.testkit.IoRequest;
import io.ubiblk.testkit.Seeds;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StatisticsDeviceTest {

  private static final int SIZE = 1 << 20;
  private final MemorySegment memory = Arena.ofAuto().allocate(64 * 1024);

  /** What was counted by other means. */
  private static final class Reference {
    private long completed;
    private long failed;
    private long bytes;
    private final List<Long> latencies = new ArrayList<>();
  }

  @Test
  void countersAgreeWithAReference() {
    Seeds.check(
        random -> {
          Map<Operation, Reference> references = new EnumMap<>(Operation.class);
          for (Operation operation : Operation.values()) {
            references.put(operation, new Reference());
          }
          try (EventLoop loop = Loops.simulated(random.nextLong());
              StatisticsDevice device = new StatisticsDevice(new MemoryDevice(SIZE))) {
            for (int round = 0; round < 3; round++) {
              try (ChannelDriver channel = ChannelDriver.open(device, loop, 16)) {
                for (int i = 0; i < 500; i++) {
                  if (channel.inFlight() == channel.depth()) {
                    channel.awaitAll();
                  }
                  long begun = loop.nanoTime();
                  IoRequest request = request(random.between(0, 5), random.between(0, 20));
                  Reference reference = requireNonNull(references.get(request.operation()));
                  channel.issue(
                      request.then(
                          done -> {
                            reference.latencies.add(loop.nanoTime() - begun);
                            if (done.status() == Status.OK) {
                              reference.completed++;
                              reference.bytes += done.length();
                            } else {
                              reference.failed++;
                            }
                          }));
                  if (random.between(0, 9) == 0) {
                    assertEquals(channel.inFlight(), device.statistics().inFlight());
                    channel.awaitAll();
                  }
                }
              }
            }
            DeviceStatistics statistics = device.statistics();
            assertEquals(0, statistics.inFlight());
            references.forEach((op, reference) -> compare(op, reference, statistics.of(op)));
          }
        });
  }

  private IoRequest request(int kind, int block) {
    long offset = block == 20 ? SIZE : block * 4096L;
    long length = block % 2 == 0 ? 4096 : 8192;
    return switch (kind) {
      case 0 -> IoRequest.read(offset, memory.asSlice(0, length));
      case 1 -> IoRequest.write(offset, memory.asSlice(0, length));
      case 2 -> IoRequest.flush();
      case 3 -> IoRequest.discard(offset, length);
      case 4 -> IoRequest.writeZeroes(offset, length, 0);
      default -> IoRequest.prefetch(offset, length);
    };
  }

  private static void compare(Operation op, Reference expected, OperationStatistics actual) {
    assertTrue(expected.completed > 0, "the test does nothing: " + op);
    assertEquals(expected.completed, actual.completed(), op + " completed");
    assertEquals(expected.failed, actual.failed(), op + " failed");
    assertEquals(op == Operation.FLUSH ? 0 : expected.bytes, actual.bytes(), op + " bytes");
    assertEquals(expected.latencies.size(), actual.latency().count(), op + " latencies");
    Collections.sort(expected.latencies);
    for (double part : new double[] {0.01, 0.5, 0.9, 0.99, 1}) {
      int rank = (int) Math.ceil(part * expected.latencies.size());
      long exact = expected.latencies.get(rank - 1);
      long reported = actual.latency().percentile(part);
      assertTrue(
          Math.abs(reported - exact) <= exact / 16 + 1,
          op + ": " + part + " is " + exact + " ns, reported " + reported);
    }
  }

  @Test
  void numbersOfClosedChannelsAreKeptAndDifferencesAreOfTheTimeBetween() throws Exception {
    try (EventLoop loop = Loops.ring();
        StatisticsDevice device = new StatisticsDevice(new MemoryDevice(SIZE))) {
      ChannelDriver first = ChannelDriver.open(device, loop, 4);
      first.write(0, memory);
      DeviceStatistics before = device.statistics();
      first.close();
      assertEquals(
          before.of(Operation.WRITE).bytes(), device.statistics().of(Operation.WRITE).bytes());
      try (ChannelDriver second = ChannelDriver.open(device, loop, 4)) {
        second.write(0, memory);
        second.read(SIZE, memory);
        DeviceStatistics between = device.statistics().minus(before);
        assertEquals(1, between.of(Operation.WRITE).completed());
        assertEquals(64 * 1024, between.of(Operation.WRITE).bytes());
        assertEquals(1, between.of(Operation.READ).failed());
        assertEquals(0, between.of(Operation.READ).completed());
      }
      assertEquals(2, device.statistics().of(Operation.WRITE).completed());
      assertEquals(
          LatencyHistogram.EMPTY.count(),
          device.statistics().of(Operation.FLUSH).latency().count());
    }
  }

  @Test
  void everythingElseIsForwarded() {
    ForwardingCheck.ofDevice(StatisticsDevice::new, "openChannel");
    assertEquals(
        "StatisticsDevice(MemoryDevice(512 bytes))",
        new StatisticsDevice(new MemoryDevice(512)).toString());
  }
}
