package io.ubiblk.testkit.vhost;

/**
 * A request that came back.
 *
 * @param tag the request's
 * @param status a status of {@link BlkRequest}, or whatever the device wrote, 0 to 255
 * @param usedLength how many bytes the device says it wrote, the status included
 */
public record Completion(long tag, int status, long usedLength) {}
