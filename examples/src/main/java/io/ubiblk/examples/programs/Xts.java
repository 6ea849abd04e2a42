package io.ubiblk.examples.programs;

import io.ubiblk.config.Configuration;
import io.ubiblk.config.ConfigurationException;
import io.ubiblk.config.EncryptionSection;
import io.ubiblk.crypto.TweakLayout;
import io.ubiblk.crypto.XtsCipher;
import io.ubiblk.crypto.XtsKey;
import io.ubiblk.examples.Runner;
import io.ubiblk.examples.Termination;
import io.ubiblk.examples.cli.Arguments;
import io.ubiblk.examples.cli.CommandLine;
import io.ubiblk.examples.cli.Option;
import io.ubiblk.examples.cli.ValueType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Encrypts or decrypts a file with the key of a disk. */
public final class Xts implements Runner {

  /** What to do. */
  public enum Action {
    /** Encrypt. */
    ENCODE,
    /** Decrypt. */
    DECODE
  }

  private final CommandLine line =
      new CommandLine("xts", "Encrypts or decrypts sectors of a file with the key of a disk.");
  private final CommonOptions common = new CommonOptions(line, "xts");
  private final Option<Long> start =
      line.defaulted(
          "--start", "N", ValueType.COUNT, "0", "first sector of INPUT, and of the key stream");
  private final Option<Long> length =
      line.optional(
          "--len",
          "N",
          ValueType.COUNT,
          "number of sectors of 512 bytes; unless given, all up to the end");
  private final Option<Action> action =
      line.defaulted(
          "--action",
          "ACTION",
          ValueType.choice(List.of(Action.ENCODE, Action.DECODE)),
          "decode",
          "encode encrypts to the same place of OUTPUT, decode decrypts to its beginning");
  private final Option<Path> input = line.operand("INPUT", ValueType.PATH, "the file to read");
  private final Option<Path> output =
      line.operand("OUTPUT", ValueType.PATH, "the file to write, replaced if it exists");

  /** Creates the program. */
  public Xts() {}

  @Override
  public CommandLine commandLine() {
    return line;
  }

  @Override
  public void run(Arguments arguments, Termination termination) throws IOException {
    common.begin(arguments);
    Path from = arguments.get(input);
    Path to = arguments.get(output);
    try (Configuration configuration = common.load(arguments, termination);
        XtsKey key = key(configuration);
        XtsCipher cipher = new XtsCipher(key, TweakLayout.UBIBLK)) {
      if (Files.exists(to) && Files.exists(from) && Files.isSameFile(from, to)) {
        throw new IOException(to + " is the input, too, expected another file to write to");
      }
      SectorFile.Range range =
          SectorFile.range(from, arguments.get(start), arguments.find(length).orElse(-1L));
      boolean encode = arguments.get(action) == Action.ENCODE;
      SectorFile.convert(
          from,
          to,
          range,
          encode ? range.first() : 0,
          (sector, data) -> {
            if (termination.isRequested()) {
              throw new IOException("told to end; " + to + " is not complete");
            }
            if (encode) {
              cipher.encrypt(sector, data, data);
            } else {
              cipher.decrypt(sector, data, data);
            }
          });
    }
  }

  private static XtsKey key(Configuration configuration) throws IOException {
    EncryptionSection encryption = configuration.encryption();
    if (encryption == null) {
      throw new ConfigurationException(
          configuration.file(), 0, "encryption", "is missing, expected the key of the disk");
    }
    return configuration.secrets().xtsKey(encryption.xtsKey());
  }
}
