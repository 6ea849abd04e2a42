package io.ubiblk.examples.top;

import java.util.Locale;

/** Prints quantities in few characters. */
final class Units {

  private static final String[] BINARY = {"B", "KiB", "MiB", "GiB", "TiB"};
  private static final double KIBI = 1024;
  private static final double MICRO = 1e3;
  private static final double MILLI = 1e6;
  private static final double SECOND = 1e9;
  private static final double TEN = 9.95;

  private Units() {}

  /** Bytes, such as {@code 12.5 MiB}. */
  static String bytes(double bytes) {
    int unit = 0;
    double value = bytes;
    while (value >= KIBI && unit < BINARY.length - 1) {
      value /= KIBI;
      unit++;
    }
    return (unit == 0 ? count(value) : String.format(Locale.ROOT, "%.1f", value))
        + " "
        + BINARY[unit];
  }

  /** A number without fraction. */
  static String count(double number) {
    return String.format(Locale.ROOT, "%.0f", number);
  }

  /** A short time, such as {@code 85 us}. */
  static String latency(long nanos) {
    if (nanos < MICRO) {
      return nanos + " ns";
    }
    if (nanos < MILLI) {
      return scaled(nanos / MICRO) + " us";
    }
    return nanos < SECOND ? scaled(nanos / MILLI) + " ms" : scaled(nanos / SECOND) + " s";
  }

  /** A long time, such as {@code 1:02:03}. */
  static String time(long seconds) {
    long minutes = seconds / 60;
    return minutes < 60
        ? String.format(Locale.ROOT, "%d:%02d", minutes, seconds % 60)
        : String.format(Locale.ROOT, "%d:%02d:%02d", minutes / 60, minutes % 60, seconds % 60);
  }

  private static String scaled(double value) {
    return value < TEN
        ? String.format(Locale.ROOT, "%.1f", value)
        : String.format(Locale.ROOT, "%.0f", value);
  }
}
