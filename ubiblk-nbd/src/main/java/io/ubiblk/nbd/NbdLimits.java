package io.ubiblk.nbd;

import java.time.Duration;

/**
 * What clients may use of a server.
 *
 * <p>The memory of requests is counted in buffers, whose sizes are powers of two. A connection
 * without a request in flight may always begin one, so that no client keeps another from going on:
 * in the worst case all connections together use {@code memory} and one largest request each.
 *
 * @param connections most connections at a time; a further one is closed at once
 * @param requestsPerConnection most requests of a connection that are in flight, or whose replies
 *     the client has not taken yet
 * @param largestRequest longest read or write in bytes, a power of two from 1 MiB to 32 MiB
 * @param memoryPerConnection most bytes in buffers of one connection
 * @param memory most bytes in buffers of all connections together
 * @param handshakeTime how long a client may take until it has chosen an export
 */
public record NbdLimits(
    int connections,
    int requestsPerConnection,
    int largestRequest,
    long memoryPerConnection,
    long memory,
    Duration handshakeTime) {

  /**
   * 256 connections, 128 requests each, 32 MiB a request, 64 MiB a connection, 256 MiB in all, 30
   * seconds.
   */
  public static final NbdLimits DEFAULT =
      new NbdLimits(256, 128, 32 << 20, 64L << 20, 256L << 20, Duration.ofSeconds(30));

  private static final int MOST_REQUESTS = 4096;
  private static final int SMALLEST_LARGEST = 1 << 20;
  private static final int LARGEST_LARGEST = 32 << 20;

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is not what the record's description demands
   */
  public NbdLimits {
    if (connections < 1) {
      throw new IllegalArgumentException(connections + " connections, expected at least 1");
    }
    if (requestsPerConnection < 1 || requestsPerConnection > MOST_REQUESTS) {
      throw new IllegalArgumentException(
          requestsPerConnection + " requests in flight, expected 1 to " + MOST_REQUESTS);
    }
    if (largestRequest < SMALLEST_LARGEST
        || largestRequest > LARGEST_LARGEST
        || Integer.bitCount(largestRequest) != 1) {
      throw new IllegalArgumentException(
          "largest request of "
              + largestRequest
              + " bytes, expected a power of two from 1 MiB to 32 MiB");
    }
    if (memoryPerConnection < 0 || memory < 0) {
      throw new IllegalArgumentException(
          memoryPerConnection + " bytes a connection, " + memory + " in all, expected at least 0");
    }
    if (handshakeTime.isNegative() || handshakeTime.isZero()) {
      throw new IllegalArgumentException(
          "handshake time of " + handshakeTime + ", expected more than zero");
    }
  }

  /**
   * Returns a copy with another number of connections.
   *
   * @param count most connections at a time
   * @return the copy
   */
  public NbdLimits withConnections(int count) {
    return new NbdLimits(
        count, requestsPerConnection, largestRequest, memoryPerConnection, memory, handshakeTime);
  }

  /**
   * Returns a copy with another number of requests in flight.
   *
   * @param count most requests of a connection
   * @return the copy
   */
  public NbdLimits withRequestsPerConnection(int count) {
    return new NbdLimits(
        connections, count, largestRequest, memoryPerConnection, memory, handshakeTime);
  }

  /**
   * Returns a copy with another largest request.
   *
   * @param bytes longest read or write in bytes
   * @return the copy
   */
  public NbdLimits withLargestRequest(int bytes) {
    return new NbdLimits(
        connections, requestsPerConnection, bytes, memoryPerConnection, memory, handshakeTime);
  }

  /**
   * Returns a copy with other bounds of memory.
   *
   * @param perConnection most bytes in buffers of one connection
   * @param inAll most bytes in buffers of all connections together
   * @return the copy
   */
  public NbdLimits withMemory(long perConnection, long inAll) {
    return new NbdLimits(
        connections, requestsPerConnection, largestRequest, perConnection, inAll, handshakeTime);
  }

  /**
   * Returns a copy with another time for the handshake.
   *
   * @param time how long a client may take
   * @return the copy
   */
  public NbdLimits withHandshakeTime(Duration time) {
    return new NbdLimits(
        connections, requestsPerConnection, largestRequest, memoryPerConnection, memory, time);
  }
}
