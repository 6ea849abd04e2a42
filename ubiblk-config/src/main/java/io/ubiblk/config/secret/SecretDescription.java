package io.ubiblk.config.secret;

import io.ubiblk.crypto.SecretEncoding;
import org.jspecify.annotations.Nullable;

/**
 * A secret as the configuration describes it.
 *
 * @param name the name by which other parts of the configuration refer to it
 * @param source where its bytes come from
 * @param encoding how they are written there
 * @param encryptedBy the name of the secret that it is wrapped with, or null if it is not wrapped
 */
public record SecretDescription(
    String name, SecretSource source, SecretEncoding encoding, @Nullable String encryptedBy) {}
