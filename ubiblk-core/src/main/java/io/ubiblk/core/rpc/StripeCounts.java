package io.ubiblk.core.rpc;

/**
 * How far a disk has been filled.
 *
 * @param fetched stripes that have been brought to the disk
 * @param source stripes that the source contains
 * @param total stripes of the disk
 */
public record StripeCounts(long fetched, long source, long total) {}
