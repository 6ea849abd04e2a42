package io.ubiblk.api;

import java.util.Objects;

/**
 * A channel that forwards everything to another one: the base of decorators' channels. See {@link
 * ForwardingBlockDevice}.
 */
public abstract class ForwardingBlockChannel implements BlockChannel {

  private final BlockChannel delegate;

  /**
   * Creates a forwarder.
   *
   * @param delegate the channel to forward to, closed with this one
   */
  protected ForwardingBlockChannel(BlockChannel delegate) {
    this.delegate = Objects.requireNonNull(delegate, "delegate");
  }

  /** {@return the channel that this one wraps} */
  protected final BlockChannel delegate() {
    return delegate;
  }

  @Override
  public boolean read(long offset, ScatterList dst, long tag) {
    return delegate.read(offset, dst, tag);
  }

  @Override
  public boolean write(long offset, ScatterList src, int flags, long tag) {
    return delegate.write(offset, src, flags, tag);
  }

  @Override
  public boolean flush(long tag) {
    return delegate.flush(tag);
  }

  @Override
  public boolean discard(long offset, long length, long tag) {
    return delegate.discard(offset, length, tag);
  }

  @Override
  public boolean writeZeroes(long offset, long length, int flags, long tag) {
    return delegate.writeZeroes(offset, length, flags, tag);
  }

  @Override
  public boolean prefetch(long offset, long length, long tag) {
    return delegate.prefetch(offset, length, tag);
  }

  @Override
  public void submit() {
    delegate.submit();
  }

  @Override
  public void close(Runnable onClosed) {
    delegate.close(onClosed);
  }
}
