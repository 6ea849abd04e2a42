package io.ubiblk.config.reader;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.config.ConfigurationException;
import io.ubiblk.config.toml.Section;
import io.ubiblk.crypto.Secrets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks references to secrets.
 *
 * @param secrets the secrets
 * @param names their names
 */
record SecretChecks(Secrets secrets, Set<String> names) implements AutoCloseable {

  /** Reads a reference to a secret whose length is within bounds; null if there is none. */
  @Nullable String optional(Section section, String key, int least, int most)
      throws ConfigurationException {
    String name = section.reference(key);
    if (name == null) {
      return null;
    }
    if (!names.contains(name)) {
      throw section.problem(key, unknown(name, names));
    }
    int length = length(name);
    if (length < least || length > most) {
      String expected = least == most ? "" + least : "at least " + least;
      throw section.problem(
          key, "refers to a secret of " + length + " bytes, expected " + expected + " bytes");
    }
    return name;
  }

  /** Reads a reference that has to be there. */
  String required(Section section, String key, int least, int most) throws ConfigurationException {
    return section.required(
        key, optional(section, key, least, most), "the name of a secret: " + key + ".ref");
  }

  private int length(String name) {
    try {
      return secrets.get(name).length();
    } catch (BlockDeviceException e) {
      throw new IllegalStateException("a secret that is listed is missing", e);
    }
  }

  /** Says that a name is not defined, without printing what may be a secret in the wrong place. */
  static String unknown(String name, Set<String> names) {
    boolean harmless = name.matches("[A-Za-z0-9_. -]{0,32}");
    String shown =
        harmless ? "\"" + name + "\"" : "of " + name.length() + " characters (not shown)";
    return "names a secret " + shown + " that is not defined, expected one of " + names;
  }

  @Override
  public void close() {
    secrets.close();
  }
}
