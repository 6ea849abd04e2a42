package io.ubiblk.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Base64;
import java.util.HexFormat;

/** Configurations of disks, or parts of them, as tests need them. */
public final class DiskToml {

  private DiskToml() {}

  /**
   * Writes {@code disk.toml} for an encrypted disk that is filled from {@code image.raw}, with
   * everything in the same folder.
   *
   * @param folder where to
   * @param device more lines of the section that describes the device
   * @param tuning lines of the section on tuning
   * @param source more lines of the section on the source
   * @param key the key of 64 bytes
   * @throws IOException if it cannot be written
   */
  public static void write(Path folder, String device, String tuning, String source, byte[] key)
      throws IOException {
    Path next = folder.resolve("next");
    Files.writeString(
        next,
        """
        [device]
        data_path = "disk.raw"
        metadata_path = "metadata"
        vhost_socket = "vhost.sock"
        rpc_socket = "rpc.sock"
        %s
        [tuning]
        %s
        [stripe_source]
        type = "raw"
        image_path = "image.raw"
        %s
        %s"""
            .formatted(device, tuning, source, encryption(key)));
    Files.move(next, folder.resolve("disk.toml"), StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * Returns the sections that say whether and how a disk is encrypted.
   *
   * @param key the key in hexadecimal digits, or nothing for a disk that is not encrypted
   * @return the sections
   */
  public static String encryption(String key) {
    return key.isEmpty()
        ? "[danger_zone]\nenabled = true\nallow_unencrypted_disk = true\n"
        : encryption(HexFormat.of().parseHex(key));
  }

  private static String encryption(byte[] key) {
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
        .formatted(Base64.getEncoder().encodeToString(key));
  }
}
