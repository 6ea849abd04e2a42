package io.ubiblk.crypto;

/**
 * Where the number of a sector stands in its tweak of 16 bytes. Disks that were written with one
 * layout cannot be read with the other.
 */
public enum TweakLayout {

  /** In the upper eight bytes, little-endian, as ubiblk and SPDK have it. */
  UBIBLK("ubiblk", 8),

  /**
   * In the lower eight bytes, little-endian, as IEEE 1619 and dm-crypt's {@code plain64} have it.
   */
  PLAIN64("plain64", 0);

  private final String label;
  private final int offset;

  TweakLayout(String label, int offset) {
    this.label = label;
    this.offset = offset;
  }

  /** {@return the name by which the layout is chosen} */
  public String label() {
    return label;
  }

  /** {@return where the sector's number begins in the tweak, in bytes} */
  int offset() {
    return offset;
  }

  /**
   * Finds a layout by its name.
   *
   * @param label the name
   * @return the layout
   * @throws IllegalArgumentException if there is none of that name
   */
  public static TweakLayout named(String label) {
    for (TweakLayout layout : values()) {
      if (layout.label.equals(label)) {
        return layout;
      }
    }
    throw new IllegalArgumentException(
        "tweak layout \"" + label + "\", expected \"ubiblk\" or \"plain64\"");
  }
}
