package io.ubiblk.crypto;

import java.math.BigInteger;
import java.util.Arrays;
import org.bouncycastle.crypto.engines.AESEngine;
import org.bouncycastle.crypto.params.KeyParameter;

/** XTS as its definition reads, one block at a time, on Bouncy Castle's AES. */
final class ReferenceXts {

  private static final BigInteger POLYNOMIAL =
      BigInteger.ONE.shiftLeft(128).add(new BigInteger("87", 16));

  private ReferenceXts() {}

  static byte[] run(boolean encrypt, byte[] key, TweakLayout layout, long sector, byte[] input) {
    var data = AESEngine.newInstance();
    data.init(encrypt, new KeyParameter(key, 0, 32));
    var tweaker = AESEngine.newInstance();
    tweaker.init(true, new KeyParameter(key, 32, 32));
    byte[] output = new byte[input.length];
    for (int at = 0; at < input.length; at += 512) {
      byte[] first = new byte[16];
      BigInteger number = new BigInteger(Long.toUnsignedString(sector + at / 512));
      byte[] littleEndian = littleEndian(number);
      System.arraycopy(littleEndian, 0, first, layout == TweakLayout.UBIBLK ? 8 : 0, 8);
      tweaker.processBlock(first, 0, first, 0);
      BigInteger tweak = number(first);
      for (int i = at; i < at + 512; i += 16) {
        byte[] mask = littleEndian(tweak);
        byte[] block = xor(Arrays.copyOfRange(input, i, i + 16), mask);
        data.processBlock(block, 0, block, 0);
        System.arraycopy(xor(block, mask), 0, output, i, 16);
        tweak = tweak.shiftLeft(1);
        tweak = tweak.testBit(128) ? tweak.xor(POLYNOMIAL) : tweak;
      }
    }
    return output;
  }

  private static byte[] xor(byte[] a, byte[] b) {
    byte[] result = new byte[16];
    for (int i = 0; i < 16; i++) {
      result[i] = (byte) (a[i] ^ b[i]);
    }
    return result;
  }

  private static byte[] littleEndian(BigInteger number) {
    byte[] bytes = new byte[16];
    for (int i = 0; i < 16; i++) {
      bytes[i] = number.shiftRight(8 * i).byteValue();
    }
    return bytes;
  }

  private static BigInteger number(byte[] littleEndian) {
    byte[] bytes = new byte[16];
    for (int i = 0; i < 16; i++) {
      bytes[15 - i] = littleEndian[i];
    }
    return new BigInteger(1, bytes);
  }
}
