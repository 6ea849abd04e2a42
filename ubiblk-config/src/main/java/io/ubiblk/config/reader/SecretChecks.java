package io.ubiblk.config.reader;

import io.ubiblk.config.ConfigurationException;
import io.ubiblk.config.secret.Secrets;
import io.ubiblk.config.toml.Section;
import org.jspecify.annotations.Nullable;

/**
 * Checks references to secrets.
 *
 * @param secrets the secrets
 */
record SecretChecks(Secrets secrets) {

  /** Reads a reference to a secret whose length is within bounds; null if there is none. */
  @Nullable String optional(Section section, String key, int least, int most)
      throws ConfigurationException {
    String name = section.reference(key);
    if (name == null) {
      return null;
    }
    if (!secrets.names().contains(name)) {
      throw section.problem(key, unknown(name, secrets));
    }
    int length = secrets.get(name).length();
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

  /** Says that a name is not defined, without printing what may be a secret in the wrong place. */
  static String unknown(String name, Secrets secrets) {
    return unknown(name, secrets.names().toString());
  }

  static String unknown(String name, String defined) {
    boolean harmless = name.matches("[A-Za-z0-9_. -]{0,32}");
    String shown =
        harmless ? "\"" + name + "\"" : "of " + name.length() + " characters (not shown)";
    return ".ref names a secret " + shown + " that is not defined, expected one of " + defined;
  }
}
