package io.ubiblk.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceListenersTest {

  private final List<String> heard = new ArrayList<>();
  private final DeviceListeners listeners = new DeviceListeners();

  private DeviceListener listener(String name) {
    return new DeviceListener() {
      @Override
      public void sizeChanged(long size) {
        heard.add(name + " " + size);
      }

      @Override
      public void failed(BlockDeviceException cause) {
        heard.add(name + " " + cause.getMessage());
      }
    };
  }

  @Test
  void everyListenerHearsEveryEventOnce() {
    DeviceListener one = listener("one");
    listeners.add(one);
    listeners.add(one);
    listeners.add(listener("two"));
    listeners.sizeChanged(512);
    listeners.remove(one);
    listeners.remove(one);
    listeners.failed(new BlockDeviceException.Closed("gone"));
    assertEquals(List.of("one 512", "two 512", "two gone"), heard);
  }

  @Test
  void aListenerMayLeaveWhileItListens() {
    DeviceListener[] self = new DeviceListener[1];
    self[0] =
        new DeviceListener() {
          @Override
          public void sizeChanged(long size) {
            heard.add("" + size);
            listeners.remove(self[0]);
          }
        };
    listeners.add(self[0]);
    listeners.sizeChanged(1);
    listeners.sizeChanged(2);
    assertEquals(List.of("1"), heard);
  }
}
