package io.ubiblk.config.secret;

import java.nio.file.Path;

/** Where the bytes of a secret come from. */
public sealed interface SecretSource {

  /**
   * A file, pipe or device.
   *
   * @param path its path; reading a pipe waits until somebody has written to it
   */
  record FromFile(Path path) implements SecretSource {}

  /**
   * The configuration itself.
   *
   * @param text the UTF-8 bytes of the text, wiped when the secrets have been loaded
   */
  record Inline(SecretBytes text) implements SecretSource {}

  /**
   * A variable of the process's environment.
   *
   * @param variable its name
   */
  record FromEnvironment(String variable) implements SecretSource {}
}
