package io.ubiblk.core.metadata;

import io.ubiblk.api.BlockDeviceException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;

/** Reads and writes the sectors of a metadata file. */
public final class MetadataCodec {

  private static final byte[] MAGIC = "BDEV_UBI\0".getBytes(StandardCharsets.US_ASCII);
  private static final int MAJOR = 9;
  private static final int MINOR = 11;
  private static final int SHIFT = 13;
  private static final int COUNT = 14;
  private static final int VERSION_MAJOR = 2;
  private static final int VERSION_MINOR = 0;

  /**
   * The most that is read, header bytes of two thousand million stripes: more than a disk of 60 TiB
   * in stripes of 32 KiB has.
   */
  private static final long MOST_BYTES = Integer.MAX_VALUE - MetadataLayout.SECTOR;

  private MetadataCodec() {}

  /**
   * Encodes a whole file.
   *
   * @param metadata the content
   * @return the used sectors
   */
  public static byte[] encode(StripeMetadata metadata) {
    int groups = (int) MetadataLayout.groups(metadata.stripes());
    byte[] file = new byte[(1 + groups) * MetadataLayout.SECTOR];
    encodeHeader(metadata.shift(), metadata.stripes(), file);
    ByteBuffer buffer = ByteBuffer.wrap(file);
    for (int group = 0; group < groups; group++) {
      encodeGroup(
          metadata,
          group,
          buffer.slice((1 + group) * MetadataLayout.SECTOR, MetadataLayout.SECTOR));
    }
    return file;
  }

  /**
   * Encodes the first sector.
   *
   * @param shift shift of the stripe size
   * @param stripes number of stripes
   * @param sector filled from its beginning, at least one sector long
   */
  static void encodeHeader(int shift, int stripes, byte[] sector) {
    Arrays.fill(sector, 0, MetadataLayout.SECTOR, (byte) 0);
    ByteBuffer header = ByteBuffer.wrap(sector).order(ByteOrder.LITTLE_ENDIAN);
    header.put(MAGIC).putShort((short) VERSION_MAJOR).putShort((short) VERSION_MINOR);
    header.put((byte) shift).putInt(stripes);
    header.putInt(MetadataLayout.CHECKSUM, checksum(header.slice(0, MetadataLayout.CHECKSUM)));
  }

  /** Encodes a sector of header bytes. */
  private static void encodeGroup(StripeMetadata metadata, int group, ByteBuffer sector) {
    int first = group * MetadataLayout.HEADERS_PER_SECTOR;
    int count = Math.min(MetadataLayout.HEADERS_PER_SECTOR, metadata.stripes() - first);
    for (int i = 0; i < count; i++) {
      sector.put(i, (byte) metadata.header(first + i));
    }
    seal(sector);
  }

  /**
   * Sets the checksum of a sector.
   *
   * @param sector the sector, 512 bytes
   */
  public static void seal(ByteBuffer sector) {
    int checksum = checksum(sector.slice(0, MetadataLayout.CHECKSUM));
    sector.order(ByteOrder.LITTLE_ENDIAN).putInt(MetadataLayout.CHECKSUM, checksum);
  }

  /**
   * Decodes and checks a file.
   *
   * @param name what the file is called in messages
   * @param file the whole content; sectors beyond those that are needed are not looked at
   * @return the content
   * @throws BlockDeviceException.BadFormat if a sector is damaged, which is named, or the file is
   *     not of this format and version
   */
  public static StripeMetadata decode(String name, ByteBuffer file)
      throws BlockDeviceException.BadFormat {
    long used = usedSize(name, file, file.remaining());
    int shift = file.get(file.position() + SHIFT) & 0xff;
    int stripes = sector(file, 0).getInt(COUNT);
    assert used == MetadataLayout.fileSize(stripes);
    return new StripeMetadata(shift, decodeGroups(name, file, stripes));
  }

  /**
   * Checks the first sector of a file.
   *
   * @param name what the file is called in messages
   * @param file begins with the first sector
   * @param size size of the whole file in bytes
   * @return how many bytes of the file are used
   * @throws BlockDeviceException.BadFormat if the sector is damaged, the file is not of this format
   *     and version, or it is too short
   */
  static long usedSize(String name, ByteBuffer file, long size)
      throws BlockDeviceException.BadFormat {
    if (size < MetadataLayout.SECTOR || size % MetadataLayout.SECTOR != 0) {
      throw bad(name, size + " bytes, expected one or more sectors of 512");
    }
    ByteBuffer header = sector(file, 0);
    checkSector(name, header, 0);
    checkMagic(name, header);
    int shift = header.get(SHIFT) & 0xff;
    if (shift > MetadataLayout.LARGEST_SHIFT) {
      throw bad(
          name,
          "stripe size shift " + shift + ", expected at most " + MetadataLayout.LARGEST_SHIFT);
    }
    long stripes = Integer.toUnsignedLong(header.getInt(COUNT));
    long used = MetadataLayout.fileSize(stripes);
    if (used > size || used > MOST_BYTES) {
      throw bad(
          name,
          stripes
              + " stripes need "
              + used
              + " bytes, but the file has "
              + size
              + ", and at most "
              + MOST_BYTES
              + " are read");
    }
    return used;
  }

  private static byte[] decodeGroups(String name, ByteBuffer file, int stripes)
      throws BlockDeviceException.BadFormat {
    byte[] headers = new byte[stripes];
    for (int group = 0; group < MetadataLayout.groups(stripes); group++) {
      ByteBuffer sector = sector(file, 1 + group);
      checkSector(name, sector, 1 + group);
      int first = group * MetadataLayout.HEADERS_PER_SECTOR;
      int count = Math.min(MetadataLayout.HEADERS_PER_SECTOR, stripes - first);
      sector.get(0, headers, first, count);
    }
    return headers;
  }

  private static void checkMagic(String name, ByteBuffer header)
      throws BlockDeviceException.BadFormat {
    byte[] magic = new byte[MAGIC.length];
    header.get(0, magic);
    if (!Arrays.equals(magic, MAGIC)) {
      throw bad(name, "no magic BDEV_UBI at its beginning: this is no stripe metadata");
    }
    int major = header.getShort(MAJOR) & 0xffff;
    int minor = header.getShort(MINOR) & 0xffff;
    if (major != VERSION_MAJOR || minor != VERSION_MINOR) {
      throw bad(name, "version " + major + "." + minor + ", expected 2.0");
    }
  }

  private static void checkSector(String name, ByteBuffer sector, int number)
      throws BlockDeviceException.BadFormat {
    int expected = sector.getInt(MetadataLayout.CHECKSUM);
    int found = checksum(sector.slice(0, MetadataLayout.CHECKSUM));
    if (found != expected) {
      String what =
          number == 0
              ? "sector 0 (header) is damaged, or was encrypted with another key"
              : "sector " + number + " (group " + (number - 1) + ") is damaged";
      throw bad(name, String.format("%s: checksum 0x%08x, expected 0x%08x", what, found, expected));
    }
  }

  private static ByteBuffer sector(ByteBuffer file, int number) {
    return file.slice(file.position() + number * MetadataLayout.SECTOR, MetadataLayout.SECTOR)
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int checksum(ByteBuffer bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  private static BlockDeviceException.BadFormat bad(String name, String what) {
    return new BlockDeviceException.BadFormat("metadata " + name + ": " + what);
  }
}
