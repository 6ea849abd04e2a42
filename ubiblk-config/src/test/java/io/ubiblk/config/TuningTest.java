package io.ubiblk.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TuningTest {

  @TempDir Path path;
  private Directory directory;

  @BeforeEach
  void open() {
    directory = new Directory(path);
  }

  private Tuning load(String tuning) throws IOException {
    try (Configuration configuration =
        directory.load(Directory.PLAIN + "[tuning]\n" + tuning + "\n")) {
      return configuration.tuning();
    }
  }

  @Test
  void defaultsAreThoseOfUbiblk() throws IOException {
    Tuning expected = new Tuning(1, 64, 65536, 4, 1000, null, IoEngine.IO_URING, false);
    assertEquals(expected, load(""));
    assertEquals(expected, Tuning.DEFAULT);
  }

  @Test
  void lowerLimitsAreAccepted() throws IOException {
    assertEquals(
        new Tuning(1, 1, 1, 1, 0, List.of(0), IoEngine.IO_URING, false),
        load(
            """
            num_queues = 1
            queue_size = 1
            seg_size_max = 1
            seg_count_max = 1
            poll_timeout_us = 0
            cpus = [0]
            io_engine = "io_uring"
            write_through = false
            """));
  }

  @Test
  void upperLimitsAreAccepted() throws IOException {
    assertEquals(
        new Tuning(63, 32768, 1 << 20, 256, 10_000_000, null, IoEngine.SYNC, true),
        load(
            """
            num_queues = 63
            queue_size = 32768
            seg_size_max = 1048576
            seg_count_max = 256
            poll_timeout_us = 10000000
            io_engine = "sync"
            write_through = true
            """));
  }

  @ParameterizedTest
  @CsvSource({
    "num_queues, 0, from 1 to 63",
    "num_queues, 64, from 1 to 63",
    "num_queues, 257, from 1 to 63",
    "num_queues, -1, from 1 to 63",
    "num_queues, 1.0, from 1 to 63",
    "num_queues, '\"1\"', from 1 to 63",
    "num_queues, true, from 1 to 63",
    "num_queues, 4294967297, from 1 to 63",
    "queue_size, 0, from 1 to 32768",
    "queue_size, 3, a power of two",
    "queue_size, 65, a power of two",
    "queue_size, 65536, from 1 to 32768",
    "queue_size, 65537, from 1 to 32768",
    "queue_size, 131072, from 1 to 32768",
    "queue_size, -64, from 1 to 32768",
    "queue_size, '\"64\"', from 1 to 32768",
    "seg_size_max, 0, from 1 to 1048576",
    "seg_size_max, 1048577, from 1 to 1048576",
    "seg_size_max, -1, from 1 to 1048576",
    "seg_size_max, 1e3, from 1 to 1048576",
    "seg_count_max, 0, from 1 to 256",
    "seg_count_max, 257, from 1 to 256",
    "seg_count_max, 9223372036854775807, from 1 to 256",
    "poll_timeout_us, -1, from 0 to 10000000",
    "poll_timeout_us, 10000001, from 0 to 10000000",
    "poll_timeout_us, false, from 0 to 10000000",
    "cpus, 1, an array of integers",
    "cpus, '[-1]', from 0 to",
    "cpus, '[1.5]', from 0 to",
    "cpus, '[\"1\"]', from 0 to",
    "cpus, '[]', as many as num_queues",
    "cpus, '[1, 2]', as many as num_queues",
    "io_engine, '\"libaio\"', 'one of io_uring, sync'",
    "io_engine, '\"IO_URING\"', 'one of io_uring, sync'",
    "io_engine, 1, a string",
    "write_through, 1, true or false",
    "write_through, '\"yes\"', true or false"
  })
  void badValuesAreRefused(String key, String value, String expected) throws IOException {
    directory.refusal(
        Directory.PLAIN + "[tuning]\n" + key + " = " + value + "\n",
        "line 7",
        "tuning." + key,
        "expected",
        expected);
  }

  @Test
  void theValueIsShown() throws IOException {
    directory.refusal(
        Directory.PLAIN + "[tuning]\nnum_queues = 64\n",
        "disk.toml, line 7: tuning.num_queues = 64, expected an integer from 1 to 63");
  }

  @Test
  void numbersTooLargeForAnythingAreRefused() throws IOException {
    directory.refusal(
        Directory.PLAIN + "[tuning]\nnum_queues = 99999999999999999999\n", "line 7", "not TOML");
  }

  @Test
  void cpusAreAsManyAsQueues() throws IOException {
    assertEquals(List.of(3, 9999), load("num_queues = 2\ncpus = [3, 9999]").cpus());
  }

  @Test
  void unknownKeysAreRefused() throws IOException {
    directory.refusal(
        Directory.PLAIN + "[tuning]\nqueues = 1\n", "tuning.queues is an unknown key", "expected");
  }

  @Test
  void recordsCheckWhatProgramsPutIn() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new Tuning(0, 64, 65536, 4, 1000, null, IoEngine.SYNC, false));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Tuning(1, 63, 65536, 4, 1000, null, IoEngine.SYNC, false));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Tuning(2, 64, 65536, 4, 1000, List.of(1), IoEngine.SYNC, false));
  }
}
