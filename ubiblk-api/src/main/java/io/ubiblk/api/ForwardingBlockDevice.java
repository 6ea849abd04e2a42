package io.ubiblk.api;

import java.io.IOException;
import java.util.Objects;
import java.util.Set;

/**
 * A device that forwards everything to another one: the base of decorators.
 *
 * <p>A subclass overrides what it changes. One that has to see requests overrides {@link
 * #openChannel} to return a {@link ForwardingBlockChannel} around the delegate's channel; one that
 * has to see completions passes a handler of its own to the delegate. One that needs both requests
 * of its own and requests passed through opens two channels of the delegate, so that tags never
 * mix.
 *
 * <p>Wrapping transfers ownership: closing this device closes the delegate.
 */
public abstract class ForwardingBlockDevice implements BlockDevice {

  private final BlockDevice delegate;

  /**
   * Creates a forwarder.
   *
   * @param delegate the device to forward to, owned by this one from now on
   */
  protected ForwardingBlockDevice(BlockDevice delegate) {
    this.delegate = Objects.requireNonNull(delegate, "delegate");
  }

  /** {@return the device that this one wraps} */
  public final BlockDevice delegate() {
    return delegate;
  }

  @Override
  public Geometry geometry() {
    return delegate.geometry();
  }

  @Override
  public Set<Capability> capabilities() {
    return delegate.capabilities();
  }

  @Override
  public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    return delegate.openChannel(reactor, depth, completions);
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws IOException {
    delegate.extents(offset, length, visitor);
  }

  @Override
  public void resize(long size) throws IOException {
    delegate.resize(size);
  }

  @Override
  public void addListener(DeviceListener listener) {
    delegate.addListener(listener);
  }

  @Override
  public void removeListener(DeviceListener listener) {
    delegate.removeListener(listener);
  }

  @Override
  public void close() throws IOException {
    delegate.close();
  }

  /** Returns the class's name with the delegate's text in parentheses. */
  @Override
  public String toString() {
    return getClass().getSimpleName() + "(" + delegate + ")";
  }
}
