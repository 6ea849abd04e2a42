package io.ubiblk.config.secret;

import io.ubiblk.crypto.Secret;
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
   * @param text the UTF-8 bytes of the text, wiped when the secret has been read
   */
  record Inline(Secret text) implements SecretSource {}

  /**
   * A variable of the process's environment.
   *
   * @param variable its name
   */
  record FromEnvironment(String variable) implements SecretSource {}
}
