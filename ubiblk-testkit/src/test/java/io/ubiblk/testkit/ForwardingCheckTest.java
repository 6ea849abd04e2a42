package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.api.ForwardingBlockChannel;
import io.ubiblk.api.ForwardingBlockDevice;
import java.io.IOException;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ForwardingCheckTest {

  private static class Device extends ForwardingBlockDevice {
    Device(BlockDevice delegate) {
      super(delegate);
    }
  }

  private static class Channel extends ForwardingBlockChannel {
    Channel(BlockChannel delegate) {
      super(delegate);
    }
  }

  @Test
  void forwardersPass() {
    ForwardingCheck.ofDevice(Device::new);
    ForwardingCheck.ofChannel(Channel::new);
    ForwardingCheck.ofDevice(RecordingBlockDevice::new, "openChannel");
    ForwardingCheck.ofDevice(d -> new FaultyBlockDevice(d, 1), "openChannel");
  }

  @Test
  void forwardersPrintTheChain() {
    String text = new Device(new Device(new ModelBlockDevice(512))).toString();
    assertTrue(text.startsWith("Device(Device("), text);
  }

  @Test
  void aMethodThatIsNotForwardedIsNamed() {
    Expect.failure(
        AssertionError.class,
        "extents",
        () ->
            ForwardingCheck.ofDevice(
                d ->
                    new Device(d) {
                      @Override
                      public void extents(long offset, long length, ExtentVisitor visitor) {}
                    }));
  }

  @Test
  void aMethodThatIsForwardedTwiceIsNamed() {
    Expect.failure(
        AssertionError.class,
        "close",
        () ->
            ForwardingCheck.ofDevice(
                d ->
                    new Device(d) {
                      @Override
                      public void close() throws IOException {
                        super.close();
                        super.close();
                      }
                    }));
  }

  @Test
  void changedArgumentsAreNoticed() {
    Expect.failure(
        AssertionError.class,
        "argument 1",
        () ->
            ForwardingCheck.ofChannel(
                c ->
                    new Channel(c) {
                      @Override
                      public boolean discard(long offset, long length, long tag) {
                        return super.discard(offset, length + 1, tag);
                      }
                    }));
  }

  @Test
  void changedResultsAreNoticed() {
    Expect.failure(
        AssertionError.class,
        "returns",
        () ->
            ForwardingCheck.ofDevice(
                d ->
                    new Device(d) {
                      @Override
                      public Set<Capability> capabilities() {
                        super.capabilities();
                        return Set.of();
                      }
                    }));
  }

  @Test
  void exceptionsMustNameMethods() {
    Expect.failure(
        AssertionError.class,
        "openChanel",
        () -> ForwardingCheck.ofDevice(Device::new, "openChanel"));
  }
}
