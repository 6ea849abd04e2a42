package io.ubiblk.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StripeSourceTest {

  private static final String S3 =
      """
      type = "archive"
      storage = "s3"
      bucket = "b"
      access_key_id.ref = "k16"
      secret_access_key.ref = "k15"
      """;

  private static final String REMOTE =
      """
      type = "remote"
      address = "10.0.0.1:4567"
      """;

  @TempDir Path path;
  private Directory directory;

  @BeforeEach
  void open() {
    directory = new Directory(path);
  }

  private SourceSection load(String source) throws IOException {
    try (Configuration configuration =
        directory.load(Directory.OPEN + "[stripe_source]\n" + source + "\n")) {
      SourceSection section = configuration.stripeSource();
      if (section == null) {
        throw new AssertionError("no source");
      }
      return section;
    }
  }

  private void refuse(String source, String... words) throws IOException {
    directory.refusal(
        Directory.OPEN + "[stripe_source]\n" + source.replace("; ", "\n") + "\n", words);
  }

  @Test
  void aRawImageHasDefaults() throws IOException {
    assertEquals(
        new SourceSection.Raw(path.resolve("i.raw"), false, false),
        load("type = \"raw\"\nimage_path = \"i.raw\""));
    assertEquals(
        new SourceSection.Raw(Path.of("/i.raw"), true, true),
        load("type = \"raw\"\nimage_path = \"/i.raw\"\nautofetch = true\ncopy_on_read = true"));
  }

  @Test
  void aDirectoryHasDefaults() throws IOException {
    assertEquals(
        new SourceSection.Archive(new ArchiveStorage.Filesystem(path.resolve("a"), null), false),
        load("type = \"archive\"\nstorage = \"filesystem\"\npath = \"a\""));
    assertEquals(
        new SourceSection.Archive(new ArchiveStorage.Filesystem(path.resolve("a"), "k32"), true),
        load(
            "type = \"archive\"\nstorage = \"filesystem\"\npath = \"a\"\n"
                + "archive_kek.ref = \"k32\"\nautofetch = true"));
  }

  @Test
  void anObjectStoreHasDefaults() throws IOException {
    assertEquals(
        new SourceSection.Archive(
            new ArchiveStorage.S3(
                "b",
                null,
                null,
                null,
                "k16",
                "k15",
                null,
                null,
                16,
                5000,
                20000,
                3,
                new ArchiveStorage.RateLimitedRetry(false, 0, 0)),
            false),
        load(S3));
  }

  @Test
  void everyFieldOfAnObjectStoreCanBeSet() throws IOException {
    assertEquals(
        new SourceSection.Archive(
            new ArchiveStorage.S3(
                "b",
                "a/./b//c",
                "r",
                "http://e",
                "k16",
                "k15",
                "k0x",
                "k32",
                1,
                2,
                3,
                4294967295L,
                new ArchiveStorage.RateLimitedRetry(true, 5, 6)),
            true),
        load(
            S3
                + """
                prefix = "a/./b//c"
                region = "r"
                endpoint = "http://e"
                session_token.ref = "k0x"
                archive_kek.ref = "k32"
                connections = 1
                connect_timeout_ms = 2
                operation_attempt_timeout_ms = 3
                max_attempts = 4294967295
                rate_limited_retry = { enabled = true, min_delay_ms = 5, jitter_ms = 6 }
                autofetch = true
                [secrets.k0x]
                source.inline = "x"
                """));
  }

  @Test
  void aRemoteServerHasDefaults() throws IOException {
    assertEquals(
        new SourceSection.Remote(
            new RemoteConnection("10.0.0.1:4567", null, 16, 5000, 20000), false),
        load(REMOTE));
    assertEquals(
        new SourceSection.Remote(
            new RemoteConnection("10.0.0.1:4567", new RemoteConnection.Psk("me", "k16"), 1, 2, 3),
            true),
        load(
            REMOTE
                + """
                psk.identity = "me"
                psk.secret.ref = "k16"
                connections = 1
                connect_timeout_ms = 2
                operation_attempt_timeout_ms = 3
                autofetch = true
                """));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "image_path = 'a' | stripe_source.type is missing | one of raw, archive, remote",
        "type = 'nbd' | stripe_source.type = \"nbd\" | one of raw, archive, remote",
        "type = 1 | stripe_source.type = 1 | expected a string",
        "type = 'raw' | stripe_source.image_path is missing | the path of the image",
        "type = 'raw'; image_path = 1 | stripe_source.image_path = 1 | a string",
        "type = 'raw'; image_path = '' | stripe_source.image_path = \"\" | a path",
        "type = 'raw'; image_path = 'a'; autofetch = 1 | stripe_source.autofetch = 1 | true or",
        "type = 'raw'; image_path = 'a'; copy_on_read = 1 | stripe_source.copy_on_read | true or",
        "type = 'raw'; image_path = 'a'; path = 'b' | stripe_source.path is an unknown key | one",
        "type = 'archive' | stripe_source.storage is missing | one of filesystem, s3",
        "type = 'archive'; storage = 'ftp' | stripe_source.storage = \"ftp\" | filesystem, s3",
        "type = 'archive'; storage = 1 | stripe_source.storage = 1 | a string",
        "type = 'archive'; storage = 'filesystem' | stripe_source.path is missing | directory",
        "type = 'archive'; storage = 'filesystem'; path = 1 | stripe_source.path = 1 | a string",
        "type = 'archive'; storage = 'filesystem'; path = 'a'; autofetch = 1 |"
            + " stripe_source.autofetch = 1 | true or false",
        "type = 'archive'; storage = 'filesystem'; path = 'a'; archive_kek = 'k32' |"
            + " stripe_source.archive_kek is a string (not shown) | ref",
        "type = 'archive'; storage = 'filesystem'; path = 'a'; archive_kek.ref = 'k16' |"
            + " stripe_source.archive_kek | 16 bytes, expected 32",
        "type = 'archive'; storage = 'filesystem'; path = 'a'; archive_kek.ref = 'no' |"
            + " stripe_source.archive_kek | \"no\"",
        "type = 'archive'; storage = 'filesystem'; path = 'a'; copy_on_read = true |"
            + " stripe_source.copy_on_read is an unknown key | expected"
      })
  void badRawImagesAndDirectoriesAreRefused(String source, String found, String expected)
      throws IOException {
    refuse(source, found, "expected", expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bucket", "access_key_id", "secret_access_key"})
  void whatAnObjectStoreNeedsIsRequired(String key) throws IOException {
    refuse(S3.replaceAll("(?m)^" + key + ".*$", ""), "stripe_source." + key + " is missing");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "prefix = '../a' | stripe_source.prefix = \"../a\" | no component \"..\"",
        "prefix = 'a/..' | stripe_source.prefix = \"a/..\" | no component \"..\"",
        "prefix = './a' | stripe_source.prefix = \"./a\" | no \".\" at the beginning",
        "prefix = '.' | stripe_source.prefix | no \".\" at the beginning",
        "prefix = 1 | stripe_source.prefix = 1 | a string",
        "region = 1 | stripe_source.region = 1 | a string",
        "endpoint = 1 | stripe_source.endpoint = 1 | a string",
        "session_token.ref = 'k0' | stripe_source.session_token | 0 bytes, expected at least 1",
        "session_token = 'k0' | stripe_source.session_token is a string (not shown) | ref",
        "archive_kek.ref = 'k16' | stripe_source.archive_kek | 16 bytes, expected 32",
        "connections = 0 | stripe_source.connections = 0 | at least 1",
        "connections = -1 | stripe_source.connections = -1 | at least 1",
        "connections = 'x' | stripe_source.connections | an integer",
        "connect_timeout_ms = 0 | stripe_source.connect_timeout_ms = 0 | at least 1",
        "operation_attempt_timeout_ms = 0 | operation_attempt_timeout_ms = 0 | at least 1",
        "connect_timeout_ms = 1.5 | stripe_source.connect_timeout_ms = 1.5 | an integer",
        "operation_attempt_timeout_ms = true | operation_attempt_timeout_ms = true | an integer",
        "max_attempts = '3' | stripe_source.max_attempts = \"3\" | an integer",
        "autofetch = 'yes' | stripe_source.autofetch = \"yes\" | true or false",
        "max_attempts = 0 | stripe_source.max_attempts = 0 | from 1 to",
        "max_attempts = 4294967296 | stripe_source.max_attempts | from 1 to",
        "rate_limited_retry = 1 | stripe_source.rate_limited_retry = 1 | a table",
        "rate_limited_retry = {enabled = true} | rate_limited_retry.min_delay_ms is missing | 1",
        "rate_limited_retry = {enabled = true, min_delay_ms = 0} | min_delay_ms = 0 | at least 1",
        "rate_limited_retry = {min_delay_ms = -1} | min_delay_ms = -1 | at least 0",
        "rate_limited_retry = {min_delay_ms = 'x'} | min_delay_ms = \"x\" | an integer",
        "rate_limited_retry = {jitter_ms = 'x'} | jitter_ms = \"x\" | an integer",
        "rate_limited_retry = {jitter_ms = -1} | jitter_ms = -1 | at least 0",
        "rate_limited_retry = {enabled = 1} | rate_limited_retry.enabled = 1 | true or false",
        "rate_limited_retry = {max = 1} | rate_limited_retry.max is an unknown key | enabled",
        "path = 'a' | stripe_source.path is an unknown key | one of"
      })
  void badFieldsOfAnObjectStoreAreRefused(String line, String found, String expected)
      throws IOException {
    refuse(S3 + line, found, "expected", expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"access_key_id", "secret_access_key"})
  void credentialsAreReferences(String key) throws IOException {
    refuse(
        S3.replaceAll("(?m)^" + key + ".*$", key + " = \"k16\""),
        "stripe_source." + key + " is a string (not shown)",
        "expected");
    refuse(S3.replaceAll("(?m)^" + key + ".*$", key + ".ref = \"no\""), key, "\"no\"");
  }

  @Test
  void theBucketIsAString() throws IOException {
    refuse(S3.replaceAll("(?m)^bucket.*$", "bucket = 1"), "stripe_source.bucket = 1", "a string");
  }

  @Test
  void emptyCredentialsAreRefused() throws IOException {
    refuse(S3.replace("k16", "k0"), "stripe_source.access_key_id", "0 bytes, expected at least 1");
    refuse(S3.replace("k15", "k0"), "stripe_source.secret_access_key", "0 bytes");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "psk = 'x' | stripe_source.psk is a string (not shown) | a table",
        "psk.identity = 'me' | stripe_source.psk.secret is missing | secret.ref",
        "psk.secret.ref = 'k16' | stripe_source.psk.identity is missing | identity",
        "psk.identity = 1 | stripe_source.psk.identity | a string",
        "psk = {identity = 'me', secret = 'k16'} | stripe_source.psk.secret is a string | ref",
        "psk = {identity = 'me', secret.ref = 'k15'} | psk.secret | 15 bytes, expected at least 16",
        "psk = {identity = 'me', secret.ref = 'k16', x = 1} | psk.x is an unknown key | identity",
        "connections = 0 | stripe_source.connections = 0 | at least 1",
        "connect_timeout_ms = 0 | stripe_source.connect_timeout_ms = 0 | at least 1",
        "operation_attempt_timeout_ms = 0 | operation_attempt_timeout_ms = 0 | at least 1",
        "autofetch = 'x' | stripe_source.autofetch | true or false",
        "copy_on_read = true | stripe_source.copy_on_read is an unknown key | one of",
        "max_attempts = 1 | stripe_source.max_attempts is an unknown key | one of"
      })
  void badFieldsOfARemoteServerAreRefused(String line, String found, String expected)
      throws IOException {
    refuse(REMOTE + line, found, "expected", expected);
  }

  @Test
  void theAddressIsRequired() throws IOException {
    refuse("type = \"remote\"", "stripe_source.address is missing", "expected");
    refuse("type = \"remote\"\naddress = 1", "stripe_source.address = 1", "a string");
  }

  @Test
  void plainTcpNeedsItsPermission() throws IOException {
    String text = Directory.OPEN.replace("allow_unencrypted_connection = true", "");
    directory.refusal(
        text + "[stripe_source]\n" + REMOTE,
        "stripe_source.psk is missing",
        "danger_zone.allow_unencrypted_connection");
    directory
        .load(
            text
                + "[stripe_source]\n"
                + REMOTE
                + "psk = { identity = \"\", secret.ref = \"k16\" }\n")
        .close();
  }

  @Test
  void theSectionIsATable() throws IOException {
    directory.refusal(
        "stripe_source = [1]\n" + Directory.PLAIN, "stripe_source is an array", "expected a table");
  }
}
