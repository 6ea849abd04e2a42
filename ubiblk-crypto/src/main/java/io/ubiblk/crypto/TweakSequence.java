package io.ubiblk.crypto;

import io.ubiblk.api.Geometry;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import javax.crypto.Cipher;

/**
 * The tweaks of consecutive sectors, block by block.
 *
 * <p>The numbers of many sectors are encrypted in one call of the cipher. From each result the
 * tweaks of the sector's 32 blocks follow by doubling in GF(2^128), four sectors beside each other:
 * each doubling waits for the one before it, and fills the processor only with others.
 */
final class TweakSequence {

  /** The most sectors that {@link #next} gives at once: data, tweaks and result fit into L1. */
  static final int BATCH = 16;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int BLOCK = 16;

  /** What x^128 is: x^7 + x^2 + x + 1. */
  private static final int POLYNOMIAL = 0x87;

  private static final int WINDOW = 8 * BATCH;

  private final Cipher cipher;
  private final int numberOffset;
  private final byte[] numbers = new byte[WINDOW * BLOCK];
  private final byte[] first = new byte[WINDOW * BLOCK];
  private final byte[] table = new byte[BATCH * Geometry.SECTOR];

  private long sector;
  private long left;
  private int ready;
  private int used;

  TweakSequence(Cipher cipher, TweakLayout layout) {
    this.cipher = cipher;
    this.numberOffset = layout.offset();
  }

  /** Begins a run of sectors. */
  void begin(long firstSector, long sectors) {
    sector = firstSector;
    left = sectors;
    ready = 0;
    used = 0;
  }

  /**
   * Moves on.
   *
   * @param sectors how many, at most {@link #BATCH}
   * @return the tweaks of their blocks, valid until the next call
   */
  byte[] next(int sectors) {
    if (used == ready) {
      encryptNumbers();
    }
    int i = 0;
    for (; i + 3 < sectors; i += 4) {
      expandFour((used + i) * BLOCK, i * Geometry.SECTOR);
    }
    for (; i < sectors; i++) {
      expandOne((used + i) * BLOCK, i * Geometry.SECTOR);
    }
    used += sectors;
    return table;
  }

  /** Overwrites what could tell about the key. */
  void wipe() {
    Arrays.fill(first, (byte) 0);
    Arrays.fill(table, (byte) 0);
    ready = 0;
    used = 0;
  }

  private void encryptNumbers() {
    int n = (int) Math.min(WINDOW, left);
    for (int i = 0; i < n; i++) {
      LONG.set(numbers, i * BLOCK + numberOffset, sector + i);
    }
    XtsCipher.run(cipher, numbers, n * BLOCK, first);
    sector += n;
    left -= n;
    ready = n;
    used = 0;
  }

  private void expandOne(int from, int to) {
    byte[] t = table;
    long lo = (long) LONG.get(first, from);
    long hi = (long) LONG.get(first, from + 8);
    for (int i = to; i < to + Geometry.SECTOR; i += BLOCK) {
      LONG.set(t, i, lo);
      LONG.set(t, i + 8, hi);
      long carry = hi >> 63 & POLYNOMIAL;
      hi = hi << 1 | lo >>> 63;
      lo = lo << 1 ^ carry;
    }
  }

  private void expandFour(int from, int to) {
    byte[] t = table;
    long lo = (long) LONG.get(first, from);
    long hi = (long) LONG.get(first, from + 8);
    long lo2 = (long) LONG.get(first, from + BLOCK);
    long hi2 = (long) LONG.get(first, from + BLOCK + 8);
    long lo3 = (long) LONG.get(first, from + 2 * BLOCK);
    long hi3 = (long) LONG.get(first, from + 2 * BLOCK + 8);
    long lo4 = (long) LONG.get(first, from + 3 * BLOCK);
    long hi4 = (long) LONG.get(first, from + 3 * BLOCK + 8);
    for (int i = to; i < to + Geometry.SECTOR; i += BLOCK) {
      LONG.set(t, i, lo);
      LONG.set(t, i + 8, hi);
      LONG.set(t, i + Geometry.SECTOR, lo2);
      LONG.set(t, i + Geometry.SECTOR + 8, hi2);
      LONG.set(t, i + 2 * Geometry.SECTOR, lo3);
      LONG.set(t, i + 2 * Geometry.SECTOR + 8, hi3);
      LONG.set(t, i + 3 * Geometry.SECTOR, lo4);
      LONG.set(t, i + 3 * Geometry.SECTOR + 8, hi4);
      long carry = hi >> 63 & POLYNOMIAL;
      hi = hi << 1 | lo >>> 63;
      lo = lo << 1 ^ carry;
      long carry2 = hi2 >> 63 & POLYNOMIAL;
      hi2 = hi2 << 1 | lo2 >>> 63;
      lo2 = lo2 << 1 ^ carry2;
      long carry3 = hi3 >> 63 & POLYNOMIAL;
      hi3 = hi3 << 1 | lo3 >>> 63;
      lo3 = lo3 << 1 ^ carry3;
      long carry4 = hi4 >> 63 & POLYNOMIAL;
      hi4 = hi4 << 1 | lo4 >>> 63;
      lo4 = lo4 << 1 ^ carry4;
    }
  }
}
