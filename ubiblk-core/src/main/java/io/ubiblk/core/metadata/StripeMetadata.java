package io.ubiblk.core.metadata;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.StripeSource;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The content of a metadata file: the stripe size and a header byte for each stripe. Immutable. */
public final class StripeMetadata {

  private final int shift;
  private final byte[] headers;

  /**
   * Creates metadata.
   *
   * @param shift binary logarithm of a stripe's number of sectors, 0 to 17
   * @param headers header byte of each stripe; not copied, and not to be changed afterwards
   */
  StripeMetadata(int shift, byte[] headers) {
    this.shift = shift;
    this.headers = headers;
  }

  /**
   * Returns metadata with given header bytes.
   *
   * @param shift binary logarithm of a stripe's number of sectors, 0 to 17
   * @param headers header byte of each stripe; copied
   * @return the metadata
   */
  public static StripeMetadata of(int shift, byte[] headers) {
    if (shift < 0 || shift > MetadataLayout.LARGEST_SHIFT) {
      throw new IllegalArgumentException(
          "stripe size shift " + shift + ", expected 0 to " + MetadataLayout.LARGEST_SHIFT);
    }
    return new StripeMetadata(shift, headers.clone());
  }

  /**
   * Returns the metadata of a new disk: nothing is fetched or written, and each stripe that the
   * source contains says so. What the source has beyond the end of the disk is left out.
   *
   * @param diskSize size of the disk in bytes
   * @param shift binary logarithm of a stripe's number of sectors, 6 to 16
   * @param source where the disk is filled from, or null for a disk without a source
   * @return the metadata
   * @throws BlockDeviceException.Mismatch if the source is stored in stripes of another size
   */
  public static StripeMetadata initial(long diskSize, int shift, @Nullable StripeSource source)
      throws BlockDeviceException.Mismatch {
    if (shift < MetadataLayout.SMALLEST_NEW_SHIFT || shift > MetadataLayout.LARGEST_NEW_SHIFT) {
      throw new IllegalArgumentException(
          "stripe size shift "
              + shift
              + ", expected "
              + MetadataLayout.SMALLEST_NEW_SHIFT
              + " to "
              + MetadataLayout.LARGEST_NEW_SHIFT);
    }
    int stripeSize = MetadataLayout.stripeSize(shift);
    byte[] headers = new byte[Math.toIntExact(MetadataLayout.stripes(diskSize, shift))];
    if (source != null) {
      checkStripeSize(source, stripeSize);
      for (int stripe = 0; stripe < headers.length; stripe++) {
        headers[stripe] =
            (byte) (source.contains(stripe, stripeSize) ? StripeHeader.HAS_SOURCE : 0);
      }
    }
    return new StripeMetadata(shift, headers);
  }

  /**
   * Refuses a source whose content is stored in stripes of another size.
   *
   * @param source the source
   * @param stripeSize the disk's stripe size in bytes
   * @throws BlockDeviceException.Mismatch if the sizes differ
   */
  public static void checkStripeSize(StripeSource source, int stripeSize)
      throws BlockDeviceException.Mismatch {
    int wanted = source.stripeSize().orElse(stripeSize);
    if (wanted != stripeSize) {
      throw new BlockDeviceException.Mismatch(
          source + " has stripes of " + wanted + " bytes, the disk has stripes of " + stripeSize);
    }
  }

  /** {@return binary logarithm of a stripe's number of sectors} */
  public int shift() {
    return shift;
  }

  /** {@return the size of a stripe in bytes} */
  public int stripeSize() {
    return MetadataLayout.stripeSize(shift);
  }

  /** {@return the number of stripes} */
  public int stripes() {
    return headers.length;
  }

  /**
   * Returns a stripe's header byte.
   *
   * @param stripe index of the stripe
   * @return the byte, 0 to 255, see {@link StripeHeader}
   */
  public int header(int stripe) {
    return headers[stripe] & 0xff;
  }

  /**
   * Returns the header bytes.
   *
   * @return a copy
   */
  public byte[] headers() {
    return headers.clone();
  }

  /**
   * Returns a copy with more stripes, without source.
   *
   * @param stripes number of stripes, not less than there are
   * @return the copy
   */
  public StripeMetadata grownTo(int stripes) {
    if (stripes < headers.length) {
      throw new IllegalArgumentException(stripes + " stripes, expected at least " + headers.length);
    }
    return new StripeMetadata(shift, Arrays.copyOf(headers, stripes));
  }

  @Override
  public String toString() {
    return "StripeMetadata[" + headers.length + " stripes of " + stripeSize() + " bytes]";
  }
}
