package io.ubiblk.ublk.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.FixedBufferChannel;
import io.ubiblk.api.ForwardingBlockChannel;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.Status;
import io.ubiblk.core.io.IoHandler;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.OnReactor;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A queue whose requests stay in the kernel: what goes straight, and what is copied. */
class ZeroCopyTest {

  private static final int BUFFER = 40;
  private static final int GONE = -19;
  private static final int SECTORS = 8;
  private static final int BYTES = SECTORS * 512;

  private ReactorGroup reactors;
  private IoReactor reactor;
  private Straight device;
  private Kernel kernel;
  private UblkQueue queue;

  /** One request at a time, whose memory the server does not see. */
  private static final class Kernel implements QueueSetup.DriverSide, QueueLink, KernelPages {
    private final IoReactor reactor;
    private final BlockingQueue<Integer> committed = new LinkedBlockingQueue<>();
    private final List<String> copies = new ArrayList<>();
    private MemorySegment descriptors = MemorySegment.NULL;
    private IoHandler server = (tag, result) -> {};
    private byte content;
    private int failure;
    private boolean gone;

    Kernel(IoReactor reactor) {
      this.reactor = reactor;
    }

    @Override
    public IoDescriptors map(Arena arena) {
      descriptors = arena.allocate(IoDescriptors.SIZE, 8);
      return new IoDescriptors(descriptors);
    }

    @Override
    public QueueLink open(IoHandler handler) {
      server = handler;
      return this;
    }

    @Override
    public KernelPages pages() {
      return this;
    }

    @Override
    public void fetch(int tag, long address) {
      // The test says when there is a request.
    }

    @Override
    public void commit(int tag, long address, int result) {
      committed.add(result);
    }

    @Override
    public void close() {
      gone = true;
    }

    @Override
    public int buffer(int tag) {
      return BUFFER + tag;
    }

    @Override
    public int take(int tag, MemorySegment memory, long offset, long length) {
      copies.add("take " + length);
      memory.asSlice(offset, length).fill(content);
      return failure;
    }

    @Override
    public int give(int tag, MemorySegment memory, long offset, long length) {
      copies.add("give " + length);
      content = memory.get(ValueLayout.JAVA_BYTE, offset + length - 1);
      return failure;
    }

    void hand(int operation) {
      descriptors.set(ValueLayout.JAVA_INT, 0, operation);
      descriptors.set(ValueLayout.JAVA_INT, 4, SECTORS);
      descriptors.set(ValueLayout.JAVA_LONG, 8, 16);
      server.completed(0, 0);
    }

    int perform(int operation) throws Exception {
      OnReactor.call(
          reactor,
          () -> {
            hand(operation);
            return true;
          });
      Integer result = committed.poll(10, TimeUnit.SECONDS);
      assertEquals(0, committed.size());
      return result == null ? Integer.MAX_VALUE : result;
    }

    void end() throws Exception {
      OnReactor.call(
          reactor,
          () -> {
            server.completed(0, GONE);
            return true;
          });
    }
  }

  /**
   * Answers requests with fixed buffers as the test has said; none is refused unless it says so.
   */
  private static final class Straight extends ForwardingBlockDevice {
    private static final int NOT_TAKEN = -1;

    private final Queue<Integer> answers = new ArrayDeque<>();
    private final List<String> log = new ArrayList<>();

    Straight(BlockDevice delegate) {
      super(delegate);
    }

    @Override
    public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
        throws IOException {
      BlockChannel below = delegate().openChannel(reactor, depth, completions);
      return new Channel(below, (IoReactor) reactor, completions);
    }

    private final class Channel extends ForwardingBlockChannel implements FixedBufferChannel {
      private final IoReactor reactor;
      private final CompletionHandler completions;

      Channel(BlockChannel delegate, IoReactor reactor, CompletionHandler completions) {
        super(delegate);
        this.reactor = reactor;
        this.completions = completions;
      }

      @Override
      public boolean discard(long offset, long length, long tag) {
        return answer("discard " + offset + "+" + length, tag);
      }

      @Override
      public boolean writeZeroes(long offset, long length, int flags, long tag) {
        return answer("zeros " + offset + "+" + length, tag);
      }

      @Override
      public boolean takesFixedBuffers() {
        return true;
      }

      @Override
      public boolean readFixed(long offset, int buffer, long length, long tag) {
        return answer("read " + offset + "+" + length + " " + buffer, tag);
      }

      @Override
      public boolean writeFixed(long offset, int buffer, long length, int flags, long tag) {
        return answer("write " + offset + "+" + length + " " + buffer + " " + flags, tag);
      }

      private boolean answer(String request, long tag) {
        log.add(request);
        int status = answers.isEmpty() ? Status.OK : answers.remove();
        if (status != NOT_TAKEN) {
          reactor.execute(() -> completions.completed(tag, status));
        }
        return status != NOT_TAKEN;
      }
    }
  }

  @BeforeEach
  void start() throws Exception {
    reactors = ReactorGroup.start(ReactorOptions.of(1));
    reactor = (IoReactor) reactors.next();
    device = new Straight(new MemoryDevice(1 << 20));
    kernel = new Kernel(reactor);
    QueueSetup setup = new QueueSetup("queue", reactor, device, 1, 1 << 16, kernel);
    queue = OnReactor.call(reactor, () -> new UblkQueue(setup));
  }

  @AfterEach
  void stop() throws Exception {
    kernel.end();
    queue.ended().get(10, TimeUnit.SECONDS);
    assertEquals(true, kernel.gone);
    device.close();
    reactors.close();
  }

  @Test
  void whatTheDeviceTakesIsNotCopied() throws Exception {
    assertEquals(BYTES, kernel.perform(IoDescriptors.READ));
    assertEquals(BYTES, kernel.perform(IoDescriptors.WRITE));
    assertEquals(BYTES, kernel.perform(IoDescriptors.WRITE | IoDescriptors.FLAG_FUA));
    assertEquals(
        List.of("read 8192+4096 40", "write 8192+4096 40 0", "write 8192+4096 40 " + IoFlags.FUA),
        device.log);
    assertEquals(List.of(), kernel.copies);
  }

  @Test
  void whatTheDeviceDoesNotTakeIsCopied() throws Exception {
    device.answers.addAll(List.of(Straight.NOT_TAKEN, Straight.NOT_TAKEN));
    kernel.content = 0x5a;
    assertEquals(BYTES, kernel.perform(IoDescriptors.WRITE));
    kernel.content = 0;
    assertEquals(BYTES, kernel.perform(IoDescriptors.READ));
    assertEquals(0x5a, kernel.content);
    assertEquals(List.of("take 4096", "give 4096"), kernel.copies);
  }

  @Test
  void requestWhoseMemoryIsNotRegisteredIsCopied() throws Exception {
    assertEquals(BYTES, kernel.perform(IoDescriptors.WRITE | IoDescriptors.FLAG_NO_BUFFER));
    assertEquals(BYTES, kernel.perform(IoDescriptors.READ | IoDescriptors.FLAG_NO_BUFFER));
    assertEquals(List.of(), device.log);
    assertEquals(List.of("take 4096", "give 4096"), kernel.copies);
  }

  @Test
  void whatFailsBecauseOfTheMemoryIsMadeAgainWithACopy() throws Exception {
    for (int status : new int[] {Status.EINVAL, Status.EFAULT, Status.EOPNOTSUPP}) {
      device.answers.addAll(List.of(status, status));
      kernel.content = (byte) status;
      assertEquals(BYTES, kernel.perform(IoDescriptors.WRITE));
      kernel.content = 0;
      assertEquals(BYTES, kernel.perform(IoDescriptors.READ));
      assertEquals((byte) status, kernel.content);
    }
    assertEquals(6, kernel.copies.size());
  }

  @Test
  void otherErrorsAreCommittedAsTheyAre() throws Exception {
    for (int errno : new int[] {Status.EIO, Status.ENOSPC, Status.ETIMEDOUT, 121}) {
      device.answers.addAll(List.of(errno, errno));
      assertEquals(-errno, kernel.perform(IoDescriptors.READ));
      assertEquals(-errno, kernel.perform(IoDescriptors.WRITE));
    }
    assertEquals(List.of(), kernel.copies);
  }

  @Test
  void copyThatFailsFailsTheRequest() throws Exception {
    kernel.failure = -Status.EFAULT;
    for (int operation : new int[] {IoDescriptors.READ, IoDescriptors.WRITE}) {
      int copied = operation | IoDescriptors.FLAG_NO_BUFFER;
      assertEquals(-Status.EFAULT, kernel.perform(copied));
    }
    kernel.failure = 0;
    assertEquals(BYTES, kernel.perform(IoDescriptors.READ | IoDescriptors.FLAG_NO_BUFFER));
  }

  @Test
  void requestsWithoutDataGoTheirWay() throws Exception {
    assertEquals(0, kernel.perform(IoDescriptors.FLUSH));
    assertEquals(0, kernel.perform(IoDescriptors.DISCARD));
    assertEquals(List.of("discard 8192+4096"), device.log);
    assertEquals(List.of(), kernel.copies);
  }

  @Test
  void requestsWithoutDataFailAsTheyDoAfterOnesThatWereNotCopied() throws Exception {
    for (int status : new int[] {Status.EINVAL, Status.EFAULT, Status.EOPNOTSUPP}) {
      for (int operation : new int[] {IoDescriptors.DISCARD, IoDescriptors.WRITE_ZEROES}) {
        assertEquals(BYTES, kernel.perform(IoDescriptors.WRITE));
        device.answers.add(status);
        assertEquals(-status, kernel.perform(operation));
      }
    }
    assertEquals(List.of(), kernel.copies);
  }

  @Test
  void whatCannotBeMadeAgainIsLeftToTheNextServer() throws Exception {
    device.answers.add(Status.EINVAL);
    OnReactor.call(
        reactor,
        () -> {
          kernel.hand(IoDescriptors.WRITE);
          var _ = queue.park();
          queue.abandon();
          return true;
        });
    // The answer comes before what is asked for now.
    assertEquals(0, OnReactor.call(reactor, queue::inFlight));
    assertEquals(List.of(), List.copyOf(kernel.committed));
  }
}
