package io.ubiblk.examples.programs;

import io.ubiblk.core.json.JsonParser;
import io.ubiblk.core.json.JsonValue;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** Files that ubiblk 0.5.1 wrote, printed and refused; see the PROVENANCE.md beside them. */
final class Vectors {

  static final Path ROOT = Path.of("src/test/resources/vectors").toAbsolutePath();

  private static final int SECTOR = 512;

  private Vectors() {}

  static JsonValue json(Path file) throws IOException {
    return JsonParser.parse(Files.readString(file));
  }

  static boolean isNull(JsonValue value) {
    return value.equals(JsonValue.Literal.NULL);
  }

  /** Returns a member that is a string. */
  static String text(JsonValue object, String name) {
    try {
      return object.member(name).asString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<String> strings(JsonValue list) throws IOException {
    List<String> strings = new ArrayList<>();
    for (JsonValue value : list.asList()) {
      strings.add(value.asString());
    }
    return strings;
  }

  /** Returns the folders of a folder, in order. */
  static List<Path> folders(String name) throws IOException {
    try (Stream<Path> entries = Files.list(ROOT.resolve(name))) {
      return entries.filter(Files::isDirectory).sorted().toList();
    }
  }

  /** Copies the files of a folder, and of the folders in it. */
  static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> entries = Files.walk(from)) {
      for (Path entry : entries.toList()) {
        Path target = to.resolve(from.relativize(entry).toString());
        if (Files.isDirectory(entry)) {
          Files.createDirectories(target);
        } else {
          Files.copy(entry, target);
        }
      }
    }
  }

  /** Makes a file of zeros, without storage. */
  static void sparse(Path file, long bytes) throws IOException {
    try (RandomAccessFile created = new RandomAccessFile(file.toFile(), "rw")) {
      created.setLength(bytes);
    }
  }

  /** Returns the content that a pattern has in some sectors: hashes of seed and sector. */
  static byte[] pattern(String seed, long first, int count) {
    ByteArrayOutputStream content = new ByteArrayOutputStream(count * SECTOR);
    for (long sector = first; sector < first + count; sector++) {
      byte[] hash = sha256((seed + ":" + sector).getBytes(StandardCharsets.US_ASCII));
      for (int i = 0; i < SECTOR / hash.length; i++) {
        content.writeBytes(hash);
      }
    }
    return content.toByteArray();
  }

  static String hash(byte[] content) {
    return HexFormat.of().formatHex(sha256(content));
  }

  private static byte[] sha256(byte[] content) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(content);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
