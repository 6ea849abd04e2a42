package io.ubiblk.testkit;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/**
 * What a contract has to be told about a device: how to make one, and the few things that its
 * geometry and its capabilities do not say. Only the first two methods have to be implemented.
 */
public interface BlockDeviceFixture {

  /**
   * Opens a loop that belongs to the calling thread. Called several times in a test, also on
   * several threads. The contract closes it.
   *
   * @return a new loop
   * @throws Exception if that fails; the test then fails
   */
  EventLoop newLoop() throws Exception;

  /**
   * Makes a fresh device: zeroed, or with the {@linkplain #baseContent base content}. Called once
   * for each test and device. The contract closes it.
   *
   * @param size size in bytes: {@link #testSize()}
   * @return a new device of that size, or of a size near it
   * @throws Exception if that fails; the test then fails
   */
  BlockDevice newDevice(long size) throws Exception;

  /**
   * Returns the size to test with: small enough to be filled many times, at least 64 logical
   * blocks, and a multiple of whatever units the device has. Default: 1 MiB.
   *
   * @return size in bytes
   */
  default long testSize() {
    return 1 << 20;
  }

  /**
   * Says what a fresh device holds. Default: zeros.
   *
   * @param offset position on the device in bytes
   * @param dst memory to fill to its end with what the device holds from there on
   */
  default void baseContent(long offset, MemorySegment dst) {
    dst.fill((byte) 0);
  }

  /**
   * Says what a device holds where it has grown. Default: zeros. A device that translates content,
   * such as one that encrypts it, says what becomes of zeros.
   *
   * @param offset position on the device in bytes
   * @param dst memory to fill to its end with what the device holds from there on
   */
  default void grownContent(long offset, MemorySegment dst) {
    dst.fill((byte) 0);
  }

  /**
   * Says whether {@link BlockDevice#resize} works. Default: no. The contract tests either answer.
   *
   * @return whether devices of this kind grow
   */
  default boolean resizable() {
    return false;
  }

  /**
   * Says whether a discarded range reads as zeros, as before, or as its base content, sector by
   * sector. Default: yes. A device that translates content, such as one that encrypts it, answers
   * no; the contract then only demands that discarded content is stable and not that of another
   * range.
   *
   * @return whether discards leave nothing new behind
   */
  default boolean discardsLeaveNothingNew() {
    return true;
  }

  /**
   * Says whether a read beside a write of the same logical block sees the old or the new block and
   * never a mixture. Default: yes, as the contract demands. To be overridden only where the storage
   * below cannot promise it and nothing can be done about it.
   *
   * @return whether blocks are atomic
   */
  default boolean blocksNeverTear() {
    return true;
  }

  /**
   * Says whether channels notice that they are used on a wrong thread if assertions are enabled.
   * Default: yes.
   *
   * @return whether wrong threads are refused with an {@link AssertionError}
   */
  default boolean refusesWrongThreads() {
    return true;
  }

  /**
   * Says whether {@link #newLoop} works on several threads at once, and whether other threads may
   * touch a device meanwhile. Default: yes. A simulation that is bound to one thread answers no;
   * calls that may block are then made on the thread of the loop, and must not need it to run.
   *
   * @return whether to test with several threads
   */
  default boolean multiThreaded() {
    return true;
  }

  /**
   * Returns how many operations a random test runs. Default: 4,000. Slow devices take fewer.
   *
   * @return number of operations
   */
  default int randomOperations() {
    return 4_000;
  }

  /**
   * Returns how long to wait for something before it counts as lost. Default: {@link
   * LoopDriver#PATIENCE}.
   *
   * @return a time, on the loop's clock and on the wall clock
   */
  default Duration patience() {
    return LoopDriver.PATIENCE;
  }
}
