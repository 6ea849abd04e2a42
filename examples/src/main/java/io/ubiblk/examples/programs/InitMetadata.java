package io.ubiblk.examples.programs;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.StripeSource;
import io.ubiblk.config.Configuration;
import io.ubiblk.config.ConfigurationException;
import io.ubiblk.config.DiskAssembly;
import io.ubiblk.config.SourceSection;
import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.core.metadata.MetadataFile;
import io.ubiblk.core.metadata.MetadataLayout;
import io.ubiblk.core.metadata.StripeMetadata;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.examples.Runner;
import io.ubiblk.examples.Termination;
import io.ubiblk.examples.cli.Arguments;
import io.ubiblk.examples.cli.CommandLine;
import io.ubiblk.examples.cli.Option;
import io.ubiblk.examples.cli.ValueType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes the metadata file of a new disk. */
public final class InitMetadata implements Runner {

  private static final Logger LOG = LoggerFactory.getLogger(InitMetadata.class);
  private static final int BYTES_PER_THREAD = 2 << 20;
  private static final int MOST_THREADS = 8;

  private final CommandLine line =
      new CommandLine("init-metadata", "Writes the metadata file of a new disk.");
  private final CommonOptions common = new CommonOptions(line, "vhost-user-blk metadata init");
  private final Option<Integer> shift =
      line.letter(
          's',
          line.defaulted(
              "--stripe-sector-count-shift",
              "N",
              ValueType.number(0, Integer.MAX_VALUE),
              Integer.toString(MetadataLayout.DEFAULT_SHIFT),
              "a stripe has 2^N sectors of 512 bytes, N from "
                  + MetadataLayout.SMALLEST_NEW_SHIFT
                  + " to "
                  + MetadataLayout.LARGEST_NEW_SHIFT));

  /** Creates the program. */
  public InitMetadata() {}

  @Override
  public CommandLine commandLine() {
    return line;
  }

  @Override
  public void run(Arguments arguments, Termination termination) throws IOException {
    common.begin(arguments);
    try (Configuration configuration = common.load(arguments, termination)) {
      int value = arguments.get(shift);
      if (value < MetadataLayout.SMALLEST_NEW_SHIFT || value > MetadataLayout.LARGEST_NEW_SHIFT) {
        throw new IOException(
            "option "
                + shift.name()
                + " has the value "
                + value
                + ", expected "
                + MetadataLayout.SMALLEST_NEW_SHIFT
                + " to "
                + MetadataLayout.LARGEST_NEW_SHIFT);
      }
      initialise(configuration, value);
    }
  }

  /**
   * Writes the metadata file of a disk, in place of any that there is.
   *
   * @param configuration describes the disk
   * @param shift binary logarithm of a stripe's number of sectors
   * @throws IOException if the configuration names no metadata file, or something cannot be read or
   *     written
   */
  public static void initialise(Configuration configuration, int shift) throws IOException {
    Path file = configuration.device().metadataPath();
    if (file == null) {
      throw new ConfigurationException(
          configuration.file(),
          0,
          "device.metadata_path",
          "is missing, expected the path of the file to write");
    }
    refuseContent(configuration, file);
    StripeMetadata metadata = describe(configuration, shift);
    MetadataFile.allocate(file, metadata.stripes());
    ReactorOptions options = ReactorOptions.of(threads(configuration, Files.size(file)));
    try (ReactorGroup reactors = ReactorGroup.start(options);
        BlockDevice bottom = RawFileDevice.open(file, RawFileOptions.DEFAULT);
        BlockDevice store = DiskAssembly.stored(configuration, bottom)) {
      MetadataFile.format(store, reactors.reactors(), metadata);
    }
    LOG.info("{}: {}", file, metadata);
  }

  /** One for each few MiB to encrypt, which takes most of the time that the program runs. */
  private static int threads(Configuration configuration, long bytes) {
    int most = configuration.encryption() == null ? 1 : Runtime.getRuntime().availableProcessors();
    return Math.clamp(bytes / BYTES_PER_THREAD, 1, Math.min(most, MOST_THREADS));
  }

  private static StripeMetadata describe(Configuration configuration, int shift)
      throws IOException {
    RawFileOptions readOnly = RawFileOptions.DEFAULT.withReadOnly(true);
    try (BlockDevice bottom = RawFileDevice.open(configuration.device().dataPath(), readOnly);
        BlockDevice data = DiskAssembly.stored(configuration, bottom);
        StripeSource source = DiskAssembly.openSource(configuration)) {
      return StripeMetadata.initial(data.geometry().size(), shift, source);
    }
  }

  /** Refuses to write metadata over the disk itself, or over its image. */
  private static void refuseContent(Configuration configuration, Path file) throws IOException {
    Path data = configuration.device().dataPath();
    boolean isImage =
        configuration.stripeSource() instanceof SourceSection.Raw raw
            && isSame(file, raw.imagePath());
    if (isImage || isSame(file, data)) {
      throw new ConfigurationException(
          configuration.file(),
          0,
          "device.metadata_path",
          "= \"" + file + "\", which is the disk's data or image, expected a file of its own");
    }
  }

  private static boolean isSame(Path file, Path other) throws IOException {
    return Files.exists(file) && Files.exists(other) && Files.isSameFile(file, other);
  }
}
