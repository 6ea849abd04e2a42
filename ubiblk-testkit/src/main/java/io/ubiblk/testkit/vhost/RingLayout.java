package io.ubiblk.testkit.vhost;

/**
 * Where the three parts of a split ring lie, by guest address.
 *
 * @param size number of entries
 * @param descriptors the descriptor table, 16 bytes an entry
 * @param available the available ring, 6 bytes and 2 an entry
 * @param used the used ring, 6 bytes and 8 an entry
 * @see <a href="https://docs.oasis-open.org/virtio/virtio/v1.2/virtio-v1.2.html">virtio 1.2,
 *     section 2.7</a>
 */
public record RingLayout(int size, long descriptors, long available, long used) {

  /** The largest ring. */
  public static final int LARGEST = 32768;

  /**
   * Checks the size. Addresses are not checked: a test may name any.
   *
   * @throws IllegalArgumentException if the size is not a power of two from 1 to 32768
   */
  public RingLayout {
    if (size < 1 || size > LARGEST || Integer.bitCount(size) != 1) {
      throw new IllegalArgumentException(
          "ring of " + size + " entries, expected a power of two up to " + LARGEST);
    }
  }

  /**
   * Allocates a ring, aligned as it should be.
   *
   * @param memory where to allocate
   * @param size number of entries, a power of two up to 32768
   * @return the layout; the content of the parts is what was there
   */
  public static RingLayout allocate(GuestMemory memory, int size) {
    return new RingLayout(
        size,
        memory.allocate(descriptorBytes(size), 16),
        memory.allocate(availableBytes(size), 2),
        memory.allocate(usedBytes(size), 4));
  }

  /**
   * Frees the parts of a ring that was {@linkplain #allocate allocated}.
   *
   * @param memory where it was allocated
   */
  public void free(GuestMemory memory) {
    memory.free(descriptors);
    memory.free(available);
    memory.free(used);
  }

  static long descriptorBytes(int size) {
    return 16L * size;
  }

  static long availableBytes(int size) {
    return 6 + 2L * size;
  }

  static long usedBytes(int size) {
    return 6 + 8L * size;
  }
}
