package io.ubiblk.testkit.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class BlkConfigTest {

  @Test
  void everyFieldIsReadFromItsPlace() {
    byte[] bytes = new byte[BlkConfig.SIZE];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (0xc0 + i);
    }
    assertEquals(
        new BlkConfig(
            0xc7c6c5c4c3c2c1c0L,
            0xcbcac9c8L,
            0xcfcecdccL,
            0xd1d0,
            0xd2,
            0xd3,
            0xd7d6d5d4L,
            0xd8,
            0xd9,
            0xdbda,
            0xdfdedddcL,
            0xe0,
            0xe3e2,
            0xe7e6e5e4L,
            0xebeae9e8L,
            0xefeeedecL,
            0xf3f2f1f0L,
            0xf7f6f5f4L,
            true),
        BlkConfig.parse(bytes));
  }

  @Test
  void tooLittleIsRefused() {
    assertThrows(IndexOutOfBoundsException.class, () -> BlkConfig.parse(new byte[40]));
  }
}
