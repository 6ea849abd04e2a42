package io.ubiblk.nbd;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.nbd.protocol.ExportName;

/**
 * A device under the name by which clients ask for it.
 *
 * @param name the name: any string of at most 4096 bytes in UTF-8; the empty one is what a client
 *     asks for that asks for nothing
 * @param device the device; it stays the caller's
 * @param description what lists of exports say about it, or nothing
 * @param readOnly whether to refuse changes, also where the device takes them
 * @param hidden whether lists leave it out
 */
public record NbdExport(
    String name, BlockDevice device, String description, boolean readOnly, boolean hidden) {

  /** The largest block that the protocol can speak of, in bytes. */
  private static final int LARGEST_BLOCK = 65536;

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if a string cannot be sent, or the device's blocks are larger
   *     than 64 KiB
   */
  public NbdExport {
    if (!ExportName.isValid(name)) {
      throw new IllegalArgumentException(
          "export name " + name + ", expected at most 4096 bytes of UTF-8 without NUL");
    }
    if (!ExportName.isValid(description)) {
      throw new IllegalArgumentException(
          "description of " + name + ", expected at most 4096 bytes of UTF-8 without NUL");
    }
    int block = device.geometry().logicalBlockSize();
    if (block > LARGEST_BLOCK) {
      throw new IllegalArgumentException(
          device + " has blocks of " + block + " bytes, expected at most " + LARGEST_BLOCK);
    }
  }

  /**
   * Returns an export without description that is listed and can be changed if the device can.
   *
   * @param name the name
   * @param device the device
   * @return the export
   */
  public static NbdExport of(String name, BlockDevice device) {
    return new NbdExport(name, device, "", false, false);
  }

  /**
   * Returns a copy with another description.
   *
   * @param text the description, or nothing
   * @return the copy
   */
  public NbdExport withDescription(String text) {
    return new NbdExport(name, device, text, readOnly, hidden);
  }

  /**
   * Returns a copy that is read-only or not.
   *
   * @param value whether to refuse changes
   * @return the copy
   */
  public NbdExport withReadOnly(boolean value) {
    return new NbdExport(name, device, description, value, hidden);
  }

  /**
   * Returns a copy that is listed or not.
   *
   * @param value whether lists leave the export out
   * @return the copy
   */
  public NbdExport withHidden(boolean value) {
    return new NbdExport(name, device, description, readOnly, value);
  }
}
