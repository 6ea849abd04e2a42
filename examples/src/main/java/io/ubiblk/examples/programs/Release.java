package io.ubiblk.examples.programs;

import io.ubiblk.examples.Main;
import java.lang.module.ModuleDescriptor;
import java.util.Optional;

/** What version this is. */
public final class Release {

  /** The version of ubiblk whose files, options and answers these programs share. */
  public static final String COMPATIBLE = "0.5.1";

  private Release() {}

  /**
   * Returns what a program prints as its version: a line as ubiblk's program has it, and one that
   * says what it really is.
   *
   * @param title the program's title
   * @return two lines, without a line end
   */
  public static String describe(String title) {
    return title + " " + COMPATIBLE + "\n" + own();
  }

  /** {@return what these programs are, with their own version, without a line end} */
  public static String own() {
    // On the class path the jar's manifest knows it, on the module path the module.
    String own =
        Optional.ofNullable(Main.class.getPackage().getImplementationVersion())
            .or(
                () ->
                    Optional.ofNullable(Main.class.getModule().getDescriptor())
                        .flatMap(ModuleDescriptor::rawVersion))
            .orElse("of unknown version");
    return "ubiblk for Java " + own;
  }
}
