package io.ubiblk.core.file;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Geometry;
import io.ubiblk.core.linux.OpenFile;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What kind of file a device has, and what follows from it.
 *
 * @param regular whether it is a regular file, and not a block special file
 * @param alignment what transfers have to be aligned to
 * @param zeroingGranularity unit in bytes of the ranges that the file can free or zero
 * @param geometry size and block sizes at first
 */
record FileShape(
    boolean regular, FileAlignment alignment, int zeroingGranularity, Geometry geometry) {

  private static final int LARGEST_PHYSICAL_BLOCK = 4096;

  /**
   * Looks at a file, and refuses one that can be no device.
   *
   * @param forced what to take for the alignment of direct access, or null to ask the kernel
   */
  static FileShape of(OpenFile file, boolean direct, @Nullable FileAlignment forced)
      throws BlockDeviceException {
    OpenFile.Properties properties = file.properties();
    requireFile(file.path(), properties);
    FileAlignment alignment = FileAlignment.NONE;
    if (direct) {
      alignment = forced != null ? forced : FileAlignment.ofDirect(properties);
      refuseCutBlock(file.path(), properties.size(), alignment);
    }
    return new FileShape(
        properties.regular(),
        alignment,
        properties.logicalBlockSize(),
        geometry(properties, alignment));
  }

  private static void requireFile(Path path, OpenFile.Properties properties)
      throws BlockDeviceException.BadFormat {
    if (!properties.regular() && !properties.block()) {
      throw new BlockDeviceException.BadFormat(
          path + " is neither a regular file nor a block special file");
    }
    if (properties.size() % Geometry.SECTOR != 0) {
      throw new BlockDeviceException.BadFormat(
          path + " has " + properties.size() + " bytes, expected a multiple of " + Geometry.SECTOR);
    }
  }

  /** Without the page cache, the last storage block can be written as a whole only. */
  static void refuseCutBlock(Path path, long size, FileAlignment alignment)
      throws BlockDeviceException.Unsupported {
    if (!alignment.fitsRange(0, size)) {
      throw new BlockDeviceException.Unsupported(
          "size of %d bytes for %s, expected a multiple of %d to go without the page cache here"
              .formatted(size, path, alignment.offset()));
    }
  }

  private static Geometry geometry(OpenFile.Properties properties, FileAlignment alignment) {
    int block =
        Integer.highestOneBit(
            Math.clamp(properties.blockSize(), Geometry.SECTOR, LARGEST_PHYSICAL_BLOCK));
    return Geometry.of(properties.size())
        .withBlockSizes(Geometry.SECTOR, Math.max(block, alignment.offset()))
        .withMemoryAlignment(alignment.memory())
        .withDiscardGranularity(block);
  }
}
