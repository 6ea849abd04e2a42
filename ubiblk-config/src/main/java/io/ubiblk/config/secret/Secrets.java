package io.ubiblk.config.secret;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** The secrets of a configuration, decoded and unwrapped. Closing them wipes them. */
public final class Secrets implements AutoCloseable {

  private final Map<String, SecretBytes> values;

  /**
   * Creates the collection.
   *
   * @param values the secrets by name, owned by the collection from now on
   */
  public Secrets(Map<String, SecretBytes> values) {
    this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** {@return the names of the secrets} */
  public Set<String> names() {
    return values.keySet();
  }

  /**
   * Returns a secret.
   *
   * @param name its name
   * @return the secret, owned by this collection
   * @throws IllegalArgumentException if there is none of that name
   */
  public SecretBytes get(String name) {
    SecretBytes value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException("no secret of that name, expected one of " + names());
    }
    return value;
  }

  /** Wipes the secrets. Closing twice has no effect. */
  @Override
  public void close() {
    values.values().forEach(SecretBytes::close);
  }

  /** Prints the names. */
  @Override
  public String toString() {
    return "Secrets" + names();
  }
}
