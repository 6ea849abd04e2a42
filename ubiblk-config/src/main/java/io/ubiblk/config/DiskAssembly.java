package io.ubiblk.config;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.StripeSource;
import io.ubiblk.core.Layer;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.core.VirtualDiskBuilder;
import io.ubiblk.core.lazy.SourceOpener;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.core.source.RawImageSource;
import io.ubiblk.crypto.Encryption;
import io.ubiblk.crypto.XtsKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Assembles disks that {@link Configuration}s describe. */
public final class DiskAssembly {

  private static final Logger LOG = LoggerFactory.getLogger(DiskAssembly.class);

  private DiskAssembly() {}

  /**
   * Opens a disk on the reactors that the process shares. Blocks: not to be called on a reactor's
   * thread.
   *
   * @param configuration describes the disk; may be closed afterwards
   * @return the disk
   * @throws BlockDeviceException.Unsupported if the disk needs a kind of source that does not exist
   *     yet; the message says which
   * @throws IOException if something cannot be opened, or does not fit together
   */
  public static VirtualDisk open(Configuration configuration) throws IOException {
    return builder(configuration).build();
  }

  /**
   * Opens a disk on reactors of its own choice. Blocks: not to be called on a reactor's thread.
   *
   * @param configuration describes the disk; may be closed afterwards
   * @param reactors the reactors, to be closed after the disk
   * @return the disk
   * @throws BlockDeviceException.Unsupported if the disk needs a kind of source that does not exist
   *     yet; the message says which
   * @throws IOException if something cannot be opened, or does not fit together
   */
  public static VirtualDisk open(Configuration configuration, ReactorGroup reactors)
      throws IOException {
    return builder(configuration).reactors(reactors).build();
  }

  /**
   * Describes a disk to a builder, for programs that add something of their own.
   *
   * @param configuration describes the disk; to be closed only when the disk has been built
   * @return the builder
   * @throws IOException if the metadata file is missing, or a part of the disk does not exist yet
   */
  public static VirtualDiskBuilder builder(Configuration configuration) throws IOException {
    DeviceSection device = configuration.device();
    VirtualDiskBuilder builder =
        VirtualDisk.builder()
            .file(device.dataPath())
            .writeThrough(configuration.tuning().writeThrough());
    for (Layer layer : storageLayers(configuration)) {
      builder.storedThrough(layer);
    }
    Path metadata = device.metadataPath();
    if (metadata == null) {
      if (configuration.stripeSource() != null) {
        LOG.warn("{}: stripe_source has no effect without metadata_path", configuration.file());
      }
      return builder;
    }
    if (Files.notExists(metadata)) {
      throw new BlockDeviceException.Mismatch(
          configuration.file()
              + ": device.metadata_path names "
              + metadata
              + ", which does not exist, expected a metadata file that has been initialised");
    }
    SourceSection source = configuration.stripeSource();
    return builder
        .lazyFrom(sourceOpener(configuration), metadata)
        .trackWritten(device.trackWritten())
        .autofetch(source != null && source.autofetch())
        .copyOnRead(source instanceof SourceSection.Raw raw && raw.copyOnRead());
  }

  /**
   * Returns the layers through which a disk's data and metadata are stored: its encryption, if it
   * is encrypted.
   *
   * @param configuration describes the disk; to be closed only when the layers have been made
   * @return the layers from inside out
   */
  public static List<Layer> storageLayers(Configuration configuration) {
    EncryptionSection encryption = configuration.encryption();
    if (encryption == null) {
      return List.of();
    }
    return List.of(
        device -> {
          try (XtsKey key = configuration.secrets().xtsKey(encryption.xtsKey())) {
            return Encryption.aesXts(key).over(device);
          }
        });
  }

  /**
   * Opens the source of a disk.
   *
   * @param configuration describes the disk
   * @return the source, or null if the configuration names none
   * @throws BlockDeviceException.Unsupported if that kind of source does not exist yet
   * @throws IOException if the source cannot be opened
   */
  public static @Nullable StripeSource openSource(Configuration configuration) throws IOException {
    return configuration.stripeSource() == null ? null : sourceOpener(configuration).open();
  }

  /**
   * Returns how the reactors of a disk that has a process of its own are to be made: one for each
   * queue.
   *
   * @param tuning how the disk is served
   * @return the options
   */
  public static ReactorOptions reactors(Tuning tuning) {
    List<Integer> cpus = tuning.cpus();
    return ReactorOptions.of(tuning.numQueues())
        .withKind(
            switch (tuning.ioEngine()) {
              case IO_URING -> ReactorOptions.Kind.AUTOMATIC;
              case SYNC -> ReactorOptions.Kind.EPOLL;
            })
        .withPollNanos(tuning.pollTimeoutMicros() * 1000L)
        .withCpus(cpus == null ? List.of() : cpus);
  }

  private static SourceOpener sourceOpener(Configuration configuration)
      throws BlockDeviceException.Unsupported {
    SourceSection source = configuration.stripeSource();
    return switch (source) {
      case null -> () -> noSource(configuration);
      case SourceSection.Raw raw -> () -> RawImageSource.open(raw.imagePath());
      case SourceSection.Archive archive -> throw unsupported(configuration, "archive");
      case SourceSection.Remote remote -> throw unsupported(configuration, "remote");
    };
  }

  private static StripeSource noSource(Configuration configuration) throws IOException {
    throw new BlockDeviceException.Mismatch(
        configuration.file()
            + " has no section stripe_source, expected one, since stripes have not been fetched: "
            + configuration.device().metadataPath());
  }

  private static BlockDeviceException.Unsupported unsupported(
      Configuration configuration, String type) {
    return new BlockDeviceException.Unsupported(
        configuration.file()
            + ": stripe_source.type = \""
            + type
            + "\" is not supported yet, expected \"raw\"");
  }
}
