package io.ubiblk.testkit.vhost;

import java.io.IOException;
import java.time.Duration;

/**
 * A queue's requests one after the other, each waited for. Data is copied between arrays and guest
 * memory, so this is for convenience, not for speed; {@link #async} is the fast way, and both may
 * be mixed on one thread.
 *
 * <p>What is read or written is counted in sectors of 512 bytes and in bytes; neither is checked,
 * so that a test may ask for anything. A request that does not come back in time, or twice, is a
 * {@link DeviceViolationException}.
 */
public final class DriverQueue {

  /** Tag of requests that are waited for. One that came too late is polled with it. */
  public static final long WAITED_FOR = Long.MIN_VALUE;

  private static final int DATA_ALIGNMENT = 4096;

  private final GuestMemory memory;
  private final AsyncQueue async;
  private Duration timeout = Duration.ofSeconds(10);

  DriverQueue(GuestMemory memory, AsyncQueue async) {
    this.memory = memory;
    this.async = async;
  }

  /**
   * Sets how long a request may take. Ten seconds at first.
   *
   * @param newTimeout how long, positive
   */
  public void setTimeout(Duration newTimeout) {
    timeout = newTimeout;
  }

  /** {@return the queue's requests without waiting} */
  public AsyncQueue async() {
    return async;
  }

  /**
   * Reads.
   *
   * @param sector first sector
   * @param bytes number of bytes
   * @return as many bytes
   * @throws RequestFailedException if the device says so
   * @throws IOException if waiting fails
   */
  public byte[] read(long sector, int bytes) throws IOException {
    return readInto(BlkRequest.IN, sector, bytes);
  }

  /**
   * Writes.
   *
   * @param sector first sector
   * @param bytes what to write
   * @throws RequestFailedException if the device says so
   * @throws IOException if waiting fails
   */
  public void write(long sector, byte... bytes) throws IOException {
    writeFrom(BlkRequest.OUT, sector, bytes);
  }

  /**
   * Makes completed writes durable.
   *
   * @throws RequestFailedException if the device says so
   * @throws IOException if waiting fails
   */
  public void flush() throws IOException {
    check(execute(BlkRequest.FLUSH, 0, new DescriptorList()), "flush");
  }

  /**
   * Discards ranges.
   *
   * @param ranges what to discard
   * @throws RequestFailedException if the device says so
   * @throws IOException if waiting fails
   */
  public void discard(SectorRange... ranges) throws IOException {
    writeFrom(BlkRequest.DISCARD, 0, BlkRequest.ranges(ranges));
  }

  /**
   * Writes zeros to ranges.
   *
   * @param ranges where, each with its own flags
   * @throws RequestFailedException if the device says so
   * @throws IOException if waiting fails
   */
  public void writeZeroes(SectorRange... ranges) throws IOException {
    writeFrom(BlkRequest.WRITE_ZEROES, 0, BlkRequest.ranges(ranges));
  }

  /**
   * Asks for the device's name.
   *
   * @return 20 bytes, padded with zeros
   * @throws RequestFailedException if the device says so
   * @throws IOException if waiting fails
   */
  public byte[] id() throws IOException {
    return readInto(BlkRequest.GET_ID, 0, BlkRequest.ID_SIZE);
  }

  /**
   * Submits a request and waits for it, whatever its status.
   *
   * @param type a type of {@link BlkRequest}, or any number
   * @param sector first sector
   * @param data the data
   * @return how it came back
   * @throws DeviceViolationException if it did not come back in time
   * @throws IllegalStateException if the ring is full
   * @throws IOException if waiting fails
   */
  public Completion execute(int type, long sector, DescriptorList data) throws IOException {
    return await(async.submitSlot(type, sector, data, WAITED_FOR), "request of type " + type);
  }

  /**
   * Submits a chain of any shape and waits for it, whatever its status.
   *
   * @param chain the chain, with at least one descriptor
   * @param statusAddress guest address of the status byte; negative if there is none
   * @return how it came back
   * @throws DeviceViolationException if it did not come back in time
   * @throws IllegalStateException if the ring is full
   * @throws IOException if waiting fails
   */
  public Completion execute(DescriptorList chain, long statusAddress) throws IOException {
    return await(async.submitChainSlot(chain, statusAddress, WAITED_FOR), chain.toString());
  }

  private byte[] readInto(int type, long sector, int bytes) throws IOException {
    long buffer = memory.allocate(Math.max(bytes, 1), DATA_ALIGNMENT);
    DescriptorList data = new DescriptorList();
    if (bytes > 0) {
      data.writable(buffer, bytes);
    }
    Completion done = execute(type, sector, data);
    byte[] content = memory.read(buffer, bytes);
    memory.free(buffer);
    check(done, "request of type " + type + " at sector " + sector + " of " + bytes + " bytes");
    return content;
  }

  private void writeFrom(int type, long sector, byte... bytes) throws IOException {
    long buffer = memory.allocate(Math.max(bytes.length, 1), DATA_ALIGNMENT);
    DescriptorList data = new DescriptorList();
    if (bytes.length > 0) {
      memory.write(buffer, bytes);
      data.readable(buffer, bytes.length);
    }
    // Not freed where it does not come back: the device may still use it.
    Completion done = execute(type, sector, data);
    memory.free(buffer);
    check(
        done,
        "request of type " + type + " at sector " + sector + " of " + bytes.length + " bytes");
  }

  private Completion await(int slot, String what) throws IOException {
    if (slot < 0) {
      throw new IllegalStateException("the ring is full");
    }
    Completion completion = async.awaitSlot(slot, timeout);
    if (completion == null) {
      throw new DeviceViolationException(what + " did not come back within " + timeout);
    }
    return completion;
  }

  private static void check(Completion completion, String what) throws RequestFailedException {
    if (completion.status() != BlkRequest.OK) {
      throw new RequestFailedException(
          what + ": status " + completion.status(), completion.status());
    }
  }
}
