package io.ubiblk.core;

import io.ubiblk.api.StripeSource;
import io.ubiblk.core.lazy.SourceOpener;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens a source once, for the metadata that is made of it and for the disk that reads it. */
final class FirstSource implements SourceOpener, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(FirstSource.class);

  private final SourceOpener opener;
  private @Nullable StripeSource present;

  FirstSource(SourceOpener opener) {
    this.opener = opener;
  }

  /** The source, which stays this object's. */
  StripeSource look() throws IOException {
    StripeSource source = open();
    present = source;
    return source;
  }

  @Override
  public StripeSource open() throws IOException {
    StripeSource source = present;
    present = null;
    return source != null ? source : opener.open();
  }

  /** Closes a source that nobody has taken over. */
  @Override
  public void close() {
    StripeSource left = present;
    present = null;
    if (left != null) {
      try {
        left.close();
      } catch (IOException | RuntimeException e) {
        LOG.warn("{} could not be closed", left, e);
      }
    }
  }
}
