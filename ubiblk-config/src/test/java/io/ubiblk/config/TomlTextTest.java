package io.ubiblk.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.ubiblk.config.toml.TomlFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TomlTextTest {

  private static final String SECRET = "asiH3kuGyp5NCabfD6m1u";

  @TempDir Path path;
  private Directory directory;

  @BeforeEach
  void open() {
    directory = new Directory(path);
  }

  @Test
  void aByteOrderMarkAndLineEndsOfWindowsAreAccepted() throws IOException {
    directory.load("\uFEFF" + Directory.PLAIN.replace("\n", "\r\n")).close();
    directory.refusal("\uFEFF\uFEFF" + Directory.PLAIN, "line 1", "not TOML");
  }

  @Test
  void textThatIsNotUtf8IsRefused() throws IOException {
    byte[] bytes = Directory.PLAIN.getBytes(StandardCharsets.UTF_8);
    for (int bad : new int[] {0xff, 0xc0, 0x80, 0xed}) {
      bytes[10] = (byte) bad;
      Path file = directory.write("disk.toml", bytes);
      Directory.refusal(() -> directory.loader.load(file), "disk.toml", "not UTF-8");
    }
  }

  @Test
  void filesThatAreTooLargeAreRefused() throws IOException {
    directory.load(Directory.PLAIN + "#" + "x".repeat(100_000)).close();
    directory.refusal("#" + "x".repeat(TomlFile.LARGEST), "larger than");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "{a=", "{a=["})
  void deepNestingIsRefused(String opening) throws IOException {
    directory.refusal("\nx = " + opening.repeat(50_000), "line 2", "nested deeper");
  }

  @Test
  void deepDottedKeysAreRefused() throws IOException {
    directory.refusal("a" + ".a".repeat(20_000) + " = 1", "nested deeper");
    directory.refusal("[a" + ".a".repeat(20_000) + "]", "nested deeper");
  }

  @Test
  void bracketsInStringsAndCommentsDoNotCount() throws IOException {
    String many = "[{".repeat(100);
    directory
        .load(
            "# "
                + many
                + "\n"
                + Directory.OPEN
                + "a.source.inline = \""
                + many
                + "\\\""
                + many
                + "\"\nb.source.inline = '"
                + many
                + "'\nc.source.inline = \"\"\"\n\""
                + many
                + "\"\"\"\nd.source.inline = '''\n'"
                + many
                + "'''\n")
        .close();
    directory.refusal("a = 'x\nb = " + "[".repeat(100_000), "line 2", "nested deeper");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a = 1\na = 2",
        "[a]\n[a]",
        "a = {}\n[a]",
        "a.b = 1\n[a]",
        "a = 1\n[[a]]",
        "[[a]]\n[a]",
        "a = 1 b = 2",
        "a",
        "a =",
        "= 1",
        "[a",
        "[]",
        "a = 'x",
        "a = \"\\q\"",
        "a = 1979-13-01",
        "a = 1__0",
        "a = 01",
        "a = [1",
        "a = {b = 1",
        "a = \u0000",
        "a = \"\\ud800\"",
        "a = nope"
      })
  void whatIsNotTomlIsRefusedWithItsLine(String text) throws IOException {
    ConfigurationException e = directory.refusal("\n\n" + text + "\n", "not TOML", "line ");
    assertEquals(true, e.line() >= 3, e::getMessage);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "source.inline = %s",
        "source.inline = \"%s",
        "source.inline = '%s",
        "source.inline = \"\\%s\"",
        "source.inline = \"x\" %s",
        "source.inline = \"\"\"%s",
        "source = \"%s\"",
        "source = [\"%s\"]",
        "source.env = \"%s\"",
        "encoding = \"%s\"",
        "encrypted_by = \"%s\"",
        "source.inline = \"x\"\nencrypted_by.ref = \"%s+/\"",
        "source.inline = 1\n#%s",
        "source.file = \"%s\\u0000\"",
        "source.inline = \"x\"\nsource.env = \"%s\"",
        "source.inline = \"%s\"\nencoding = \"base64\"",
        "source.inline = \"%s\"\nencrypted_by.ref = \"k32\""
      })
  void refusalsNeverShowASecret(String line) throws IOException {
    ConfigurationException e =
        directory.refusal(Directory.OPEN + "[secrets.s]\n" + line.formatted(SECRET) + "\n");
    assertFalse(String.valueOf(e.getMessage()).contains(SECRET), e.getMessage());
    assertFalse(String.valueOf(e.getMessage()).contains("asiH3"), e.getMessage());
    for (Throwable t = e.getCause(); t != null; t = t.getCause()) {
      assertFalse(String.valueOf(t.getMessage()).contains("asiH3"), t.toString());
    }
  }

  @Test
  void aKeyInPlaceOfAReferenceIsNotShown() throws IOException {
    String key = SECRET.repeat(4);
    for (String line :
        new String[] {"xts_key = \"" + key + "\"", "xts_key.ref = \"" + key + "\""}) {
      ConfigurationException e =
          directory.refusal(Directory.OPEN + "[encryption]\n" + line, "encryption.xts_key");
      assertFalse(String.valueOf(e.getMessage()).contains(SECRET), e.getMessage());
    }
  }
}
