package io.ubiblk.crypto;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.List;
import org.junit.jupiter.api.Test;

class AesSupportTest {

  private static final String SERVER = "OpenJDK 64-Bit Server VM mixed mode, sharing";

  @Test
  void processorWithVectorAesIsAtFullSpeed() {
    assertEquals(
        null, AesSupport.weakness("flags\t\t: fpu aes avx512f vaes", "amd64", SERVER, List.of()));
    assertEquals(
        null, AesSupport.weakness("Features\t: fp asimd aes pmull", "aarch64", SERVER, List.of()));
  }

  @Test
  void everythingElseIsSaid() {
    String flags = "flags : aes avx512f vaes";
    assertNotNull(AesSupport.weakness("flags : fpu aes avx2", "amd64", SERVER, List.of()));
    assertNotNull(AesSupport.weakness("flags : fpu vaes avx512f", "amd64", SERVER, List.of()));
    assertNotNull(AesSupport.weakness("", "amd64", SERVER, List.of()));
    assertNotNull(AesSupport.weakness(flags, "amd64", "OpenJDK 64-Bit Zero VM", List.of()));
    assertNotNull(AesSupport.weakness(flags, "amd64", "Server VM interpreted mode", List.of()));
    assertNotNull(AesSupport.weakness(flags, "amd64", SERVER, List.of("-XX:-UseAES")));
  }
}
