package io.ubiblk.config.reader;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.config.ConfigurationException;
import io.ubiblk.config.DangerZone;
import io.ubiblk.config.secret.SecretDescription;
import io.ubiblk.config.secret.SecretSource;
import io.ubiblk.config.toml.Section;
import io.ubiblk.crypto.Secret;
import io.ubiblk.crypto.Secrets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Loads all secrets of a configuration: describes them all, then reads each once, decodes it, and
 * has those decrypted that are encrypted.
 */
final class SecretResolver {

  private final SecretReader reader;
  private final Map<SecretDescription, Section> described = new LinkedHashMap<>();

  SecretResolver(DangerZone danger, Function<String, @Nullable String> environment) {
    this.reader = new SecretReader(danger, environment);
  }

  /** Loads the section {@code secrets}; whatever was loaded is wiped if one is refused. */
  SecretChecks load(Section root) throws ConfigurationException {
    Section all = root.confidentialTable("secrets");
    if (all == null) {
      return new SecretChecks(resolve(root), Set.of());
    }
    try {
      for (String name : all.keys()) {
        Section section = all.required(name, all.table(name), "a table");
        described.put(reader.describe(name, section), section);
      }
      checkReferences(all.keys());
      return new SecretChecks(resolve(root), all.keys());
    } finally {
      described.keySet().forEach(SecretResolver::wipe);
    }
  }

  private void checkReferences(Set<String> names) throws ConfigurationException {
    for (Map.Entry<SecretDescription, Section> entry : described.entrySet()) {
      String by = entry.getKey().encryptedBy();
      if (by != null && !names.contains(by)) {
        throw entry.getValue().problem("encrypted_by", SecretChecks.unknown(by, names));
      }
    }
  }

  private Secrets resolve(Section root) throws ConfigurationException {
    try (Secrets.Builder builder = Secrets.builder()) {
      for (Map.Entry<SecretDescription, Section> entry : described.entrySet()) {
        SecretDescription secret = entry.getKey();
        builder.add(secret.name(), decode(secret, entry.getValue()), secret.encryptedBy());
      }
      return builder.resolve();
    } catch (BlockDeviceException e) {
      throw root.problem(
          "secrets", "cannot be decrypted, expected what encrypted_by says: " + e.getMessage());
    }
  }

  private Secret decode(SecretDescription secret, Section section) throws ConfigurationException {
    try {
      return secret.encoding().decode(secret.name(), reader.read(secret, section));
    } catch (BlockDeviceException.BadFormat e) {
      throw section.problem("source", "is not as expected: " + e.getMessage());
    }
  }

  private static void wipe(SecretDescription secret) {
    if (secret.source() instanceof SecretSource.Inline(Secret text)) {
      text.close();
    }
  }
}
