package io.ubiblk.core.metadata;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Reactor;
import io.ubiblk.core.blocking.BlockingAccess;
import io.ubiblk.core.io.AfterFailure;
import io.ubiblk.core.linux.Errno;
import io.ubiblk.core.linux.OpenFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Creates, reads and extends metadata files. What is read and written goes through a device,
 * because the metadata of an encrypted disk is encrypted like the disk. Calls block.
 */
public final class MetadataFile {

  private static final int FILE_MODE = 0600;

  private MetadataFile() {}

  /** Opens a file as the device that metadata is stored through. */
  @FunctionalInterface
  public interface StoreOpener {

    /**
     * Opens a file.
     *
     * @param file the file
     * @return the device, closed by the caller; if this fails, nothing is open
     * @throws IOException if the file cannot be opened
     */
    BlockDevice open(Path file) throws IOException;
  }

  /**
   * Creates a metadata file that appears whole or not at all, also if the process is killed or the
   * power is cut meanwhile: it is made under another name beside the one that it is to have, and
   * gets that name when it is durable. Of a process that is killed there may remain a file in the
   * same directory named {@code metadata.new-} and a number; it can be deleted. Durable on return.
   *
   * @param path the file, which must not exist; readable and writable by its owner only
   * @param metadata the content
   * @param opener opens the file under its first name
   * @param reactor where to do the I/O
   * @throws IOException if the file exists or cannot be made; nothing of it is left then
   */
  public static void create(Path path, StripeMetadata metadata, StoreOpener opener, Reactor reactor)
      throws IOException {
    Path young = NewFile.nameBeside(path);
    try {
      allocate(young, metadata.stripes());
      try (BlockDevice store = opener.open(young)) {
        format(store, reactor, metadata);
      }
      NewFile.rename(young, path);
    } catch (IOException | RuntimeException | Error e) {
      AfterFailure.delete(e, young);
      throw e;
    }
  }

  /**
   * Makes sure that there is a file with room for metadata. A new file is readable and writable by
   * its owner only. One that exists keeps its content, gets that mode, and grows if it is too
   * short; a symbolic link, or anything that is no regular file, is refused.
   *
   * @param path the file
   * @param stripes number of stripes that it must have room for
   * @throws BlockDeviceException if the file is refused or cannot be made
   */
  public static void allocate(Path path, long stripes) throws BlockDeviceException {
    int open = OpenFile.READ_WRITE | OpenFile.NO_FOLLOW;
    OpenFile created = create(path, open);
    if (created == null) {
      try (OpenFile present = OpenFile.open(path, open)) {
        makeRoom(present, stripes);
      }
      return;
    }
    try (created) {
      makeRoom(created, stripes);
      OpenFile.syncDirectory(path.getParent());
    } catch (BlockDeviceException | RuntimeException | Error e) {
      // A file that is half made would be taken for a damaged one.
      AfterFailure.delete(e, path);
      throw e;
    }
  }

  /** Creates a file; returns null if there is one. */
  private static @Nullable OpenFile create(Path path, int flags) throws BlockDeviceException.Io {
    try {
      return OpenFile.open(path, flags | OpenFile.CREATE | OpenFile.EXCLUSIVE);
    } catch (BlockDeviceException.Io e) {
      if (e.errno() != Errno.EEXIST) {
        throw e;
      }
      return null;
    }
  }

  private static void makeRoom(OpenFile file, long stripes) throws BlockDeviceException {
    OpenFile.Properties properties = file.properties();
    if (!properties.regular()) {
      throw new BlockDeviceException.BadFormat(file + " is no regular file");
    }
    file.setMode(FILE_MODE);
    if (properties.size() < MetadataLayout.fileSize(stripes)) {
      file.truncate(MetadataLayout.fileSize(stripes));
    }
    file.sync();
  }

  /**
   * Writes metadata, in place of whatever the device holds: the used sectors, and zeros to the end.
   * The first sector is taken away first and comes last, so that after a power cut the device holds
   * the old metadata, the new, or none that would be accepted; never a mixture. Durable on return.
   *
   * @param device holds the file; large enough
   * @param reactor where to do the I/O
   * @param metadata the content
   * @throws IOException if the device fails
   */
  public static void format(BlockDevice device, Reactor reactor, StripeMetadata metadata)
      throws IOException {
    format(device, List.of(reactor), metadata);
  }

  /**
   * Does the same with the zeros shared out among several reactors: where zeros are encrypted, a
   * large file takes one processor a while.
   *
   * @param device holds the file; large enough
   * @param reactors where to do the I/O, at least one
   * @param metadata the content
   * @throws IOException if the device fails
   */
  public static void format(BlockDevice device, List<Reactor> reactors, StripeMetadata metadata)
      throws IOException {
    byte[] used = MetadataCodec.encode(metadata);
    long size = device.geometry().size();
    if (used.length > size) {
      throw new BlockDeviceException.Mismatch(
          metadata + " needs " + used.length + " bytes, " + device + " has " + size);
    }
    try (BlockingAccess access = BlockingAccess.open(device, reactors.getFirst())) {
      access.write(0, new byte[MetadataLayout.SECTOR]);
      access.flush();
      access.write(
          MetadataLayout.SECTOR, MemorySegment.ofArray(used).asSlice(MetadataLayout.SECTOR));
      new ZeroFill(device).fill(access, reactors, used.length, size);
      access.flush();
      access.write(0, MemorySegment.ofArray(used).asSlice(0, MetadataLayout.SECTOR));
      access.flush();
    }
  }

  /**
   * Reads and checks metadata.
   *
   * @param device holds the file
   * @param reactor where to do the I/O
   * @return the content
   * @throws BlockDeviceException.BadFormat if the file is damaged, or is no metadata
   * @throws IOException if the device fails
   */
  public static StripeMetadata load(BlockDevice device, Reactor reactor) throws IOException {
    requireSectors(device);
    String name = device.toString();
    long size = device.geometry().size();
    try (BlockingAccess access = BlockingAccess.open(device, reactor)) {
      // The file may be of any length: only what its first sector asks for is read.
      byte[] header = access.read(0, (int) Math.min(size, MetadataLayout.SECTOR));
      long used = MetadataCodec.usedSize(name, ByteBuffer.wrap(header), size);
      return MetadataCodec.decode(name, ByteBuffer.wrap(access.read(0, (int) used)));
    }
  }

  /**
   * Refuses a device that cannot hold metadata, because it is not written in sectors.
   *
   * @param device the device
   * @throws BlockDeviceException.Mismatch if the device has larger blocks
   */
  public static void requireSectors(BlockDevice device) throws BlockDeviceException.Mismatch {
    int block = device.geometry().logicalBlockSize();
    if (block != MetadataLayout.SECTOR) {
      throw new BlockDeviceException.Mismatch(
          device + " has blocks of " + block + " bytes, expected 512 for metadata");
    }
  }

  /**
   * Adds stripes without source to metadata on a device, which grows if it must. May run while
   * other sectors of the file are being written. The new sectors are durable before the header
   * counts them, so that a power cut leaves the old number or the new one. Durable on return.
   *
   * @param device holds the file
   * @param reactor where to do the I/O
   * @param shift shift of the stripe size
   * @param from number of stripes that there are
   * @param to number of stripes that there are to be
   * @throws IOException if the device fails or cannot grow; the file then has the old number
   */
  public static void extend(BlockDevice device, Reactor reactor, int shift, int from, int to)
      throws IOException {
    long needed = MetadataLayout.fileSize(to);
    if (device.geometry().size() < needed) {
      device.resize(needed);
    }
    int firstNew = (int) MetadataLayout.groups(from);
    int groups = (int) MetadataLayout.groups(to);
    try (BlockingAccess access = BlockingAccess.open(device, reactor)) {
      byte[] empty = new byte[MetadataLayout.SECTOR];
      MetadataCodec.seal(ByteBuffer.wrap(empty));
      for (int group = firstNew; group < groups; group++) {
        access.write(MetadataLayout.position(group), empty);
      }
      access.flush();
      byte[] header = new byte[MetadataLayout.SECTOR];
      MetadataCodec.encodeHeader(shift, to, header);
      access.write(0, header);
      access.flush();
    }
  }
}
