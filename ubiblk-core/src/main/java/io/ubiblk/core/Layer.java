package io.ubiblk.core;

import io.ubiblk.api.BlockDevice;
import java.io.IOException;

/** Puts a layer over a device. */
@FunctionalInterface
public interface Layer {

  /**
   * Makes the layer.
   *
   * @param device the device below, owned by the layer from now on
   * @return the device above
   * @throws IOException if the layer cannot be made; the device below has not been closed
   */
  BlockDevice over(BlockDevice device) throws IOException;
}
