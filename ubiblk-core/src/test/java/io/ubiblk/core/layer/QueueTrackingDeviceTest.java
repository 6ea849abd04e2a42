package io.ubiblk.core.layer;

import io.ubiblk.testkit.ForwardingCheck;
import org.junit.jupiter.api.Test;

class QueueTrackingDeviceTest {

  @Test
  void everythingButChannelsIsForwarded() {
    ForwardingCheck.ofDevice(device -> new QueueTrackingDevice(device, 2), "openChannel");
  }
}
