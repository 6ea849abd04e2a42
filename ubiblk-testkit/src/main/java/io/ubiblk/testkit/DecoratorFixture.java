package io.ubiblk.testkit;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import java.util.Set;

/** What a {@link DecoratorContract} has to be told about a device that wraps another one. */
public interface DecoratorFixture extends BlockDeviceFixture {

  /**
   * Wraps a device. Also called with devices that no decorator can do much with; it may then throw,
   * and must not have closed the device that it was given.
   *
   * @param inner the device to wrap, owned by the result
   * @return the decorator
   * @throws Exception if the device is not fit to be wrapped
   */
  BlockDevice decorate(BlockDevice inner) throws Exception;

  /**
   * Returns how large the wrapped device must be. Default: as large as the decorator.
   *
   * @param size size of the decorator in bytes
   * @return size of the wrapped device in bytes
   */
  default long innerSize(long size) {
    return size;
  }

  /**
   * Prepares a zeroed device to be wrapped for the first time, for decorators that keep something
   * of their own on it. Default: nothing.
   *
   * @param inner the device, not to be kept; {@link MemoryBlockDevice#poke} changes it
   */
  default void format(MemoryBlockDevice inner) {}

  /**
   * Returns the capabilities that the decorator implements itself, so that it offers them whether
   * or not the wrapped device does. Default: none.
   *
   * @return capabilities
   */
  default Set<Capability> ownCapabilities() {
    return Set.of();
  }

  /**
   * Returns the size of the disks on which power is cut. Default: 64 KiB.
   *
   * @return size of the decorator in bytes
   */
  default long powerCutSize() {
    return 64 * 1024;
  }

  /**
   * Returns how often the power is cut. Default: 300 times.
   *
   * @return number of power cuts
   */
  default int powerCuts() {
    return 300;
  }

  /** Makes the decorator over a {@link ModelBlockDevice}. */
  @Override
  default BlockDevice newDevice(long size) throws Exception {
    return decorate(newInner(ModelOptions.of(innerSize(size))));
  }

  /**
   * Makes a device to wrap, prepared by {@link #format}.
   *
   * @param options what it is like
   * @return the device
   */
  default ModelBlockDevice newInner(ModelOptions options) {
    ModelBlockDevice inner = new ModelBlockDevice(options);
    format(inner);
    return inner;
  }
}
