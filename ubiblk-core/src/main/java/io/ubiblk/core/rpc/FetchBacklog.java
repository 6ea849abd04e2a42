package io.ubiblk.core.rpc;

/**
 * What is left to fetch, and how long that will take.
 *
 * @param stripesLeft stripes of the source that have not been fetched
 * @param bytesLeft their size in bytes, at most
 * @param underWay stripes being fetched or waiting for their turn
 * @param failures fetches that were given up
 * @param bytesPerSecond how fast it has gone lately, in bytes a second
 * @param secondsLeft estimate of the time left in seconds, or -1 while nothing moves
 */
public record FetchBacklog(
    long stripesLeft,
    long bytesLeft,
    long underWay,
    long failures,
    long bytesPerSecond,
    long secondsLeft) {}
