package io.ubiblk.testkit;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeviceListener;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Reactor;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A device that counts how often it is closed, can refuse things, and knows its listeners. */
final class ClosingProbe extends ForwardingBlockDevice {

  private final AtomicInteger closes = new AtomicInteger();
  private final List<DeviceListener> listeners = new CopyOnWriteArrayList<>();
  private volatile boolean failsToOpen;
  private volatile boolean failsToClose;

  ClosingProbe(BlockDevice delegate) {
    super(delegate);
  }

  ClosingProbe failingToOpen() {
    failsToOpen = true;
    return this;
  }

  ClosingProbe failingToClose() {
    failsToClose = true;
    return this;
  }

  int closes() {
    return closes.get();
  }

  List<DeviceListener> listeners() {
    return List.copyOf(listeners);
  }

  @Override
  public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    if (failsToOpen) {
      throw new IOException("no channel, on purpose");
    }
    return super.openChannel(reactor, depth, completions);
  }

  @Override
  public void addListener(DeviceListener listener) {
    super.addListener(listener);
    listeners.add(listener);
  }

  @Override
  public void removeListener(DeviceListener listener) {
    super.removeListener(listener);
    listeners.remove(listener);
  }

  @Override
  public void close() throws IOException {
    super.close();
    closes.incrementAndGet();
    if (failsToClose) {
      throw new IOException("close failed, on purpose");
    }
  }
}
