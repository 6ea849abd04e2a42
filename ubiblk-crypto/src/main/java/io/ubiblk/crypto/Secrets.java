package io.ubiblk.crypto;

import io.ubiblk.api.BlockDeviceException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Secrets by name, some of which may be encrypted by others, to any depth.
 *
 * <p>What a secret is used for decides how long it must be; the methods that hand secrets out check
 * it. Names are not secret and stand in messages.
 *
 * <p><b>Thread.</b> Thread-safe once resolved. A {@link Builder} is not.
 */
public final class Secrets implements AutoCloseable {

  private static final int LEAST_PSK_BYTES = 16;

  private final Map<String, Secret> secrets;

  private Secrets(Map<String, Secret> secrets) {
    this.secrets = secrets;
  }

  /** {@return what to collect secrets in} */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns a secret.
   *
   * @param name its name
   * @return the secret, which remains this object's to close
   * @throws BlockDeviceException.Mismatch if there is none of that name
   */
  public Secret get(String name) throws BlockDeviceException.Mismatch {
    Secret secret = secrets.get(name);
    if (secret == null) {
      throw new BlockDeviceException.Mismatch(
          "secret \"%s\" is referred to and not defined".formatted(name));
    }
    return secret;
  }

  /**
   * Returns a secret as the key of a disk.
   *
   * @param name its name
   * @return the key, to be closed by the caller
   * @throws BlockDeviceException if there is none of that name, or it is not 64 bytes long
   */
  public XtsKey xtsKey(String name) throws BlockDeviceException {
    return XtsKey.of(exactly(name, XtsKey.BYTES, "a disk key"));
  }

  /**
   * Returns a secret as a key that wraps others.
   *
   * @param name its name
   * @return the secret, which remains this object's to close
   * @throws BlockDeviceException if there is none of that name, or it is not 32 bytes long
   */
  public Secret wrappingKey(String name) throws BlockDeviceException {
    return exactly(name, KeyWrapping.KEY_BYTES, "a key that wraps others");
  }

  /**
   * Returns a secret as a key that was shared before with the other end of a connection.
   *
   * @param name its name
   * @return the secret, which remains this object's to close
   * @throws BlockDeviceException if there is none of that name, or it has less than 16 bytes
   */
  public Secret preSharedKey(String name) throws BlockDeviceException {
    Secret secret = get(name);
    if (secret.length() < LEAST_PSK_BYTES) {
      throw wrongLength(name, secret.length(), "at least " + LEAST_PSK_BYTES, "a pre-shared key");
    }
    return secret;
  }

  /**
   * Returns a secret as a text to log in with, such as an access key.
   *
   * @param name its name
   * @return the secret, which remains this object's to close
   * @throws BlockDeviceException if there is none of that name, it is empty or not UTF-8
   */
  public Secret credential(String name) throws BlockDeviceException {
    Secret secret = get(name);
    if (secret.length() == 0) {
      throw wrongLength(name, 0, "at least 1", "a credential");
    }
    byte[] bytes = secret.toBytes();
    try {
      CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      Arrays.fill(text.array(), '\0');
    } catch (CharacterCodingException e) {
      throw new BlockDeviceException.BadFormat(
          "secret \"%s\" is not UTF-8, as a credential must be".formatted(name));
    } finally {
      Secret.wipe(bytes);
    }
    return secret;
  }

  private Secret exactly(String name, int length, String use) throws BlockDeviceException {
    Secret secret = get(name);
    if (secret.length() != length) {
      throw wrongLength(name, secret.length(), Integer.toString(length), use);
    }
    return secret;
  }

  private static BlockDeviceException.BadFormat wrongLength(
      String name, int length, String expected, String use) {
    return new BlockDeviceException.BadFormat(
        "secret \"%s\" has %d bytes, expected %s for %s".formatted(name, length, expected, use));
  }

  /** Overwrites all secrets. Closing twice has no effect. */
  @Override
  public void close() {
    secrets.values().forEach(Secret::close);
  }

  /** {@return the names of the secrets, nothing of their content} */
  @Override
  public String toString() {
    return "Secrets" + secrets.keySet();
  }

  /** Collects secrets as they were found and resolves them. */
  public static final class Builder implements AutoCloseable {

    private final Map<String, Secret> found = new LinkedHashMap<>();
    private final Map<String, String> encryptedBy = new LinkedHashMap<>();

    private Builder() {}

    /**
     * Adds a secret.
     *
     * @param name its name, which also binds the value if it is encrypted
     * @param secret what its source held, decoded; owned by the builder from now on
     * @param by the name of the secret that it is encrypted by, or null
     * @return this
     * @throws IllegalArgumentException if there is one of that name already
     */
    public Builder add(String name, Secret secret, @Nullable String by) {
      if (found.containsKey(name)) {
        secret.close();
        throw new IllegalArgumentException("two secrets of the name \"" + name + "\"");
      }
      found.put(name, secret);
      if (by != null) {
        encryptedBy.put(name, by);
      }
      return this;
    }

    /**
     * Decrypts what is encrypted. The builder is empty afterwards, also if this fails.
     *
     * @return the secrets, to be closed by the caller
     * @throws BlockDeviceException.Mismatch if a secret is encrypted by one that is not there, by
     *     itself in the end, or by another one than its name says
     * @throws BlockDeviceException.BadFormat if a length is not what it must be
     */
    public Secrets resolve() throws BlockDeviceException {
      Map<String, Secret> resolved = new LinkedHashMap<>();
      try {
        checkReferences();
        while (resolved.size() < found.size()) {
          if (!resolveNext(resolved)) {
            throw new BlockDeviceException.Mismatch(
                "secrets are encrypted by each other in a circle: " + unresolved(resolved));
          }
        }
        return new Secrets(new LinkedHashMap<>(resolved));
      } catch (BlockDeviceException | RuntimeException e) {
        resolved.values().forEach(Secret::close);
        throw e;
      } finally {
        close();
      }
    }

    private void checkReferences() throws BlockDeviceException.Mismatch {
      for (Map.Entry<String, String> reference : encryptedBy.entrySet()) {
        if (!found.containsKey(reference.getValue())) {
          throw new BlockDeviceException.Mismatch(
              "secret \"%s\" is encrypted by \"%s\", which is not defined"
                  .formatted(reference.getKey(), reference.getValue()));
        }
      }
    }

    /** Resolves those whose key is there, and returns whether there was one. */
    private boolean resolveNext(Map<String, Secret> resolved) throws BlockDeviceException {
      boolean progress = false;
      for (Map.Entry<String, Secret> entry : found.entrySet()) {
        String name = entry.getKey();
        String by = encryptedBy.get(name);
        Secret key = by == null ? null : resolved.get(by);
        if (!resolved.containsKey(name) && (by == null || key != null)) {
          resolved.put(name, key == null ? entry.getValue().copy() : unwrap(entry, by, key));
          progress = true;
        }
      }
      return progress;
    }

    private static Secret unwrap(Map.Entry<String, Secret> entry, @Nullable String by, Secret key)
        throws BlockDeviceException {
      String name = entry.getKey();
      if (key.length() != KeyWrapping.KEY_BYTES) {
        throw wrongLength(
            String.valueOf(by),
            key.length(),
            Integer.toString(KeyWrapping.KEY_BYTES),
            "the key of secret \"" + name + "\"");
      }
      byte[] wrapped = entry.getValue().toBytes();
      try {
        return KeyWrapping.unwrap(key, wrapped, name);
      } finally {
        Secret.wipe(wrapped);
      }
    }

    private String unresolved(Map<String, Secret> resolved) {
      return found.keySet().stream()
          .filter(name -> !resolved.containsKey(name))
          .toList()
          .toString();
    }

    /** Overwrites what was added and not resolved. Closing twice has no effect. */
    @Override
    public void close() {
      found.values().forEach(Secret::close);
      found.clear();
      encryptedBy.clear();
    }
  }
}
