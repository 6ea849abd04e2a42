package io.ubiblk.core.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Status;
import io.ubiblk.core.linux.OpenFile;
import io.ubiblk.testkit.ChannelDriver;
import io.ubiblk.testkit.IoRequest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a file answers, and what becomes of the request. */
class RawFileErrorsTest {

  private static final int SIZE = 1 << 20;
  private static final int EINTR = 4;
  private static final int EDQUOT = 122;

  @TempDir Path directory;

  /** Answers operations with what the test has put there, and performs the others. */
  private static final class Answers implements ScriptedPort.Script {
    private final List<Integer> transfers = new ArrayList<>();
    private final List<Integer> controls = new ArrayList<>();
    private final List<String> log = new ArrayList<>();
    private boolean forever;

    @Override
    public long transfer(boolean write, long offset, long length) {
      log.add((write ? "write " : "read ") + offset + "+" + length);
      return transfers.isEmpty()
          ? length
          : forever ? transfers.getFirst() : transfers.removeFirst();
    }

    @Override
    public void wrote(int flags) {
      log.add("flags " + flags);
    }

    @Override
    public int control(String operation) {
      log.add(operation);
      return controls.isEmpty() ? 0 : controls.removeFirst();
    }
  }

  private interface Body {
    void run(ChannelDriver channel) throws Exception;
  }

  private final Answers answers = new Answers();
  private final MemorySegment block = Arena.ofAuto().allocate(8192, 4096);

  private void with(RawFileOptions options, Body body) throws Exception {
    Path path = directory.resolve("disk");
    try (ScriptedReactor loop = ScriptedReactor.ring(answers);
        RawFileDevice device = RawFileDevice.create(path, SIZE, options);
        ChannelDriver channel = ChannelDriver.open(device, loop, 8)) {
      body.run(channel);
    }
  }

  @Test
  void errorsComeOutAsTheyAreAndTheNextRequestWorks() throws Exception {
    with(
        RawFileOptions.DEFAULT,
        channel -> {
          for (int errno : new int[] {Status.EIO, Status.ENOSPC, EDQUOT, Status.EFAULT}) {
            answers.transfers.add(-errno);
            assertEquals(errno, channel.write(0, block));
            answers.transfers.add(-errno);
            assertEquals(errno, channel.read(0, block));
            answers.controls.add(-errno);
            assertEquals(errno, channel.flush());
            answers.controls.add(-errno);
            assertEquals(errno, channel.discard(0, 4096));
            answers.controls.add(-errno);
            assertEquals(errno, channel.writeZeroes(0, 4096, 0));
            assertEquals(Status.OK, channel.write(0, block));
            assertEquals(Status.OK, channel.flush());
          }
        });
  }

  @Test
  void anErrorAfterAShortCountIsTheOneThatIsReported() throws Exception {
    with(
        RawFileOptions.DEFAULT,
        channel -> {
          answers.transfers.addAll(List.of(4096, -Status.ENOSPC));
          assertEquals(Status.ENOSPC, channel.write(0, block));
        });
  }

  @Test
  void interruptionsAndRefusalsForNowAreTriedAgain() throws Exception {
    with(
        RawFileOptions.DEFAULT,
        channel -> {
          answers.transfers.addAll(List.of(-EINTR, -Status.EAGAIN, -EINTR));
          assertEquals(Status.OK, channel.write(0, block));
          assertTrue(answers.transfers.isEmpty());
          answers.controls.addAll(List.of(-EINTR, -Status.EAGAIN));
          assertEquals(Status.OK, channel.flush());
          answers.controls.addAll(List.of(-EINTR, -Status.EAGAIN));
          assertEquals(Status.OK, channel.discard(0, 4096));
          answers.controls.addAll(List.of(-EINTR, -Status.EAGAIN));
          assertEquals(Status.OK, channel.writeZeroes(0, 4096, 0));
          assertTrue(answers.controls.isEmpty());
        });
  }

  @Test
  void whatIsRefusedForeverFailsInTheEnd() throws Exception {
    with(
        RawFileOptions.DEFAULT,
        channel -> {
          answers.transfers.add(-Status.EAGAIN);
          answers.forever = true;
          assertEquals(Status.EAGAIN, channel.read(0, block));
          answers.transfers.clear();
          assertEquals(Status.OK, channel.read(0, block));
        });
  }

  @Test
  void aFileThatSomebodyHasShortenedIsAnError() throws Exception {
    with(
        RawFileOptions.DEFAULT,
        channel -> {
          try (OpenFile file = OpenFile.open(directory.resolve("disk"), OpenFile.READ_WRITE)) {
            file.truncate(4096);
          }
          assertEquals(Status.EIO, channel.read(0, block));
          assertEquals(Status.OK, channel.read(0, block.asSlice(0, 4096)));
        });
  }

  @Test
  void whereNothingCanBeFreedADiscardDoesNothingAndZeroesAreWritten() throws Exception {
    with(
        RawFileOptions.DEFAULT,
        channel -> {
          assertEquals(Status.OK, channel.write(0, block.fill((byte) 7)));
          answers.controls.addAll(List.of(-Status.EOPNOTSUPP, -Status.EOPNOTSUPP));
          assertEquals(Status.OK, channel.discard(0, 4096));
          assertEquals(7, Files.readAllBytes(directory.resolve("disk"))[0]);
          answers.log.clear();
          assertEquals(Status.OK, channel.writeZeroes(512, 4096, IoFlags.FUA));
          assertEquals(List.of("punch", "flags 2", "write 512+4096"), answers.log);
          byte[] content = Files.readAllBytes(directory.resolve("disk"));
          assertEquals(7, content[511]);
          assertEquals(0, content[512]);
          assertEquals(0, content[4607]);
          assertEquals(7, content[4608]);
        });
  }

  @Test
  void memoryThatTheFileDoesNotTakeGoesThroughABuffer() throws Exception {
    with(
        RawFileOptions.DEFAULT.withDirect(true),
        channel -> {
          answers.transfers.add(-Status.EINVAL);
          assertEquals(Status.OK, channel.write(4096, block.fill((byte) 9)));
          assertTrue(answers.transfers.isEmpty());
          answers.transfers.add(-Status.EINVAL);
          assertEquals(Status.OK, channel.read(4096, block.fill((byte) 0)));
          assertEquals(9, block.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 8191));
          answers.transfers.addAll(List.of(-Status.EINVAL, -Status.EINVAL));
          assertEquals(Status.EINVAL, channel.read(4096, block), "in vain also through a buffer");
        });
  }

  @Test
  void writingThroughIsDurableWithoutAFlush() throws Exception {
    with(
        RawFileOptions.DEFAULT.withWriteThrough(true),
        channel -> {
          assertEquals(Status.OK, channel.write(0, block));
          assertEquals(List.of("flags " + OpenFile.RWF_DSYNC, "write 0+8192"), answers.log);
          answers.log.clear();
          assertEquals(Status.OK, channel.flush());
          assertEquals(List.of(), answers.log, "nothing is held back");
          assertEquals(Status.OK, channel.writeZeroes(0, 4096, 0));
          assertEquals(Status.OK, channel.discard(0, 4096));
          assertEquals(List.of("punch", "sync", "punch", "sync"), answers.log);
          answers.controls.addAll(List.of(0, -Status.EIO));
          assertEquals(Status.EIO, channel.discard(0, 4096), "the sync fails");
        });
  }

  @Test
  void forcedUnitAccessIsDurableAndOtherWritesAreNot() throws Exception {
    with(
        RawFileOptions.DEFAULT,
        channel -> {
          assertEquals(Status.OK, channel.write(0, block));
          assertEquals(Status.OK, channel.write(0, block, IoFlags.FUA));
          assertEquals(Status.OK, channel.writeZeroes(0, 4096, IoFlags.FUA | IoFlags.NO_UNMAP));
          assertEquals(Status.OK, channel.flush());
          assertEquals(
              List.of("flags 0", "write 0+8192", "flags 2", "write 0+8192", "zero", "sync", "sync"),
              answers.log);
        });
  }

  @Test
  void aWriteThatMakesNoProgressFailsInTheEnd() throws Exception {
    Path path = directory.resolve("disk");
    RawFileDevice.create(path, SIZE, RawFileOptions.DEFAULT).close();
    RawFileOptions direct = RawFileOptions.DEFAULT.withDirect(true);
    try (ScriptedReactor loop = ScriptedReactor.ring(answers);
        RawFileDevice device = RawFileDevice.open(path, direct, new FileAlignment(4096, 4096));
        ChannelDriver channel = ChannelDriver.open(device, loop, 8)) {
      answers.transfers.add(512);
      answers.forever = true;
      assertEquals(Status.EIO, channel.write(0, block));
      assertEquals(Status.EIO, channel.read(512, block.asSlice(0, 1024)));
      answers.transfers.clear();
      assertEquals(Status.OK, channel.write(512, block.asSlice(0, 1024)));
    }
  }

  @Test
  void requestsOfAChannelThatClosesCompleteAllTheSame() throws Exception {
    with(
        RawFileOptions.DEFAULT,
        channel -> {
          answers.transfers.addAll(List.of(-Status.EAGAIN, -EINTR, 100));
          IoRequest request = channel.issue(IoRequest.write(0, block));
          channel.close();
          assertEquals(Status.OK, request.status());
        });
  }
}
