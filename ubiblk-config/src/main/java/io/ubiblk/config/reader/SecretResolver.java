package io.ubiblk.config.reader;

import io.ubiblk.config.ConfigurationException;
import io.ubiblk.config.DangerZone;
import io.ubiblk.config.secret.SecretBytes;
import io.ubiblk.config.secret.SecretDescription;
import io.ubiblk.config.secret.SecretEncoding;
import io.ubiblk.config.secret.Secrets;
import io.ubiblk.config.toml.Section;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Loads all secrets of a configuration: reads each once, decodes it, and unwraps those that are
 * wrapped, in whatever order they depend on each other.
 */
final class SecretResolver {

  /** The largest secret in bytes, before it is unwrapped. */
  private static final int LARGEST = 8192;

  private final SecretReader reader;
  private final Map<String, Section> sections = new HashMap<>();
  private final Map<String, SecretDescription> waiting = new LinkedHashMap<>();
  private final Map<String, byte[]> decoded = new HashMap<>();
  private final Map<String, SecretBytes> resolved = new LinkedHashMap<>();

  SecretResolver(DangerZone danger, Function<String, @Nullable String> environment) {
    this.reader = new SecretReader(danger, environment);
  }

  /** Loads the section {@code secrets}; whatever was loaded is wiped if one is refused. */
  Secrets load(Section root) throws ConfigurationException {
    Section all = root.confidentialTable("secrets");
    if (all == null) {
      return new Secrets(Map.of());
    }
    try {
      describe(all);
      for (SecretDescription secret : waiting.values()) {
        decoded.put(secret.name(), decode(secret));
      }
      resolve();
      return new Secrets(resolved);
    } catch (ConfigurationException | RuntimeException e) {
      resolved.values().forEach(SecretBytes::close);
      throw e;
    } finally {
      decoded.values().forEach(bytes -> Arrays.fill(bytes, (byte) 0));
    }
  }

  private void describe(Section all) throws ConfigurationException {
    for (String name : all.keys()) {
      Section section = all.required(name, all.table(name), "a table");
      sections.put(name, section);
      waiting.put(name, reader.describe(name, section));
    }
    for (SecretDescription secret : waiting.values()) {
      String kek = secret.encryptedBy();
      if (kek != null && !waiting.containsKey(kek)) {
        throw section(secret)
            .problem("encrypted_by", SecretChecks.unknown(kek, waiting.keySet().toString()));
      }
    }
  }

  private byte[] decode(SecretDescription secret) throws ConfigurationException {
    Section section = section(secret);
    byte[] raw = reader.read(secret, section);
    byte[] value = raw;
    if (secret.encoding() == SecretEncoding.BASE64) {
      value = SecretCodec.base64(raw);
      Arrays.fill(raw, (byte) 0);
      if (value == null) {
        throw section.problem(
            "source",
            "is no base64, expected the standard alphabet with padding and nothing before or"
                + " within it");
      }
    }
    if (value.length > LARGEST) {
      Arrays.fill(value, (byte) 0);
      throw section.problem(
          "source", "has more bytes than a secret may have, expected at most " + LARGEST);
    }
    return value;
  }

  private void resolve() throws ConfigurationException {
    while (!waiting.isEmpty()) {
      List<SecretDescription> ready = new ArrayList<>();
      for (SecretDescription secret : waiting.values()) {
        String kek = secret.encryptedBy();
        if (kek == null || resolved.containsKey(kek)) {
          ready.add(secret);
        }
      }
      if (ready.isEmpty()) {
        SecretDescription first = waiting.values().iterator().next();
        throw section(first)
            .problem(
                "encrypted_by",
                "leads back to where it began, expected one of "
                    + waiting.keySet()
                    + " to be"
                    + " without encrypted_by");
      }
      for (SecretDescription secret : ready) {
        waiting.remove(secret.name());
        resolved.put(secret.name(), SecretBytes.take(unwrap(secret)));
      }
    }
  }

  private byte[] unwrap(SecretDescription secret) throws ConfigurationException {
    byte[] value = decoded.getOrDefault(secret.name(), new byte[0]);
    String by = secret.encryptedBy();
    SecretBytes kek = by == null ? null : resolved.get(by);
    if (kek == null) {
      return value.clone();
    }
    return SecretCodec.unwrap(kek, secret.name(), value, section(secret));
  }

  private Section section(SecretDescription secret) {
    Section section = sections.get(secret.name());
    if (section == null) {
      throw new IllegalStateException("a secret without a section");
    }
    return section;
  }
}
