package io.ubiblk.examples.programs;

import java.util.Base64;
import java.util.HexFormat;

/** The part of a configuration that says whether and how a disk is encrypted. */
final class Keys {

  private Keys() {}

  /** Returns the sections of a disk with a key in hexadecimal digits, or without any. */
  static String section(String key) {
    if (key.isEmpty()) {
      return "[danger_zone]\nenabled = true\nallow_unencrypted_disk = true\n";
    }
    return """
        [encryption]
        xts_key.ref = "disk"

        [secrets.disk]
        source.inline = "%s"
        encoding = "base64"

        [danger_zone]
        enabled = true
        allow_inline_plaintext_secrets = true
        """
        .formatted(Base64.getEncoder().encodeToString(HexFormat.of().parseHex(key)));
  }
}
