package io.ubiblk.config;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ubiblk.crypto.KeyWrapping;
import io.ubiblk.crypto.Secret;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SecretsTest {

  private static final String KEY64 = "0123456789abcdef".repeat(4);

  @TempDir Path path;
  private Directory directory;

  @BeforeEach
  void open() {
    directory = new Directory(path);
  }

  private byte[] load(String secret) throws IOException {
    try (Configuration configuration =
        directory.load(Directory.OPEN + "[secrets.s]\n" + secret + "\n")) {
      return configuration.secrets().get("s").toBytes();
    }
  }

  private ConfigurationException refuse(String secret, String... words) throws IOException {
    return directory.refusal(Directory.OPEN + "[secrets.s]\n" + secret + "\n", words);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static String wrap(String kek, String name, byte[] value) throws IOException {
    try (Secret key = Secret.copyOf(ascii(kek));
        Secret secret = Secret.copyOf(value)) {
      return Base64.getEncoder().encodeToString(KeyWrapping.wrap(key, secret, name));
    }
  }

  @Test
  void inlineSecretsAreTheirText() throws IOException {
    assertArrayEquals(
        "häh".getBytes(StandardCharsets.UTF_8), load("source = { inline = \"häh\" }"));
    assertArrayEquals(ascii("x"), load("source.inline = \"x\"\nencoding = \"plaintext\""));
    assertArrayEquals(ascii("x"), load("source.inline = \"eA==\"\nencoding = \"base64\""));
  }

  @Test
  void filesCountFromTheConfigurationsDirectory() throws IOException {
    directory.write("keys/k", "abc\n");
    assertArrayEquals(ascii("abc\n"), load("source.file = \"keys/k\""));
    assertArrayEquals(ascii("abc\n"), load("source.file = \"" + path.resolve("keys/k") + "\""));
  }

  @Test
  void theEnvironmentIsLookedUp() throws IOException {
    directory.environment.put("DISK_KEY", "abc");
    assertArrayEquals(ascii("abc"), load("source.env = \"DISK_KEY\""));
    refuse("source.env = \"OTHER_KEY\"", "secrets.s.source", "expected", "OTHER_KEY");
    directory.environment.put("BAD", "a\uFFFDb");
    refuse("source.env = \"BAD\"", "secrets.s.source", "UTF-8");
  }

  @Test
  void aPipeIsReadWithoutPermission() throws Exception {
    Path pipe = path.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    Thread writer =
        Thread.ofVirtual()
            .start(
                () -> {
                  try (OutputStream out = Files.newOutputStream(pipe)) {
                    out.write(ascii("through a pipe"));
                  } catch (IOException e) {
                    throw new IllegalStateException(e);
                  }
                });
    try (Configuration configuration =
        directory.load("secrets.s.source.file = \"pipe\"\n" + Directory.PLAIN)) {
      assertArrayEquals(ascii("through a pipe"), configuration.secrets().get("s").toBytes());
    }
    writer.join();
  }

  @Test
  void everySourceNeedsItsPermission() throws IOException {
    directory.write("k", "x");
    directory.environment.put("K", "x");
    String wrapped = wrap("01234567890123456789012345678901", "s", ascii("x"));
    String kek = "secrets.kek.source.file = \"/dev/null\"\n";
    for (List<String> row :
        List.of(
            List.of("secrets.s.source.inline = \"x\"\n", "allow_inline_plaintext_secrets"),
            List.of("secrets.s.source.file = \"k\"\n", "allow_secret_over_regular_file"),
            List.of("secrets.s.source.env = \"K\"\n", "allow_env_secrets"),
            List.of(
                kek + "secrets.s.source.file = \"k\"\nsecrets.s.encrypted_by.ref = \"kek\"\n",
                "allow_secret_over_regular_file"),
            List.of(
                kek + "secrets.s.source.env = \"K\"\nsecrets.s.encrypted_by.ref = \"kek\"\n",
                "allow_env_secrets"))) {
      directory.refusal(
          row.getFirst() + Directory.PLAIN,
          "secrets.s.source",
          "expected danger_zone.enabled",
          row.getLast());
    }
    // A wrapped inline secret needs none; its key of no bytes is what is wrong here.
    directory.refusal(
        kek
            + "secrets.s.source.inline = \""
            + wrapped
            + "\"\nsecrets.s.encoding = \"base64\"\nsecrets.s.encrypted_by.ref = \"kek\"\n"
            + Directory.PLAIN,
        "kek",
        "0 bytes",
        "expected 32");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "encoding = 'base64' | secrets.s.source is missing | expected",
        "source = 'x' | secrets.s.source is a string (not shown) | expected a table",
        "source = {} | secrets.s.source | one of file, inline, env",
        "source = { file = 'a', env = 'B' } | secrets.s.source has 2 keys | one of file",
        "source = { pipe = 'a' } | secrets.s.source.pipe is an unknown key | one of file",
        "source.inline = 1 | secrets.s.source.inline is an integer (not shown) | expected a string",
        "source.env = true | secrets.s.source.env is a boolean (not shown) | expected a string",
        "source.file = 1.5 | secrets.s.source.file is a float (not shown) | expected a string",
        "source.file = '' | secrets.s.source.file is a string (not shown) | expected a path",
        "source.inline = 'x'; encoding = 'hex' | secrets.s.encoding | one of plaintext, base64",
        "source.inline = 'x'; encoding = 1 | secrets.s.encoding | expected a string",
        "source.inline = 'x'; encode = 'hex' | secrets.s.encode is an unknown key | expected",
        "source.inline = 'x'; encrypted_by = 'k32' | secrets.s.encrypted_by is a string | ref",
        "source.inline = 'x'; encrypted_by = {} | secrets.s.encrypted_by.ref is missing | name",
        "source.inline = 'x'; encrypted_by = {ref = 1} | secrets.s.encrypted_by.ref | a string",
        "source.inline = 'x'; encrypted_by = {ref = 'k32', x = 1} | encrypted_by.x | expected ref",
        "source.inline = 'x'; encrypted_by.ref = 'no' | secrets.s.encrypted_by | \"no\"",
        "source.inline = 'x'; encrypted_by.ref = 's' | s | encrypted",
        "source.inline = 'x'; encrypted_by.ref = 'k32' | s | expected at least 28",
        "source.inline = '0123456789012345678901234567'; encrypted_by.ref = 'k32' | s | another",
        "source.inline = '0123456789012345678901234567'; encrypted_by.ref = 'k16' | 16 | 32",
        "source.file = 'none' | secrets.s.source cannot be read | none",
        "source.file = '.' | secrets.s.source cannot be read | expected"
      })
  void badSecretsAreRefused(String secret, String found, String expected) throws IOException {
    refuse(secret.replace("; ", "\n"), found, expected);
  }

  @Test
  void theSectionIsATableOfTables() throws IOException {
    directory.refusal("secrets = 1\n" + Directory.PLAIN, "secrets is an integer (not shown)");
    directory.refusal("secrets.s = \"x\"\n" + Directory.PLAIN, "secrets.s", "expected a table");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {" eA==", "e A==", "eA", "eA=", "eB==", "eA===", "e_-=", "eA==\\u00a0", "%%%%"})
  void whatIsNotCanonicalBase64IsRefused(String text) throws IOException {
    refuse("source.inline = \"" + text + "\"\nencoding = \"base64\"", "secrets.s", "ase64");
  }

  @Test
  void whiteSpaceBehindBase64IsIgnored() throws IOException {
    assertArrayEquals(
        ascii("x"), load("source.inline = \"eA== \\t\\r\\n\\f\"\nencoding = \"base64\""));
    assertArrayEquals(new byte[0], load("source.inline = \"\"\nencoding = \"base64\""));
  }

  @Test
  void secretsHaveAtMost8192Bytes() throws IOException {
    byte[] most = ascii("x".repeat(8192));
    byte[] more = ascii("x".repeat(8193));
    directory.write("most", most);
    directory.write("more", more);
    directory.write("huge", new byte[1 << 20]);
    directory.write("most64", Base64.getEncoder().encode(most));
    directory.write("more64", Base64.getEncoder().encode(more));
    assertArrayEquals(most, load("source.file = \"most\""));
    assertArrayEquals(most, load("source.file = \"most64\"\nencoding = \"base64\""));
    refuse("source.file = \"more\"", "secrets.s", "8192");
    refuse("source.file = \"huge\"", "secrets.s", "8192");
    refuse("source.file = \"more64\"\nencoding = \"base64\"", "secrets.s", "8192");
  }

  @Test
  void aWrappedSecretIsBoundToItsName() throws IOException {
    String kek = "01234567890123456789012345678901";
    String rest = "\"\nencoding = \"base64\"\nencrypted_by.ref = \"k32\"";
    assertArrayEquals(
        ascii("abc"), load("source.inline = \"" + wrap(kek, "s", ascii("abc")) + rest));
    refuse("source.inline = \"" + wrap(kek, "t", ascii("abc")) + rest, "\"s\"", "another name");
  }

  @Test
  void chainsAreResolvedInAnyOrder() throws IOException {
    String k32 = "01234567890123456789012345678901";
    String second = "s2345678901234567890123456789012";
    String text =
        Directory.OPEN
            + "a.source.inline = \""
            + wrap(second, "a", ascii(KEY64))
            + "\"\na.encoding = \"base64\"\na.encrypted_by.ref = \"b\"\n"
            + "b.source.inline = \""
            + wrap(k32, "b", ascii(second))
            + "\"\nb.encoding = \"base64\"\nb.encrypted_by.ref = \"k32\"\n"
            + "[encryption]\nxts_key.ref = \"a\"\n";
    try (Configuration configuration = directory.load(text)) {
      assertEquals(new EncryptionSection("a"), configuration.encryption());
      assertArrayEquals(ascii(KEY64), configuration.secrets().get("a").toBytes());
    }
  }

  @Test
  void circlesAreRefused() throws IOException {
    directory.refusal(
        Directory.OPEN
            + "a.source.inline = \"x\"\na.encrypted_by.ref = \"b\"\n"
            + "b.source.inline = \"x\"\nb.encrypted_by.ref = \"a\"\n",
        "secrets",
        "circle");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "xts_key.ref = 'k32' | encryption.xts_key | 32 bytes, expected 64",
        "xts_key.ref = 'none' | encryption.xts_key | \"none\"",
        "xts_key.ref = 1 | encryption.xts_key.ref | expected a string",
        "xts_key = 'k32' | encryption.xts_key is a string (not shown) | xts_key.ref",
        "xts_key = {} | encryption.xts_key.ref is missing | expected",
        "xts_key = {ref = 'k32', b = 1} | encryption.xts_key.b is an unknown key | expected ref",
        "key.ref = 'k32' | encryption.xts_key is missing | expected"
      })
  void theDiskKeyIsAReferenceTo64Bytes(String encryption, String found, String expected)
      throws IOException {
    directory.refusal(Directory.OPEN + "[encryption]\n" + encryption + "\n", found, expected);
  }

  @Test
  void unknownKeysOfTheEncryptionAreRefused() throws IOException {
    directory.refusal(
        Directory.OPEN
            + "k64.source.inline = \""
            + KEY64
            + "\"\n[encryption]\nxts_key.ref = \"k64\"\ncipher = 1\n",
        "encryption.cipher is an unknown key",
        "expected xts_key");
    directory.refusal("encryption = 1\n" + Directory.OPEN, "encryption = 1", "expected a table");
  }

  @Test
  void secretsAreNeitherPrintedNorKept() throws IOException {
    Configuration configuration =
        directory.load(Directory.OPEN + "s.source.inline = \"" + KEY64 + "\"\n");
    assertFalse(configuration.toString().contains(KEY64));
    Secret secret = configuration.secrets().get("s");
    configuration.close();
    assertThrows(IllegalStateException.class, secret::toBytes);
    configuration.close();
  }
}
