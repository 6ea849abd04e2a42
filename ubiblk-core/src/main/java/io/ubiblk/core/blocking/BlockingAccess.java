package io.ubiblk.core.blocking;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.core.io.OnReactor;
import io.ubiblk.core.io.Uninterrupted;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes a device with calls that block, for programs that want nothing more. Any number
 * of threads may call at once, virtual ones included; a reactor's thread must not. Requests longer
 * than the device takes are split.
 *
 * <p>Durability is that of the device: a write is durable after a {@link #flush}.
 */
public final class BlockingAccess implements AutoCloseable {

  private static final int DEPTH = 32;
  private static final int BOUNCE_BYTES = 1 << 20;

  /** A thread that is not the caller's: memory that it may not touch is of no use to a device. */
  private static final Thread SOMEBODY_ELSE = Thread.ofPlatform().unstarted(() -> {});

  private final BlockDevice device;
  private final Reactor reactor;
  private final CompletableFuture<Boolean> closed = new CompletableFuture<>();
  // Confined to the reactor.
  private final @Nullable Call[] inFlight = new Call[DEPTH];
  private final ArrayDeque<Integer> free = new ArrayDeque<>();
  private final ArrayDeque<Call> waiting = new ArrayDeque<>();
  private @Nullable BlockChannel channel;

  private BlockingAccess(BlockDevice device, Reactor reactor) {
    this.device = device;
    this.reactor = reactor;
    for (int i = 0; i < DEPTH; i++) {
      free.add(i);
    }
  }

  /**
   * Opens a device for blocking calls. Waits for the reactor: not to be called on a reactor's
   * thread.
   *
   * @param device the device; it stays the caller's
   * @param reactor where the device's channel lives
   * @return the access, to be closed before device and reactor
   * @throws IOException if the device gives no channel
   */
  public static BlockingAccess open(BlockDevice device, Reactor reactor) throws IOException {
    BlockingAccess access = new BlockingAccess(device, reactor);
    OnReactor.call(
        reactor,
        () -> {
          access.channel = device.openChannel(reactor, DEPTH, access::completed);
          return access;
        });
    return access;
  }

  /** {@return the device's size in bytes} */
  public long size() {
    return device.geometry().size();
  }

  /**
   * Reads.
   *
   * @param offset position on the device in bytes, a multiple of the logical block size
   * @param dst memory to fill to its end, on the heap or native
   * @throws IOException if the device fails or refuses
   */
  public void read(long offset, MemorySegment dst) throws IOException {
    transfer(Operation.READ, offset, dst, 0);
  }

  /**
   * Reads into an array.
   *
   * @param offset position on the device in bytes, a multiple of the logical block size
   * @param length number of bytes
   * @return the bytes
   * @throws IOException if the device fails or refuses
   */
  public byte[] read(long offset, int length) throws IOException {
    byte[] bytes = new byte[length];
    read(offset, MemorySegment.ofArray(bytes));
    return bytes;
  }

  /**
   * Writes.
   *
   * @param offset position on the device in bytes, a multiple of the logical block size
   * @param src memory to write, on the heap or native
   * @param flags flags of {@link io.ubiblk.api.IoFlags}
   * @throws IOException if the device fails or refuses; parts may have been written
   */
  public void write(long offset, MemorySegment src, int flags) throws IOException {
    transfer(Operation.WRITE, offset, src, flags);
  }

  /**
   * Writes without flags.
   *
   * @param offset position on the device in bytes, a multiple of the logical block size
   * @param src memory to write, on the heap or native
   * @throws IOException if the device fails or refuses; parts may have been written
   */
  public void write(long offset, MemorySegment src) throws IOException {
    write(offset, src, 0);
  }

  /**
   * Writes an array.
   *
   * @param offset position on the device in bytes, a multiple of the logical block size
   * @param bytes what to write
   * @throws IOException if the device fails or refuses; parts may have been written
   */
  public void write(long offset, byte[] bytes) throws IOException {
    write(offset, MemorySegment.ofArray(bytes));
  }

  /**
   * Makes durable what was written.
   *
   * @throws IOException if the device fails
   */
  public void flush() throws IOException {
    control(Operation.FLUSH, 0, 0, 0);
  }

  /**
   * Gives the storage of a range back.
   *
   * @param offset position on the device in bytes
   * @param length length in bytes
   * @throws IOException if the device fails or refuses
   */
  public void discard(long offset, long length) throws IOException {
    control(Operation.DISCARD, offset, length, 0);
  }

  /**
   * Makes a range read as zeros.
   *
   * @param offset position on the device in bytes
   * @param length length in bytes
   * @param flags flags of {@link io.ubiblk.api.IoFlags}
   * @throws IOException if the device fails or refuses
   */
  public void writeZeroes(long offset, long length, int flags) throws IOException {
    control(Operation.WRITE_ZEROES, offset, length, flags);
  }

  /**
   * Brings a range near, see {@link BlockChannel#prefetch}.
   *
   * @param offset position on the device in bytes
   * @param length length in bytes
   * @throws IOException if the device fails or refuses
   */
  public void prefetch(long offset, long length) throws IOException {
    control(Operation.PREFETCH, offset, length, 0);
  }

  /**
   * Closes the channel. Calls that have not reached the device fail, the others are waited for: not
   * to be called on a reactor's thread. The device stays open. Closing again has no effect, but
   * waits until the first closing is done.
   */
  @Override
  public void close() throws IOException {
    if (!closed.isDone()) {
      reactor.execute(this::closeChannel);
    }
    Uninterrupted.await(() -> OnReactor.await(closed));
  }

  private void closeChannel() {
    BlockChannel open = channel;
    channel = null;
    waiting.forEach(this::refuse);
    waiting.clear();
    if (open == null) {
      return;
    }
    try {
      open.close(() -> closed.complete(true));
    } catch (RuntimeException | Error e) {
      closed.completeExceptionally(e);
    }
  }

  private void transfer(Operation operation, long offset, MemorySegment memory, int flags)
      throws IOException {
    if (operation == Operation.READ && memory.isReadOnly()) {
      throw new IllegalArgumentException("read into memory that is read-only: " + memory);
    }
    boolean straight = memory.isNative() && memory.isAccessibleBy(SOMEBODY_ELSE);
    long most = device.geometry().maxTransfer();
    if (straight) {
      transfer(operation, offset, memory, null, most, flags);
      return;
    }
    long step = Math.min(most, BOUNCE_BYTES);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment bounce = arena.allocate(Math.min(memory.byteSize(), step), 4096);
      transfer(operation, offset, memory, bounce, step, flags);
    }
  }

  /** Transfers in steps, through other memory if there is some. */
  private void transfer(
      Operation operation,
      long offset,
      MemorySegment memory,
      @Nullable MemorySegment bounce,
      long step,
      int flags)
      throws IOException {
    long size = memory.byteSize();
    long done = 0;
    // An empty transfer goes to the device, too: it may be out of range.
    do {
      MemorySegment part = memory.asSlice(done, Math.min(step, size - done));
      MemorySegment used = bounce == null ? part : bounce.asSlice(0, part.byteSize());
      if (operation == Operation.WRITE && bounce != null) {
        used.copyFrom(part);
      }
      perform(new Call(operation, offset + done, part.byteSize(), flags, ScatterList.of(used)));
      if (operation == Operation.READ && bounce != null) {
        part.copyFrom(used);
      }
      done += step;
    } while (done < size);
  }

  private void control(Operation operation, long offset, long length, int flags)
      throws IOException {
    perform(new Call(operation, offset, length, flags, new ScatterList()));
  }

  private void perform(Call call) throws IOException {
    reactor.execute(() -> start(call));
    // The memory belongs to the device until the request is over: an interruption has to wait.
    int status = Uninterrupted.await(() -> OnReactor.await(call.result));
    if (status != Status.OK) {
      throw new BlockDeviceException.Io(
          call.operation
              + " of "
              + call.length
              + " bytes at "
              + call.offset
              + " on "
              + device
              + ": "
              + Status.name(status),
          status);
    }
  }

  private void start(Call call) {
    BlockChannel open = channel;
    if (open == null) {
      refuse(call);
      return;
    }
    waiting.add(call);
    startWaiting(open);
  }

  private void startWaiting(BlockChannel open) {
    while (!free.isEmpty() && !waiting.isEmpty()) {
      int slot = free.pop();
      Call call = waiting.peek();
      boolean accepted = false;
      try {
        accepted = issue(open, call, slot);
        if (!accepted) {
          free.push(slot);
          return;
        }
        inFlight[slot] = call;
        waiting.remove();
        open.submit();
      } catch (RuntimeException | Error e) {
        // Otherwise whoever called would wait for ever. What was accepted keeps its slot until the
        // device lets go of it.
        call.result.completeExceptionally(e);
        if (!accepted) {
          waiting.remove();
          free.push(slot);
        }
      }
    }
  }

  private void refuse(Call call) {
    call.result.completeExceptionally(
        new BlockDeviceException.Closed("access to " + device + " has been closed"));
  }

  private static boolean issue(BlockChannel open, Call call, int slot) {
    return switch (call.operation) {
      case READ -> open.read(call.offset, call.data, slot);
      case WRITE -> open.write(call.offset, call.data, call.flags, slot);
      case FLUSH -> open.flush(slot);
      case DISCARD -> open.discard(call.offset, call.length, slot);
      case WRITE_ZEROES -> open.writeZeroes(call.offset, call.length, call.flags, slot);
      case PREFETCH -> open.prefetch(call.offset, call.length, slot);
    };
  }

  private void completed(long tag, int status) {
    int slot = (int) tag;
    Call call = inFlight[slot];
    inFlight[slot] = null;
    free.push(slot);
    if (call != null) {
      call.result.complete(status);
    }
    BlockChannel open = channel;
    if (open != null) {
      startWaiting(open);
    }
  }

  private record Call(
      Operation operation,
      long offset,
      long length,
      int flags,
      ScatterList data,
      CompletableFuture<Integer> result) {
    Call(Operation operation, long offset, long length, int flags, ScatterList data) {
      this(operation, offset, length, flags, data, new CompletableFuture<>());
    }
  }
}
