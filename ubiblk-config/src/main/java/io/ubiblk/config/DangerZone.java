package io.ubiblk.config;

/**
 * What a configuration permits that is dangerous. A permission counts only if {@code enabled} is
 * set too; the {@code permits} methods say what is permitted in effect.
 *
 * @param enabled whether the other permissions count
 * @param allowUnencryptedDisk a disk without encryption
 * @param allowInlinePlaintextSecrets secrets in the configuration that are not wrapped
 * @param allowSecretOverRegularFile secrets in regular files
 * @param allowUnencryptedConnection remote stripes over plain TCP
 * @param allowEnvSecrets secrets in the environment
 */
public record DangerZone(
    boolean enabled,
    boolean allowUnencryptedDisk,
    boolean allowInlinePlaintextSecrets,
    boolean allowSecretOverRegularFile,
    boolean allowUnencryptedConnection,
    boolean allowEnvSecrets) {

  /** Nothing dangerous. */
  public static final DangerZone NOTHING = new DangerZone(false, false, false, false, false, false);

  /** {@return whether a disk may be without encryption} */
  public boolean permitsUnencryptedDisk() {
    return enabled && allowUnencryptedDisk;
  }

  /** {@return whether secrets may stand in the configuration without being wrapped} */
  public boolean permitsInlinePlaintextSecrets() {
    return enabled && allowInlinePlaintextSecrets;
  }

  /** {@return whether secrets may be in regular files} */
  public boolean permitsSecretOverRegularFile() {
    return enabled && allowSecretOverRegularFile;
  }

  /** {@return whether remote stripes may come over plain TCP} */
  public boolean permitsUnencryptedConnection() {
    return enabled && allowUnencryptedConnection;
  }

  /** {@return whether secrets may come from the environment} */
  public boolean permitsEnvSecrets() {
    return enabled && allowEnvSecrets;
  }
}
