package io.ubiblk.examples.programs;

import io.ubiblk.config.Configuration;
import io.ubiblk.config.ConfigurationException;
import io.ubiblk.crypto.CoreDumps;
import io.ubiblk.examples.Termination;
import io.ubiblk.examples.cli.Arguments;
import io.ubiblk.examples.cli.CommandLine;
import io.ubiblk.examples.cli.Option;
import io.ubiblk.examples.cli.ValueType;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import org.slf4j.LoggerFactory;

/** The options that all programs share that work on a disk's configuration. */
final class CommonOptions {

  private final Option<Path> config;
  private final LoggingOption logging;

  CommonOptions(CommandLine line, String title) {
    line.withVersion(Release.describe(title));
    config =
        line.letter(
            'f',
            line.required("--config", "FILE", ValueType.PATH, "the disk's configuration, TOML"));
    logging = new LoggingOption(line);
  }

  /** Does what has to be done before a program that will hold keys does anything else. */
  void begin(Arguments arguments) {
    logging.apply(arguments);
    Thread.ofPlatform().daemon().name("warm-up").start(CommonOptions::warmUp);
    CoreDumps.disable();
  }

  /**
   * Sets up what reading a configuration needs, while the first native call is being linked: each
   * takes a good part of the time that a start may take. What fails here fails again where it is
   * wanted, and is reported there.
   */
  private static void warmUp() {
    try {
      Class.forName("org.tomlj.internal.TomlLexer");
      Class.forName("org.tomlj.internal.TomlParser");
      Cipher.getInstance("AES/GCM/NoPadding");
    } catch (ReflectiveOperationException | GeneralSecurityException e) {
      LoggerFactory.getLogger(CommonOptions.class).debug("warm-up", e);
    }
  }

  /** Loads the configuration. A signal ends the process meanwhile: a secret may never come. */
  Configuration load(Arguments arguments, Termination termination) throws ConfigurationException {
    termination.endAtOnce(true);
    try {
      return Configuration.load(arguments.get(config));
    } finally {
      termination.endAtOnce(false);
    }
  }
}
