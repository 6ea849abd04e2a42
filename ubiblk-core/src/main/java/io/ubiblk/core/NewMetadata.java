package io.ubiblk.core;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.api.Reactor;
import io.ubiblk.core.blocking.BlockingAccess;
import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.core.io.AfterFailure;
import io.ubiblk.core.metadata.MetadataFile;
import io.ubiblk.core.metadata.StripeMetadata;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Creates the metadata of a disk that has none. A disk that holds data is refused: with new
 * metadata, stripes of the image would replace it.
 */
final class NewMetadata {

  private static final int PORTION = 1 << 20;

  private NewMetadata() {}

  /** Creates the file, whole or not at all. */
  static void create(Path file, StripeMetadata metadata, Layer storage, Reactor reactor)
      throws IOException {
    MetadataFile.create(file, metadata, path -> open(path, storage), reactor);
  }

  private static BlockDevice open(Path file, Layer storage) throws IOException {
    BlockDevice bottom = RawFileDevice.open(file, RawFileOptions.DEFAULT);
    try {
      return storage.over(bottom);
    } catch (IOException | RuntimeException | Error e) {
      AfterFailure.close(e, bottom);
      throw e;
    }
  }

  /** Refuses a disk whose storage, below any encryption, holds anything but zeros. */
  static void refuseData(BlockDevice data, Path file, Reactor reactor) throws IOException {
    List<long[]> extents = new ArrayList<>();
    data.extents(
        0,
        data.geometry().size(),
        (offset, length, flags) -> {
          if ((flags & ExtentVisitor.ZERO) == 0) {
            extents.add(new long[] {offset, length});
          }
          return true;
        });
    try (BlockingAccess access = BlockingAccess.open(data, reactor);
        Arena arena = Arena.ofShared()) {
      MemorySegment portion = arena.allocate(PORTION, 4096);
      MemorySegment zeros = arena.allocate(PORTION);
      for (long[] extent : extents) {
        for (long done = 0; done < extent[1]; done += PORTION) {
          long length = Math.min(PORTION, extent[1] - done);
          MemorySegment part = portion.asSlice(0, length);
          access.read(extent[0] + done, part);
          if (part.mismatch(zeros.asSlice(0, length)) >= 0) {
            throw new BlockDeviceException.Mismatch(
                "metadata "
                    + file
                    + " is missing, but "
                    + data
                    + " holds data at byte "
                    + (extent[0] + done)
                    + "; with new metadata the source would replace it");
          }
        }
      }
    }
  }
}
