package io.ubiblk.testkit;

import io.ubiblk.api.IoFlags;
import io.ubiblk.api.Operation;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request that a {@link ChannelDriver} issues, and its outcome. Can be issued once. Confined to
 * the loop's thread.
 *
 * <p>The memory of a read or write belongs to the channel until the request {@linkplain #isDone is
 * done}, as always.
 */
public final class IoRequest {

  private final Operation operation;
  private final long offset;
  private final long length;
  private final int flags;
  private final @Nullable ScatterList data;

  private @Nullable Long tag;
  private @Nullable Consumer<IoRequest> then;
  private boolean accepted;
  private boolean done;
  private int status;

  private IoRequest(
      Operation operation, long offset, long length, int flags, @Nullable ScatterList data) {
    this.operation = operation;
    this.offset = offset;
    this.length = length;
    this.flags = flags;
    this.data = data;
  }

  /**
   * Creates a read.
   *
   * @param offset position on the device in bytes
   * @param dst memory to fill
   * @return the request
   */
  public static IoRequest read(long offset, ScatterList dst) {
    return new IoRequest(Operation.READ, offset, dst.byteSize(), IoFlags.NONE, dst);
  }

  /**
   * Creates a read.
   *
   * @param offset position on the device in bytes
   * @param dst native memory to fill
   * @return the request
   */
  public static IoRequest read(long offset, MemorySegment dst) {
    return read(offset, ScatterList.of(dst));
  }

  /**
   * Creates a write.
   *
   * @param offset position on the device in bytes
   * @param src memory to write
   * @param flags as for {@link io.ubiblk.api.BlockChannel#write}
   * @return the request
   */
  public static IoRequest write(long offset, ScatterList src, int flags) {
    return new IoRequest(Operation.WRITE, offset, src.byteSize(), flags, src);
  }

  /**
   * Creates a write without flags.
   *
   * @param offset position on the device in bytes
   * @param src native memory to write
   * @return the request
   */
  public static IoRequest write(long offset, MemorySegment src) {
    return write(offset, ScatterList.of(src), IoFlags.NONE);
  }

  /** {@return a flush} */
  public static IoRequest flush() {
    return new IoRequest(Operation.FLUSH, 0, 0, IoFlags.NONE, null);
  }

  /**
   * Creates a discard.
   *
   * @param offset position on the device in bytes
   * @param length length in bytes
   * @return the request
   */
  public static IoRequest discard(long offset, long length) {
    return new IoRequest(Operation.DISCARD, offset, length, IoFlags.NONE, null);
  }

  /**
   * Creates a write of zeros.
   *
   * @param offset position on the device in bytes
   * @param length length in bytes
   * @param flags as for {@link io.ubiblk.api.BlockChannel#writeZeroes}
   * @return the request
   */
  public static IoRequest writeZeroes(long offset, long length, int flags) {
    return new IoRequest(Operation.WRITE_ZEROES, offset, length, flags, null);
  }

  /**
   * Creates a prefetch.
   *
   * @param offset position on the device in bytes
   * @param length length in bytes
   * @return the request
   */
  public static IoRequest prefetch(long offset, long length) {
    return new IoRequest(Operation.PREFETCH, offset, length, IoFlags.NONE, null);
  }

  /**
   * Creates a request of any kind.
   *
   * @param operation the kind
   * @param offset position on the device in bytes; ignored by a flush
   * @param data memory of a read or write; of all other kinds it only says the length
   * @return the request, without flags
   */
  public static IoRequest of(Operation operation, long offset, ScatterList data) {
    return switch (operation) {
      case READ -> read(offset, data);
      case WRITE -> write(offset, data, IoFlags.NONE);
      case FLUSH -> flush();
      case DISCARD -> discard(offset, data.byteSize());
      case WRITE_ZEROES -> writeZeroes(offset, data.byteSize(), IoFlags.NONE);
      case PREFETCH -> prefetch(offset, data.byteSize());
    };
  }

  /**
   * Sets the tag to hand to the channel. Without this call the driver chooses one.
   *
   * @param value any number, also one that another request in flight has
   * @return this request
   */
  public IoRequest withTag(long value) {
    tag = value;
    return this;
  }

  /**
   * Sets what to do when the request completes, from inside the completion handler. What it throws
   * is reported by the next call of the driver.
   *
   * @param action receives this request
   * @return this request
   */
  public IoRequest then(Consumer<IoRequest> action) {
    then = action;
    return this;
  }

  /** {@return the kind of request} */
  public Operation operation() {
    return operation;
  }

  /** {@return position on the device in bytes; 0 of a flush} */
  public long offset() {
    return offset;
  }

  /** {@return length in bytes; 0 of a flush} */
  public long length() {
    return length;
  }

  /** {@return the flags of {@link IoFlags}} */
  public int flags() {
    return flags;
  }

  /**
   * Returns the memory of a read or write.
   *
   * @return the list that was given
   * @throws NullPointerException if this is another kind of request
   */
  public ScatterList data() {
    return Objects.requireNonNull(data, () -> operation + " has no memory");
  }

  /** {@return whether the channel has accepted the request} */
  public boolean isAccepted() {
    return accepted;
  }

  /** {@return whether the request has completed} */
  public boolean isDone() {
    return done;
  }

  /**
   * Returns the outcome.
   *
   * @return {@link Status#OK} or an errno
   * @throws IllegalStateException if the request has not completed
   */
  public int status() {
    if (!done) {
      throw new IllegalStateException(this + " has not completed");
    }
    return status;
  }

  boolean hasTag() {
    return tag != null;
  }

  long tag() {
    return Objects.requireNonNull(tag, "tag");
  }

  void accepted() {
    accepted = true;
  }

  void complete(int outcome) {
    done = true;
    status = outcome;
    if (then != null) {
      then.accept(this);
    }
  }

  @Override
  public String toString() {
    String what = operation == Operation.FLUSH ? "" : " of " + length + " bytes at " + offset;
    String how = flags == 0 ? "" : ", flags " + flags;
    String end = done ? ", " + Status.name(status) : accepted ? ", in flight" : "";
    return operation + what + how + end;
  }
}
