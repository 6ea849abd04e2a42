package io.ubiblk.core.rpc;

/**
 * What an {@link RpcServer} lets its clients do to it.
 *
 * @param lineBytes longest request in bytes, without its line end
 * @param clients most clients at once
 * @param idleMillis how long a client must have asked nothing, in milliseconds, before it is
 *     dropped to make room for another one; without such need it may stay
 * @param stallMillis how long a reply may remain unread, in milliseconds, before the client is
 *     dropped
 */
public record RpcLimits(int lineBytes, int clients, long idleMillis, long stallMillis) {

  /** 64 KiB, 64 clients, ten seconds each. */
  public static final RpcLimits DEFAULT = new RpcLimits(64 * 1024, 64, 10_000, 10_000);

  /** Checks the values. */
  public RpcLimits {
    if (lineBytes < 64 || clients < 1 || idleMillis < 0 || stallMillis < 1) {
      throw new IllegalArgumentException(
          "lines of "
              + lineBytes
              + " bytes, "
              + clients
              + " clients, "
              + idleMillis
              + " ms idle, "
              + stallMillis
              + " ms stalled, expected at least 64, 1, 0 and 1");
    }
  }
}
