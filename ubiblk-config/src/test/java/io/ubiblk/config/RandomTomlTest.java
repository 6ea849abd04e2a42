package io.ubiblk.config;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.testkit.SeededRandom;
import io.ubiblk.testkit.Seeds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Throws random and mutated text at the loader: a refusal or a configuration, nothing else. */
class RandomTomlTest {

  /** Others each time: together the runs see far more than one would in a bearable time. */
  private static final int INPUTS = 3000;

  private static final List<String> WORDS =
      List.of(
          "[",
          "]",
          "{",
          "}",
          "[[",
          "]]",
          "=",
          ".",
          ",",
          "\"",
          "'",
          "\"\"\"",
          "'''",
          "\\",
          "#",
          "\n",
          "\r\n",
          " ",
          "\t",
          "\u0000",
          "\uFEFF",
          "\u00e4",
          "\ud83d\ude00",
          "true",
          "false",
          "0",
          "-1",
          "1",
          "64",
          "65536",
          "9223372036854775807",
          "9223372036854775808",
          "0xffffffffffffffffffff",
          "1e400",
          "1.5",
          "inf",
          "nan",
          "1979-05-27",
          "07:32:00",
          "1979-05-27T07:32:00Z",
          "\\u0000",
          "\\ud800",
          "\\U0010ffff",
          "\"/dev/null\"",
          "\"..\"",
          "\"?\"",
          "\"other.toml\"",
          "\"disk.toml\"",
          "include",
          "device",
          "data_path",
          "metadata_path",
          "device_id",
          "track_written",
          "tuning",
          "num_queues",
          "queue_size",
          "cpus",
          "io_engine",
          "encryption",
          "xts_key",
          "ref",
          "danger_zone",
          "enabled",
          "allow_env_secrets",
          "allow_unencrypted_disk",
          "secrets",
          "source",
          "file",
          "inline",
          "env",
          "encoding",
          "base64",
          "encrypted_by",
          "stripe_source",
          "type",
          "raw",
          "archive",
          "remote",
          "storage",
          "filesystem",
          "s3",
          "prefix",
          "psk",
          "identity",
          "secret",
          "connections",
          "rate_limited_retry",
          "image_path",
          "autofetch");

  @TempDir Path path;

  @Test
  void anythingIsRefusedOrAConfiguration() throws IOException {
    Directory directory = new Directory(path);
    directory.write("other.toml", "tuning.num_queues = 3\n");
    directory.environment.put("K", "0123456789abcdef");
    List<byte[]> seeds = seeds();
    int[] outcomes = new int[2];
    Seeds.check(
        random -> {
          for (int i = 0; i < INPUTS; i++) {
            byte[] text = random.between(0, 9) == 0 ? soup(random) : mutate(random, seeds);
            outcomes[load(directory, text) ? 1 : 0]++;
          }
        });
    assertTrue(outcomes[0] > INPUTS / 10, "nearly nothing was refused");
    assertTrue(outcomes[1] > INPUTS / 200, "nearly nothing was accepted");
  }

  private static boolean load(Directory directory, byte[] text) throws IOException {
    Path file = directory.write("disk.toml", text);
    directory.warnings.clear();
    try (Configuration configuration = directory.loader.load(file)) {
      return configuration.device() != null;
    } catch (ConfigurationException refused) {
      assertTrue(String.valueOf(refused.getMessage()).contains("toml"), refused::getMessage);
      return false;
    } catch (RuntimeException | StackOverflowError e) {
      throw new AssertionError("for " + Arrays.toString(text), e);
    }
  }

  /** Short ones, since the parser is slow, and good ones, since most mutants are refused anyway. */
  private static List<byte[]> seeds() throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    try (Stream<Path> files = Files.walk(Path.of("src/test/resources/vectors/configs/accepted"))) {
      for (Path file : files.filter(f -> f.endsWith("config.toml")).sorted().toList()) {
        byte[] bytes = Files.readAllBytes(file);
        if (bytes.length < 400) {
          seeds.add(bytes);
          seeds.add(Directory.PLAIN.getBytes(StandardCharsets.UTF_8));
        }
      }
    }
    return seeds;
  }

  private static byte[] soup(SeededRandom random) {
    StringBuilder text = new StringBuilder();
    for (int n = random.between(0, 40); n > 0; n--) {
      text.append(word(random));
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] mutate(SeededRandom random, List<byte[]> seeds) {
    byte[] text = seeds.get(random.between(0, seeds.size() - 1)).clone();
    for (int n = random.between(1, 3); n > 0; n--) {
      text = mutateOnce(random, text, seeds);
    }
    return text;
  }

  private static byte[] mutateOnce(SeededRandom random, byte[] text, List<byte[]> seeds) {
    int at = random.between(0, text.length);
    int end = random.between(at, Math.min(text.length, at + 20));
    return switch (random.between(0, 6)) {
      case 0 -> Arrays.copyOf(text, at);
      case 1 -> splice(text, at, end, new byte[0]);
      case 2 -> splice(text, at, at, word(random).getBytes(StandardCharsets.UTF_8));
      case 3 -> splice(text, at, end, word(random).getBytes(StandardCharsets.UTF_8));
      case 4 -> splice(text, at, at, Arrays.copyOfRange(text, at, end));
      case 5 -> {
        byte[] other = seeds.get(random.between(0, seeds.size() - 1));
        yield splice(text, at, at, Arrays.copyOf(other, 60));
      }
      default -> {
        if (at < text.length) {
          text[at] ^= (byte) (1 << random.between(0, 7));
        }
        yield text;
      }
    };
  }

  private static byte[] splice(byte[] text, int from, int to, byte[] middle) {
    byte[] result = Arrays.copyOf(text, from + middle.length + text.length - to);
    System.arraycopy(middle, 0, result, from, middle.length);
    System.arraycopy(text, to, result, from + middle.length, text.length - to);
    return result;
  }

  private static String word(SeededRandom random) {
    return WORDS.get(random.between(0, WORDS.size() - 1));
  }
}
