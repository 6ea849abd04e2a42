package io.ubiblk.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IncludeTest {

  @TempDir Path path;
  private Directory directory;

  @BeforeEach
  void open() {
    directory = new Directory(path);
  }

  @Test
  void sectionsMayBeSplitAcrossFiles() throws IOException {
    directory.write("a.toml", "[device]\nmetadata_path = \"m\"\n[tuning]\nnum_queues = 2\n");
    directory.write("sub/b.toml", "[tuning]\nqueue_size = 128\n");
    try (Configuration configuration =
        directory.load("include = [\"a.toml\", \"./sub/b.toml\"]\n" + Directory.PLAIN)) {
      assertEquals(path.resolve("m"), configuration.device().metadataPath());
      assertEquals(2, configuration.tuning().numQueues());
      assertEquals(128, configuration.tuning().queueSize());
    }
  }

  @Test
  void pathsOfIncludedFilesCountFromTheRoot() throws IOException {
    directory.write("sub/b.toml", "device.metadata_path = \"m\"\n");
    try (Configuration configuration =
        directory.load("include = [\"sub/b.toml\"]\n" + Directory.PLAIN)) {
      assertEquals(path.resolve("m"), configuration.device().metadataPath());
    }
  }

  @Test
  void anOptionalFileMayBeMissing() throws IOException {
    directory.load("include = [\"none.toml?\"]\n" + Directory.PLAIN).close();
    directory.refusal(
        "include = [\"none.toml\"]\n" + Directory.PLAIN,
        "line 1",
        "include",
        "\"none.toml\"",
        "expected");
  }

  @Test
  void anOptionalFileThatIsThereMustBeGood() throws IOException {
    directory.write("a.toml", "=");
    directory.refusal(
        "include = [\"a.toml?\"]\n" + Directory.PLAIN, "a.toml", "line 1", "not TOML");
    Files.createDirectory(path.resolve("dir.toml"));
    directory.refusal(
        "include = [\"dir.toml?\"]\n" + Directory.PLAIN, "dir.toml", "cannot be read");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"a.toml\"",
        "1",
        "{ a = 1 }",
        "[1]",
        "[[\"a.toml\"]]",
        "[\"\"]",
        "[\"?\"]",
        "[\"  \"]",
        "[\" ?\"]",
        "[\"/etc/a.toml\"]",
        "[\"../a.toml\"]",
        "[\"../a.toml?\"]",
        "[\"x/../a.toml?\"]",
        "[\"..\"]",
        "[\"a\\u0000b?\"]"
      })
  void whatIsNoListOfPathsBelowIsRefused(String value) throws IOException {
    directory.write("a.toml", "");
    directory.refusal(
        "include = " + value + "\n" + Directory.PLAIN, "line 1", "include", "expected");
  }

  @Test
  void includedFilesIncludeNothing() throws IOException {
    directory.write("a.toml", "include = []\n");
    ConfigurationException e =
        directory.refusal("include = [\"a.toml\"]\n" + Directory.PLAIN, "a.toml", "root only");
    assertEquals(path.resolve("a.toml"), e.file());
  }

  @Test
  void aFileThatIncludesItselfIsRefused() throws IOException {
    directory.refusal("include = [\"disk.toml\"]\n" + Directory.PLAIN, "include", "root only");
  }

  @Test
  void aKeyMayBeInOneFileOnly() throws IOException {
    directory.write("a.toml", "[device]\ndata_path = \"x\"\n");
    directory.refusal(
        "include = [\"a.toml\"]\n" + Directory.PLAIN,
        "a.toml, line 2",
        "device.data_path is also in",
        "disk.toml, line 3");
  }

  @Test
  void arraysAreNotMerged() throws IOException {
    directory.write("a.toml", "tuning.cpus = [1]\n");
    directory.write("b.toml", "tuning.cpus = [2]\n");
    directory.refusal(
        "include = [\"a.toml\", \"b.toml\"]\n" + Directory.PLAIN, "tuning.cpus is also in");
  }

  @Test
  void aTableAndAValueDoNotMerge() throws IOException {
    directory.write("a.toml", "device = \"x\"\n");
    directory.refusal("include = [\"a.toml\"]\n" + Directory.PLAIN, "device is also in");
  }

  @Test
  void theSameFileTwiceIsADuplicate() throws IOException {
    directory.write("a.toml", "tuning.num_queues = 1\n");
    directory.refusal(
        "include = [\"a.toml\", \"a.toml\"]\n" + Directory.PLAIN, "tuning.num_queues is also in");
  }

  @Test
  void refusalsNameTheIncludedFile() throws IOException {
    directory.write("a.toml", "\n[tuning]\nnum_queues = 0\n");
    ConfigurationException e =
        directory.refusal("include = [\"a.toml\"]\n" + Directory.PLAIN, "a.toml, line 3");
    assertTrue(e.file().endsWith("a.toml"));
  }

  @Test
  void aMissingRootIsRefused() {
    Directory.refusal(
        () -> directory.loader.load(path.resolve("none.toml")), "none.toml", "does not exist");
    Directory.refusal(() -> directory.loader.load(Path.of(path + "/x.toml/")), "x.toml");
  }
}
