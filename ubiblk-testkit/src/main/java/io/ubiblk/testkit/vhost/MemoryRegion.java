package io.ubiblk.testkit.vhost;

/**
 * A memory region as a message describes it. Nothing is checked: a test may describe nonsense.
 *
 * @param guestAddress where the guest sees it
 * @param size in bytes
 * @param userAddress where the frontend sees it; ring addresses are of this kind
 * @param mmapOffset where it begins in the descriptor's memory, in bytes
 */
public record MemoryRegion(long guestAddress, long size, long userAddress, long mmapOffset) {}
