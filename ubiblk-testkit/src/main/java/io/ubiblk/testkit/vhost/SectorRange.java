package io.ubiblk.testkit.vhost;

/**
 * A range in a discard or write-zeroes request. Nothing is checked.
 *
 * @param sector first sector
 * @param sectors number of sectors, unsigned
 * @param flags 0 or {@link BlkRequest#UNMAP}, or any bits
 */
public record SectorRange(long sector, int sectors, int flags) {

  /**
   * Creates a range without flags.
   *
   * @param sector first sector
   * @param sectors number of sectors, unsigned
   */
  public SectorRange(long sector, int sectors) {
    this(sector, sectors, 0);
  }
}
