package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.Capability;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The part of {@link BlockDeviceContract} about completions and back-pressure. That each request
 * completes exactly once and never from inside a call is watched by {@link ChannelDriver} in all
 * other tests too.
 */
public interface CompletionContract extends BlockDeviceFixture {

  /**
   * Requests of every kind, good ones and bad ones, complete later, on the loop's thread, and once.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void everyRequestCompletesOnceAndLater() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(32);
      List<ScatterList> data = rig.blocks(32);
      for (int round = 0; round < 20; round++) {
        List<IoRequest> requests = new ArrayList<>();
        for (Operation operation : Operation.values()) {
          int i = requests.size();
          requests.add(IoRequest.of(operation, (long) i * rig.block(), data.get(i)));
          requests.add(IoRequest.of(operation, 1, data.get(i + 1)));
          requests.add(IoRequest.of(operation, rig.size(), data.get(i + 2)));
        }
        requests.forEach(channel::issue);
        channel.submit();
        assertTrue(requests.stream().noneMatch(IoRequest::isDone), "done before a turn");
        channel.awaitAll();
        rig.driver().settle();
        channel.check();
      }
    }
  }

  /**
   * Tags are handed back as they are: negative, extreme, and equal ones in flight together.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void tagsAreOpaque() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      long[] tags = {0, -1, Long.MIN_VALUE, Long.MAX_VALUE, 7, 7, 7, 1L << 32, -7};
      ChannelDriver channel = rig.channel(tags.length);
      List<ScatterList> data = rig.blocks(tags.length);
      for (Operation operation : Operation.values()) {
        for (int i = 0; i < tags.length; i++) {
          channel.issue(IoRequest.of(operation, 0, data.get(i)).withTag(tags[i]));
        }
        channel.submit();
        channel.awaitAll();
      }
      rig.driver().settle();
      channel.check();
    }
  }

  /**
   * The handler of a completion may issue and submit the next request: a completed request does not
   * count any more, so at depth 1 there is room for it.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void handlersMayIssueRequests() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(1);
      int[] left = {500};
      next(rig, channel, ScatterList.of(rig.memory(rig.block())), left);
      channel.submit();
      channel.until(() -> left[0] == 0, "the end of a chain of requests");
      channel.awaitAll();
    }
  }

  private static void next(DeviceRig rig, ChannelDriver channel, ScatterList data, int[] left) {
    Operation operation = left[0] % 3 == 0 ? Operation.FLUSH : Operation.READ;
    channel.offer(
        IoRequest.of(operation, left[0] % 8 * (long) rig.block(), data)
            .then(
                _ -> {
                  if (--left[0] > 0) {
                    next(rig, channel, data, left);
                    channel.submit();
                  }
                }));
  }

  /**
   * A channel accepts at least as many requests at once as its depth, of any kind.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void depthManyRequestsAreAccepted() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      List<ScatterList> data = rig.blocks(64);
      for (int depth : new int[] {1, 2, 3, 16, 64}) {
        ChannelDriver channel = rig.channel(depth);
        for (Operation operation : Operation.values()) {
          for (int round = 0; round < 2; round++) {
            for (int i = 0; i < depth; i++) {
              assertTrue(
                  channel.offer(IoRequest.of(operation, 0, data.get(i))), "not enough depth");
            }
            channel.submit();
            channel.awaitAll();
          }
        }
        channel.close();
      }
    }
  }

  /**
   * A request that was refused for lack of room has no effect and no completion, those before it do
   * what they should, and afterwards there is room again.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void fullChannelSaysSoAndRecovers() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      boolean writes = rig.can(Capability.WRITE);
      int block = rig.block();
      int count = 48;
      MemorySegment memory = rig.memory((long) count * block);
      for (int depth : new int[] {1, 4, 16}) {
        ChannelDriver channel = rig.channel(depth);
        for (long generation = 1; generation <= 3; generation++) {
          if (writes) {
            rig.fill(channel, 0, memory.byteSize(), 0);
            Patterns.fill(memory, 0, memory.byteSize(), 0, generation);
          }
          List<IoRequest> requests = new ArrayList<>();
          for (int i = 0; i < count; i++) {
            ScatterList data = ScatterList.of(memory.asSlice((long) i * block, block));
            long offset = (long) i * block;
            requests.add(
                writes
                    ? IoRequest.write(offset, data, IoFlags.NONE)
                    : IoRequest.read(offset, data));
          }
          requests.forEach(channel::offer);
          channel.submit();
          channel.awaitAll();
          rig.driver().settle();
          channel.check();
          for (IoRequest request : requests) {
            assertEquals(request.isAccepted(), request.isDone(), request::toString);
            if (request.isAccepted()) {
              assertEquals(Status.OK, request.status(), request::toString);
            }
            if (writes) {
              rig.expect(channel, request.offset(), block, request.isAccepted() ? generation : 0);
            }
          }
        }
        channel.close();
      }
    }
  }

  /**
   * Once everything is done there is nothing left to do: the loop of an idle device does not spin,
   * and submitting nothing is allowed.
   *
   * @throws Exception if the test fails
   */
  @Test
  default void idleChannelHasNothingToDo() throws Exception {
    try (DeviceRig rig = DeviceRig.open(this)) {
      ChannelDriver channel = rig.channel(4);
      rig.driver().settle();
      channel.submit();
      rig.driver().settle();
      assertEquals(Status.OK, channel.read(0, rig.memory(rig.block())));
      assertEquals(Status.OK, channel.flush());
      rig.driver().settle();
      rig.driver().settle();
      channel.check();
    }
  }
}
