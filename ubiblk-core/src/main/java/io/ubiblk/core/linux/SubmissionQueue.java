package io.ubiblk.core.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The ring in which operations are handed to the kernel. Confined to the ring's thread.
 *
 * <p>The kernel owns the head, we own the tail. An entry is filled with plain stores; the store of
 * the tail releases them.
 *
 * @see <a
 *     href="https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/include/uapi/linux/io_uring.h">
 *     struct io_uring_sqe in linux/io_uring.h</a>
 */
public final class SubmissionQueue {

  // enum io_uring_op
  static final int OP_READV = 1;
  static final int OP_WRITEV = 2;
  static final int OP_FSYNC = 3;
  static final int OP_READ_FIXED = 4;
  static final int OP_WRITE_FIXED = 5;
  static final int OP_POLL_ADD = 6;
  static final int OP_SENDMSG = 9;
  static final int OP_RECVMSG = 10;
  static final int OP_ASYNC_CANCEL = 14;
  static final int OP_FALLOCATE = 17;
  static final int OP_READ = 22;
  static final int OP_WRITE = 23;
  static final int OP_SEND = 26;
  static final int OP_RECV = 27;
  static final int OP_MSG_RING = 40;
  static final int OP_URING_CMD = 46;

  // The flags of an entry share a word with the opcode.
  private static final int SQE_FLAGS_SHIFT = 8;
  private static final int SQE_ASYNC = 1 << 4;

  private static final int FSYNC_DATASYNC = 1;
  private static final int POLL_ADD_MULTI = 1;
  private static final int POLLIN = 1;

  // struct io_uring_sqe, taken as eight words
  private static final int OPCODE_AND_FD = 0;
  private static final int OFF = 8;
  private static final int ADDR = 16;
  private static final int LEN_AND_FLAGS = 24;
  private static final int USER_DATA = 32;
  private static final int BUFFER_AND_FILE_INDEX = 40;
  private static final int ADDR3 = 48;
  private static final int PAD = 56;

  // What a command carries begins there, and fills the entry.
  private static final int COMMAND = 48;

  private static final int SQ_CQ_OVERFLOW = 1 << 1;
  private static final int SQ_TASKRUN = 1 << 2;

  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG;

  private final MemorySegment ring;
  private final MemorySegment entries;
  private final long entrySize;
  private final long headOffset;
  private final long tailOffset;
  private final long flagsOffset;
  private final int mask;
  private int tail;
  private int submitted;

  SubmissionQueue(MemorySegment ring, MemorySegment entries, long entrySize, IoUringParams params) {
    this.ring = ring;
    this.entries = entries;
    this.entrySize = entrySize;
    this.headOffset = params.offset(IoUringParams.SQ_HEAD);
    this.tailOffset = params.offset(IoUringParams.SQ_TAIL);
    this.flagsOffset = params.offset(IoUringParams.SQ_FLAGS);
    this.mask = ring.get(ValueLayout.JAVA_INT, params.offset(IoUringParams.SQ_RING_MASK));
    // The indirection array always maps a place to the entry of the same number.
    long array = params.offset(IoUringParams.SQ_ARRAY);
    for (int i = 0; i <= mask; i++) {
      ring.set(ValueLayout.JAVA_INT, array + 4L * i, i);
    }
  }

  /** {@return whether no entry is free until some have been submitted} */
  public boolean isFull() {
    return tail - acquireHead() > mask;
  }

  /** {@return how many entries were filled and not submitted} */
  public int pending() {
    return tail - submitted;
  }

  /** {@return whether the kernel has completions that it delivers only when the ring is entered} */
  boolean needsEnter() {
    return ((int) INT.getOpaque(ring, flagsOffset) & (SQ_TASKRUN | SQ_CQ_OVERFLOW)) != 0;
  }

  /**
   * Queues a read.
   *
   * @param fd file descriptor
   * @param offset position in the file in bytes
   * @param memory memory to fill, alive until the completion
   * @param memoryOffset first byte in the memory
   * @param length number of bytes
   * @param userData reported with the completion
   */
  public void read(
      int fd, long offset, MemorySegment memory, long memoryOffset, int length, long userData) {
    put(OP_READ, fd, offset, memory.address() + memoryOffset, length, 0, userData);
  }

  /**
   * Queues a write.
   *
   * @param fd file descriptor
   * @param offset position in the file in bytes
   * @param memory memory to write, alive until the completion
   * @param memoryOffset first byte in the memory
   * @param length number of bytes
   * @param flags 0 or {@link OpenFile#RWF_DSYNC}
   * @param userData reported with the completion
   */
  public void write(
      int fd,
      long offset,
      MemorySegment memory,
      long memoryOffset,
      int length,
      int flags,
      long userData) {
    put(OP_WRITE, fd, offset, memory.address() + memoryOffset, length, flags, userData);
  }

  /**
   * Queues a read into a registered buffer.
   *
   * @param fd file descriptor
   * @param offset position in the file in bytes
   * @param buffer number of the buffer
   * @param position first byte in the buffer
   * @param length number of bytes
   * @param userData reported with the completion
   */
  public void readFixed(int fd, long offset, int buffer, long position, int length, long userData) {
    put(OP_READ_FIXED, fd, offset, position, length, 0, userData, buffer, 0, 0);
  }

  /**
   * Queues a write from a registered buffer.
   *
   * @param fd file descriptor
   * @param offset position in the file in bytes
   * @param buffer number of the buffer
   * @param position first byte in the buffer
   * @param length number of bytes
   * @param flags 0 or {@link OpenFile#RWF_DSYNC}
   * @param userData reported with the completion
   */
  public void writeFixed(
      int fd, long offset, int buffer, long position, int length, int flags, long userData) {
    put(OP_WRITE_FIXED, fd, offset, position, length, flags, userData, buffer, 0, 0);
  }

  /**
   * Queues the addition of one to an eventfd.
   *
   * @param fd eventfd, or anything else that takes eight bytes
   * @param mayBlock whether the descriptor is in blocking mode, so that a thread of the kernel's
   *     has to make the write
   * @param userData reported with the completion
   */
  public void signal(int fd, boolean mayBlock, long userData) {
    int opcode = OP_WRITE | (mayBlock ? SQE_ASYNC << SQE_FLAGS_SHIFT : 0);
    put(opcode, fd, -1, EventFd.ONE.address(), 8, 0, userData);
  }

  /**
   * Queues a message to another ring, where it arrives as a completion. Linux 5.18; a kernel before
   * answers {@code EINVAL}.
   *
   * @param ringFd descriptor of the other ring
   * @param userData reported with the completion
   */
  public void message(int ringFd, long userData) {
    put(OP_MSG_RING, ringFd, 0, 0, 0, 0, userData);
  }

  /**
   * Queues a read into several pieces of memory.
   *
   * @param fd file descriptor
   * @param offset position in the file in bytes
   * @param iovecs memory to fill; the array and the memory live until the completion
   * @param userData reported with the completion
   */
  public void readVector(int fd, long offset, Iovecs iovecs, long userData) {
    put(OP_READV, fd, offset, iovecs.segment().address(), iovecs.count(), 0, userData);
  }

  /**
   * Queues a write from several pieces of memory.
   *
   * @param fd file descriptor
   * @param offset position in the file in bytes
   * @param iovecs memory to write; the array and the memory live until the completion
   * @param flags 0 or {@link OpenFile#RWF_DSYNC}
   * @param userData reported with the completion
   */
  public void writeVector(int fd, long offset, Iovecs iovecs, int flags, long userData) {
    put(OP_WRITEV, fd, offset, iovecs.segment().address(), iovecs.count(), flags, userData);
  }

  /**
   * Queues an fdatasync.
   *
   * @param fd file descriptor
   * @param userData reported with the completion
   */
  public void syncData(int fd, long userData) {
    put(OP_FSYNC, fd, 0, 0, 0, FSYNC_DATASYNC, userData);
  }

  /**
   * Queues an fallocate.
   *
   * @param fd file descriptor
   * @param mode {@link OpenFile#PUNCH_HOLE} or {@link OpenFile#ZERO_RANGE}
   * @param offset first byte
   * @param length length in bytes
   * @param userData reported with the completion
   */
  public void allocate(int fd, int mode, long offset, long length, long userData) {
    // The length travels in the address field, the mode in the length field.
    put(OP_FALLOCATE, fd, offset, length, mode, 0, userData);
  }

  /**
   * Queues the receipt of bytes from a socket, as many as there are.
   *
   * @param fd descriptor of the socket
   * @param memory memory to fill, alive until the completion
   * @param memoryOffset first byte in the memory
   * @param length most bytes to receive
   * @param userData reported with the completion
   */
  public void receive(int fd, MemorySegment memory, long memoryOffset, int length, long userData) {
    put(OP_RECV, fd, 0, memory.address() + memoryOffset, length, 0, userData);
  }

  /**
   * Queues the receipt of bytes from a socket into several pieces of memory.
   *
   * @param fd descriptor of the socket
   * @param message names the memory; it and the memory live until the completion
   * @param userData reported with the completion
   */
  public void receive(int fd, MessageHeader message, long userData) {
    put(OP_RECVMSG, fd, 0, message.segment().address(), 1, 0, userData);
  }

  /**
   * Queues the sending of bytes through a socket. All are sent unless the socket fails.
   *
   * @param fd descriptor of the socket
   * @param memory memory to send, alive until the completion
   * @param memoryOffset first byte in the memory
   * @param length number of bytes
   * @param userData reported with the completion
   */
  public void send(int fd, MemorySegment memory, long memoryOffset, int length, long userData) {
    put(OP_SEND, fd, 0, memory.address() + memoryOffset, length, StreamSocket.SEND_ALL, userData);
  }

  /**
   * Queues the sending of several pieces of memory through a socket. All are sent unless the socket
   * fails.
   *
   * @param fd descriptor of the socket
   * @param message names the memory; it and the memory live until the completion
   * @param userData reported with the completion
   */
  public void send(int fd, MessageHeader message, long userData) {
    put(OP_SENDMSG, fd, 0, message.segment().address(), 1, StreamSocket.SEND_ALL, userData);
  }

  /**
   * Queues a request to be told each time that a descriptor becomes readable, until it is cancelled
   * or a completion lacks {@link CompletionQueue#MORE}.
   *
   * @param fd file descriptor
   * @param userData reported with each completion
   */
  public void pollReadable(int fd, long userData) {
    put(OP_POLL_ADD, fd, 0, 0, POLL_ADD_MULTI, POLLIN, userData);
  }

  /**
   * Queues the cancellation of an operation.
   *
   * @param target what the operation was queued with as its user data
   * @param userData reported with the completion of the cancellation
   */
  public void cancel(long target, long userData) {
    put(OP_ASYNC_CANCEL, -1, 0, target, 0, 0, userData);
  }

  /**
   * Queues a command to the driver behind a descriptor.
   *
   * @param fd descriptor of the driver's
   * @param command what the driver is asked to do
   * @param first the first eight bytes that go with the command
   * @param second the next eight
   * @param address what the entry has as its address, for drivers that look there
   * @param userData reported with the completion
   */
  public void command(int fd, int command, long first, long second, long address, long userData) {
    long number = Integer.toUnsignedLong(command);
    put(OP_URING_CMD, fd, number, address, 0, 0, userData, 0, first, second);
  }

  /** Queues a command with more than 16 bytes; only in a ring with wide entries. */
  void command(int fd, int command, MemorySegment payload, long userData) {
    long at = (tail & mask) * entrySize;
    command(fd, command, 0, 0, 0, userData);
    MemorySegment room = entries.asSlice(at + COMMAND, entrySize - COMMAND);
    room.fill((byte) 0).copyFrom(payload);
  }

  /** Publishes what was queued; returns how much there is to submit. */
  int publish() {
    INT.setRelease(ring, tailOffset, tail);
    return tail - submitted;
  }

  /** Takes note of how many entries the kernel has taken. */
  void consumed(int count) {
    submitted += count;
  }

  private int acquireHead() {
    return (int) INT.getAcquire(ring, headOffset);
  }

  private void put(
      int opcode, int fd, long offset, long address, int length, int flags, long userData) {
    put(opcode, fd, offset, address, length, flags, userData, 0, 0, 0);
  }

  private void put(
      int opcode,
      int fd,
      long offset,
      long address,
      int length,
      int flags,
      long userData,
      int buffer,
      long addr3,
      long pad) {
    long at = (tail & mask) * entrySize;
    entries.set(WORD, at + OPCODE_AND_FD, opcode | (long) fd << 32);
    entries.set(WORD, at + OFF, offset);
    entries.set(WORD, at + ADDR, address);
    entries.set(WORD, at + LEN_AND_FLAGS, Integer.toUnsignedLong(length) | (long) flags << 32);
    entries.set(WORD, at + USER_DATA, userData);
    entries.set(WORD, at + BUFFER_AND_FILE_INDEX, buffer);
    entries.set(WORD, at + ADDR3, addr3);
    entries.set(WORD, at + PAD, pad);
    tail++;
  }
}
