package io.ubiblk.core.lazy;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.StripeSource;
import io.ubiblk.core.metadata.MetadataFile;
import io.ubiblk.core.metadata.MetadataLayout;
import io.ubiblk.core.metadata.StripeHeader;
import io.ubiblk.core.metadata.StripeMetadata;

/** Whether data, metadata and source of a lazy disk fit together. */
final class DiskParts {

  private DiskParts() {}

  /** Refuses data and metadata that are not of one disk, or cannot be used for one. */
  static void check(BlockDevice data, BlockDevice metadata, StripeMetadata loaded)
      throws BlockDeviceException {
    long size = data.geometry().size();
    long needed = MetadataLayout.stripes(size, loaded.shift());
    if (loaded.stripes() < needed) {
      throw new BlockDeviceException.Mismatch(
          data
              + " has "
              + size
              + " bytes, that is "
              + needed
              + " stripes of "
              + loaded.stripeSize()
              + ", but metadata "
              + metadata
              + " describes only "
              + loaded.stripes()
              + "; if the disk has grown, extend its metadata");
    }
    MetadataFile.requireSectors(metadata);
    if (!data.capabilities().contains(Capability.WRITE)) {
      throw new BlockDeviceException.Unsupported(data + " is read-only and cannot be filled");
    }
    if (loaded.stripeSize() % data.geometry().logicalBlockSize() != 0) {
      throw new BlockDeviceException.Mismatch(
          data
              + " has blocks of "
              + data.geometry().logicalBlockSize()
              + " bytes, which do not divide stripes of "
              + loaded.stripeSize());
    }
  }

  /** Refuses a source that is not one of the disk. */
  static void check(StripeSource source, BlockDevice data, StripeMetadata loaded)
      throws BlockDeviceException.Mismatch {
    StripeMetadata.checkStripeSize(source, loaded.stripeSize());
    long size = data.geometry().size();
    long stripes = MetadataLayout.stripes(source.size(), loaded.shift());
    boolean fits =
        source.stripeSize().isPresent()
            // The end of a source of stripes is that of its last stripe, also if the disk's is cut.
            ? stripes <= MetadataLayout.stripes(size, loaded.shift())
            : source.size() <= size;
    if (!fits) {
      throw new BlockDeviceException.Mismatch(
          source + " has " + source.size() + " bytes, more than the " + size + " of " + data);
    }
  }

  /** Whether everything has been fetched, so that no source is needed. */
  static boolean isComplete(BlockDevice data, StripeMetadata loaded) {
    int stripes = stripes(data.geometry().size(), loaded.shift());
    for (int s = 0; s < stripes; s++) {
      if (!StripeHeader.isReady(loaded.header(s))) {
        return false;
      }
    }
    return true;
  }

  /** How many stripes a disk has. */
  static int stripes(long size, int shift) {
    return Math.toIntExact(MetadataLayout.stripes(size, shift));
  }
}
