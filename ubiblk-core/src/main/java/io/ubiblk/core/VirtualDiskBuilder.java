package io.ubiblk.core;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.StripeSource;
import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.core.io.AfterFailure;
import io.ubiblk.core.layer.StatisticsDevice;
import io.ubiblk.core.lazy.LazyDevice;
import io.ubiblk.core.lazy.LazyOptions;
import io.ubiblk.core.lazy.SourceOpener;
import io.ubiblk.core.metadata.MetadataLayout;
import io.ubiblk.core.metadata.StripeMetadata;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.source.RawImageSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Describes a {@link VirtualDisk}. Either {@link #file} or {@link #device} says where the data
 * lives; everything else has a default. An option that would have no effect is refused when the
 * disk is built. A builder makes one disk.
 */
public final class VirtualDiskBuilder {

  private static final int UNSET = -1;
  private static final String WITHOUT_SOURCE = "a disk without a source";

  private @Nullable Path file;
  private @Nullable BlockDevice device;
  private RawFileOptions fileOptions = RawFileOptions.DEFAULT;
  private long createSize = UNSET;
  private @Nullable SourceOpener source;
  private @Nullable Path metadata;
  private LazyOptions lazyOptions = LazyOptions.DEFAULT;
  private int newStripeShift = UNSET;
  private final List<Layer> storageLayers = new ArrayList<>();
  private final List<Layer> layers = new ArrayList<>();
  private @Nullable ReactorGroup reactors;
  private boolean built;

  VirtualDiskBuilder() {}

  /**
   * Puts the data into a file.
   *
   * @param path a regular file or block special file
   * @return this
   */
  public VirtualDiskBuilder file(Path path) {
    file = path;
    return this;
  }

  /**
   * Puts the data onto a device.
   *
   * @param storage the device, owned by the disk once {@link #build} has succeeded; one that fails
   *     has not closed it
   * @return this
   */
  public VirtualDiskBuilder device(BlockDevice storage) {
    device = storage;
    return this;
  }

  /**
   * Creates the file with a size if it is missing. A file that exists is left as it is. Only with
   * {@link #file}.
   *
   * @param size size in bytes, a multiple of 512
   * @return this
   */
  public VirtualDiskBuilder createIfMissing(long size) {
    createSize = Geometry.of(size).size();
    return this;
  }

  /**
   * Transfers data between memory and storage without the page cache, or through it (the default).
   * Only with {@link #file}.
   *
   * @param value whether to bypass the page cache
   * @return this
   */
  public VirtualDiskBuilder direct(boolean value) {
    fileOptions = fileOptions.withDirect(value);
    return this;
  }

  /**
   * Makes every write durable before it completes, or only flushes (the default). Only with {@link
   * #file}.
   *
   * @param value whether to write through
   * @return this
   */
  public VirtualDiskBuilder writeThrough(boolean value) {
    fileOptions = fileOptions.withWriteThrough(value);
    return this;
  }

  /**
   * Opens the file for reading only, or for both (the default). A disk with a source cannot be
   * read-only here, since reading fills it; serve it read-only instead. Only with {@link #file}.
   *
   * @param value whether to open for reading only
   * @return this
   */
  public VirtualDiskBuilder readOnly(boolean value) {
    fileOptions = fileOptions.withReadOnly(value);
    return this;
  }

  /**
   * Fills the disk from a raw image, stripe by stripe, as it is touched.
   *
   * @param image the image; not opened if everything has been fetched
   * @param metadataFile remembers what has been fetched; created if it is missing and the disk is
   *     still empty
   * @return this
   */
  public VirtualDiskBuilder lazyFrom(Path image, Path metadataFile) {
    return lazyFrom(() -> RawImageSource.open(image), metadataFile);
  }

  /**
   * Fills the disk from a source, stripe by stripe, as it is touched.
   *
   * @param opener opens the source; called once, or not at all if everything has been fetched
   * @param metadataFile remembers what has been fetched; created if it is missing and the disk is
   *     still empty
   * @return this
   */
  public VirtualDiskBuilder lazyFrom(SourceOpener opener, Path metadataFile) {
    source = opener;
    metadata = metadataFile;
    return this;
  }

  /**
   * Brings a stripe to the disk when it is read (the default), or only when it is written. Only
   * with {@link #lazyFrom}.
   *
   * @param value whether to copy on read
   * @return this
   */
  public VirtualDiskBuilder copyOnRead(boolean value) {
    lazyOptions = lazyOptions.withCopyOnRead(value);
    return this;
  }

  /**
   * Fetches everything in the background, or only what is touched (the default). Only with {@link
   * #lazyFrom}.
   *
   * @param value whether to fetch in the background
   * @return this
   */
  public VirtualDiskBuilder autofetch(boolean value) {
    lazyOptions = lazyOptions.withAutofetch(value);
    return this;
  }

  /**
   * Keeps in the metadata which stripes were written, or not (the default). Only with {@link
   * #lazyFrom}.
   *
   * @param value whether to track writes
   * @return this
   */
  public VirtualDiskBuilder trackWritten(boolean value) {
    lazyOptions = lazyOptions.withTrackWritten(value);
    return this;
  }

  /**
   * Sets how the disk is filled, in place of all that was said before. Only with {@link #lazyFrom}.
   *
   * @param options the options
   * @return this
   */
  public VirtualDiskBuilder lazyOptions(LazyOptions options) {
    lazyOptions = options;
    return this;
  }

  /**
   * Sets the stripe size of metadata that has to be created; 1 MiB unless set. Only with {@link
   * #lazyFrom}.
   *
   * @param bytes 32 KiB to 32 MiB, a power of two
   * @return this
   */
  public VirtualDiskBuilder newStripeSize(int bytes) {
    int shift = Integer.numberOfTrailingZeros(bytes / Geometry.SECTOR);
    if (Integer.bitCount(bytes) != 1
        || shift < MetadataLayout.SMALLEST_NEW_SHIFT
        || shift > MetadataLayout.LARGEST_NEW_SHIFT) {
      throw new IllegalArgumentException(
          "stripe size of " + bytes + " bytes, expected a power of two from 32768 to 33554432");
    }
    newStripeShift = shift;
    return this;
  }

  /**
   * Adds a layer through which everything is stored, data and metadata alike, such as encryption.
   * The last one added is the outermost.
   *
   * @param layer makes the layer; called once for each
   * @return this
   */
  public VirtualDiskBuilder storedThrough(Layer layer) {
    storageLayers.add(layer);
    return this;
  }

  /**
   * Adds a layer on top of the disk. The last one added is the outermost.
   *
   * @param layer makes the layer
   * @return this
   */
  public VirtualDiskBuilder layer(Layer layer) {
    layers.add(layer);
    return this;
  }

  /**
   * Sets the reactors that the disk's own work is done on; the group that the process shares unless
   * set.
   *
   * @param group the reactors, to be closed after the disk
   * @return this
   */
  public VirtualDiskBuilder reactors(ReactorGroup group) {
    reactors = group;
    return this;
  }

  /**
   * Assembles the disk. Blocks: not to be called on a reactor's thread.
   *
   * @return the disk
   * @throws IllegalStateException if the storage is missing or named twice, if an option was set
   *     that has no effect on what was described, or if this builder has been used before
   * @throws IOException if something cannot be opened, or does not fit together; everything that
   *     was opened has then been closed, and nothing that was given
   */
  public VirtualDisk build() throws IOException {
    check();
    built = true;
    ReactorGroup group = reactors == null ? ReactorGroup.shared() : reactors;
    BlockDevice given = device;
    if (given == null) {
      return assemble(openFile(), group);
    }
    LentDevice lent = new LentDevice(given);
    VirtualDisk disk = assemble(lent, group);
    lent.keep();
    return disk;
  }

  private void check() {
    if (built) {
      throw new IllegalStateException("builder has been used, expected a new one for each disk");
    }
    if ((file == null) == (device == null)) {
      throw new IllegalStateException("expected either a file or a device for the disk's data");
    }
    if (device != null) {
      refuse(createSize != UNSET, "createIfMissing", "a device: it is for files");
      refuse(fileOptions.direct(), "direct", "a device: it is for files");
      refuse(fileOptions.writeThrough(), "writeThrough", "a device: it is for files");
      refuse(fileOptions.readOnly(), "readOnly", "a device: it is for files");
    }
    if (source == null) {
      LazyOptions plain = LazyOptions.DEFAULT;
      refuse(lazyOptions.copyOnRead() != plain.copyOnRead(), "copyOnRead", WITHOUT_SOURCE);
      refuse(lazyOptions.autofetch() != plain.autofetch(), "autofetch", WITHOUT_SOURCE);
      refuse(lazyOptions.trackWritten() != plain.trackWritten(), "trackWritten", WITHOUT_SOURCE);
      refuse(!lazyOptions.equals(plain), "lazyOptions", WITHOUT_SOURCE);
      refuse(newStripeShift != UNSET, "newStripeSize", WITHOUT_SOURCE);
    } else {
      refuse(fileOptions.readOnly(), "readOnly", "a disk with a source: reading fills it");
    }
  }

  private static void refuse(boolean contradiction, String option, String with) {
    if (contradiction) {
      throw new IllegalStateException("option " + option + " has no use for " + with);
    }
  }

  private BlockDevice openFile() throws IOException {
    Path path = Objects.requireNonNull(file);
    return createSize != UNSET && Files.notExists(path)
        ? RawFileDevice.create(path, createSize, fileOptions)
        : RawFileDevice.open(path, fileOptions);
  }

  private VirtualDisk assemble(BlockDevice bottom, ReactorGroup group) throws IOException {
    BlockDevice top = bottom;
    try {
      top = through(storageLayers, bottom);
      LazyDevice lazy = null;
      SourceOpener opener = source;
      Path metadataFile = metadata;
      if (opener != null && metadataFile != null) {
        try (FirstSource first = new FirstSource(opener)) {
          lazy = makeLazy(bottom, top, first, metadataFile, group);
        }
        top = lazy;
      }
      top = through(layers, top);
      return new VirtualDisk(new StatisticsDevice(top), lazy, group);
    } catch (IOException | RuntimeException | Error e) {
      AfterFailure.close(e, top);
      throw e;
    }
  }

  private LazyDevice makeLazy(
      BlockDevice bottom,
      BlockDevice data,
      FirstSource first,
      Path metadataFile,
      ReactorGroup group)
      throws IOException {
    boolean created = Files.notExists(metadataFile, LinkOption.NOFOLLOW_LINKS);
    if (created) {
      StripeSource opened = first.look();
      NewMetadata.refuseData(bottom, metadataFile, group.next());
      int shift = newStripeShift == UNSET ? MetadataLayout.DEFAULT_SHIFT : newStripeShift;
      StripeMetadata initial = StripeMetadata.initial(data.geometry().size(), shift, opened);
      NewMetadata.create(metadataFile, initial, d -> through(storageLayers, d), group.next());
    }
    try {
      return openLazy(data, first, metadataFile, group);
    } catch (IOException | RuntimeException | Error e) {
      if (created) {
        // It says nothing yet, and would be in the way of a disk that fits together.
        AfterFailure.delete(e, metadataFile);
      }
      throw e;
    }
  }

  private LazyDevice openLazy(
      BlockDevice data, SourceOpener opener, Path metadataFile, ReactorGroup group)
      throws IOException {
    RawFileOptions options = RawFileOptions.DEFAULT.withWriteThrough(fileOptions.writeThrough());
    BlockDevice store = RawFileDevice.open(metadataFile, options);
    try {
      store = through(storageLayers, store);
      return LazyDevice.open(data, store, opener, group.next(), lazyOptions);
    } catch (IOException | RuntimeException | Error e) {
      AfterFailure.close(e, store);
      throw e;
    }
  }

  private static BlockDevice through(List<Layer> layers, BlockDevice below) throws IOException {
    BlockDevice top = below;
    try {
      for (Layer layer : layers) {
        top = layer.over(top);
      }
      return top;
    } catch (IOException | RuntimeException | Error e) {
      // The caller closes what it gave; what was put over it in between closes it first.
      if (top != below) {
        AfterFailure.close(e, top);
      }
      throw e;
    }
  }
}
