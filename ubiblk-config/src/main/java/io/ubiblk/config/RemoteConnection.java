package io.ubiblk.config;

import org.jspecify.annotations.Nullable;

/**
 * One end of the remote stripe protocol.
 *
 * @param address the server's address and port; not looked at before it is used
 * @param psk the key that both ends share, or null for plain TCP
 * @param connections most connections at once
 * @param connectTimeoutMillis longest time to connect, in milliseconds
 * @param attemptTimeoutMillis longest time of one attempt of an operation, in milliseconds
 */
public record RemoteConnection(
    String address,
    @Nullable Psk psk,
    long connections,
    long connectTimeoutMillis,
    long attemptTimeoutMillis) {

  /**
   * A key that both ends share.
   *
   * @param identity what the key is called on the wire
   * @param secret name of the secret that is the key, at least 16 bytes
   */
  public record Psk(String identity, String secret) {

    /** Shortest key in bytes. */
    public static final int LEAST_BYTES = 16;
  }
}
