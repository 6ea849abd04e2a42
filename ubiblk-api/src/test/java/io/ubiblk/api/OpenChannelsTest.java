package io.ubiblk.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class OpenChannelsTest {

  private final OpenChannels channels = new OpenChannels();
  private final BlockDevice device =
      (BlockDevice)
          Proxy.newProxyInstance(
              getClass().getClassLoader(),
              new Class<?>[] {BlockDevice.class},
              (_, _, _) -> "the device");

  @Test
  void aDeviceWithOpenChannelsStaysOpen() throws Exception {
    channels.opened(device);
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> channels.close(device));
    assertEquals("the device has 1 open channels, expected none", e.getMessage());
    channels.opened(device);
    channels.closing();
    channels.closed();
    channels.closing();
    channels.closed();
    assertTrue(channels.close(device));
    assertFalse(channels.close(device), "only the first call closes");
    assertThrows(BlockDeviceException.Closed.class, () -> channels.opened(device));
  }

  @Test
  void whoeverClosesAgainWaitsToo() throws Exception {
    channels.opened(device);
    channels.closing();
    FutureTask<Boolean> first = new FutureTask<>(() -> channels.close(device));
    Thread closer = Thread.ofPlatform().start(first);
    assertFalse(closer.join(Duration.ofMillis(20)));
    FutureTask<Boolean> second = new FutureTask<>(() -> channels.close(device));
    assertFalse(Thread.ofPlatform().start(second).join(Duration.ofMillis(20)));
    channels.closed();
    assertTrue(first.get() ^ second.get(), "one of them is the first");
    assertThrows(BlockDeviceException.Closed.class, () -> channels.requireOpen(device));
  }

  @Test
  void closingWaitsForChannelsOnTheirWayOutAndKeepsInterruptions() throws Exception {
    channels.opened(device);
    channels.closing();
    FutureTask<Boolean> closing =
        new FutureTask<>(() -> channels.close(device) && Thread.interrupted());
    Thread thread = Thread.ofPlatform().start(closing);
    thread.interrupt();
    assertFalse(thread.join(Duration.ofMillis(20)));
    assertThrows(BlockDeviceException.Closed.class, () -> channels.opened(device));
    channels.closed();
    assertTrue(closing.get());
  }
}
