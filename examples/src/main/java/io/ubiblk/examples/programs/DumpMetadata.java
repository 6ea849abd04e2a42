package io.ubiblk.examples.programs;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.config.ArchiveStorage;
import io.ubiblk.config.Configuration;
import io.ubiblk.config.ConfigurationException;
import io.ubiblk.config.DiskAssembly;
import io.ubiblk.config.RemoteConnection;
import io.ubiblk.config.SourceSection;
import io.ubiblk.core.blocking.BlockingDevice;
import io.ubiblk.core.metadata.MetadataFile;
import io.ubiblk.core.metadata.StripeHeader;
import io.ubiblk.core.metadata.StripeMetadata;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.examples.Runner;
import io.ubiblk.examples.Termination;
import io.ubiblk.examples.cli.Arguments;
import io.ubiblk.examples.cli.CommandLine;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Prints what a disk's metadata says. Takes no lock, so that it works beside a backend. */
public final class DumpMetadata implements Runner {

  private final CommandLine line =
      new CommandLine("dump-metadata", "Prints what a disk's metadata says.");
  private final CommonOptions common = new CommonOptions(line, "dump-metadata");

  /** Creates the program. */
  public DumpMetadata() {}

  @Override
  public CommandLine commandLine() {
    return line;
  }

  @Override
  public void run(Arguments arguments, Termination termination) throws IOException {
    common.begin(arguments);
    try (Configuration configuration = common.load(arguments, termination)) {
      System.out.print(describe(configuration));
    }
  }

  /**
   * Describes a disk and its metadata.
   *
   * @param configuration describes the disk
   * @return the lines
   * @throws IOException if the configuration names no metadata file, or something cannot be read
   */
  public static String describe(Configuration configuration) throws IOException {
    Path file = configuration.device().metadataPath();
    if (file == null) {
      throw new ConfigurationException(
          configuration.file(),
          0,
          "device.metadata_path",
          "is missing, expected the path of the file to print");
    }
    Path data = configuration.device().dataPath();
    String first = "data file: " + data + " (" + UnlockedFile.size(data) + " bytes)\n";
    String second = "source: " + describe(configuration.stripeSource()) + "\n";
    return first + second + describe(load(configuration, file));
  }

  private static StripeMetadata load(Configuration configuration, Path file) throws IOException {
    try (ReactorGroup reactors = ReactorGroup.start(ReactorOptions.of(1));
        BlockDevice bottom = new BlockingDevice(UnlockedFile.open(file));
        BlockDevice store = DiskAssembly.stored(configuration, bottom)) {
      return MetadataFile.load(store, reactors.next());
    }
  }

  private static String describe(StripeMetadata metadata) {
    return "metadata version: 2.0\nstripe size: "
        + metadata.stripeSize()
        + " bytes\nfetched stripes: "
        + indices(metadata, StripeHeader.FETCHED)
        + "\nwritten stripes: "
        + indices(metadata, StripeHeader.WRITTEN)
        + "\nhas-source stripes: "
        + indices(metadata, StripeHeader.HAS_SOURCE)
        + "\n";
  }

  private static String indices(StripeMetadata metadata, int bit) {
    return IndexList.of(metadata.stripes(), stripe -> (metadata.header(stripe) & bit) != 0);
  }

  private static String describe(@Nullable SourceSection source) throws IOException {
    return switch (source) {
      case null -> "None";
      case SourceSection.Raw raw ->
          "raw (path: %s, size: %d bytes)"
              .formatted(raw.imagePath(), UnlockedFile.size(raw.imagePath()));
      case SourceSection.Remote remote -> {
        RemoteConnection.Psk psk = remote.connection().psk();
        yield "remote (address: %s, psk_identity: %s)"
            .formatted(remote.connection().address(), orNone(psk == null ? null : psk.identity()));
      }
      case SourceSection.Archive archive -> describe(archive.storage());
    };
  }

  private static String describe(ArchiveStorage storage) {
    return switch (storage) {
      case ArchiveStorage.Filesystem files ->
          "archive filesystem (path: %s)".formatted(files.path());
      case ArchiveStorage.S3 s3 ->
          "archive s3 (bucket: %s, prefix: %s, region: %s)"
              .formatted(s3.bucket(), orNone(s3.prefix()), orNone(s3.region()));
    };
  }

  private static String orNone(@Nullable String text) {
    return text == null ? "None" : text;
  }
}
