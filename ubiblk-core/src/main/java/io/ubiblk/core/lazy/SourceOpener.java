package io.ubiblk.core.lazy;

import io.ubiblk.api.StripeSource;
import java.io.IOException;

/** Opens a disk's source, if the disk still needs one. */
@FunctionalInterface
public interface SourceOpener {

  /**
   * Opens the source.
   *
   * @return the source, owned by the caller
   * @throws IOException if it cannot be opened
   */
  StripeSource open() throws IOException;
}
