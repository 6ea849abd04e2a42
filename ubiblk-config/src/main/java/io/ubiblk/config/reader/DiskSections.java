package io.ubiblk.config.reader;

import io.ubiblk.config.ConfigurationException;
import io.ubiblk.config.DangerZone;
import io.ubiblk.config.DeviceSection;
import io.ubiblk.config.EncryptionSection;
import io.ubiblk.config.IoEngine;
import io.ubiblk.config.Tuning;
import io.ubiblk.config.toml.Section;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads the sections of a disk. */
final class DiskSections {

  private static final Map<String, IoEngine> ENGINES = new LinkedHashMap<>();

  static {
    ENGINES.put("io_uring", IoEngine.IO_URING);
    ENGINES.put("sync", IoEngine.SYNC);
  }

  private DiskSections() {}

  static DangerZone dangerZone(Section root, Path file, Consumer<String> warnings)
      throws ConfigurationException {
    Section section = root.table("danger_zone");
    if (section == null) {
      return DangerZone.NOTHING;
    }
    DangerZone zone =
        new DangerZone(
            section.flag("enabled"),
            section.flag("allow_unencrypted_disk"),
            section.flag("allow_inline_plaintext_secrets"),
            section.flag("allow_secret_over_regular_file"),
            section.flag("allow_unencrypted_connection"),
            section.flag("allow_env_secrets"));
    section.end();
    if (!zone.enabled()) {
      warnAboutIdleFlags(section, file, warnings);
    }
    return zone;
  }

  private static void warnAboutIdleFlags(Section section, Path file, Consumer<String> warnings)
      throws ConfigurationException {
    StringBuilder set = new StringBuilder();
    for (String key : section.keys()) {
      if (section.flag(key)) {
        set.append(set.isEmpty() ? "" : ", ").append(key);
      }
    }
    if (!set.isEmpty()) {
      warnings.accept(
          file + ": danger_zone has no effect without enabled = true, though it sets " + set);
    }
  }

  static DeviceSection device(Section root) throws ConfigurationException {
    Section section = root.required("device", root.table("device"), "a section with data_path");
    String id = section.string("device_id");
    DeviceSection device =
        new DeviceSection(
            section.required("data_path", section.path("data_path"), "the path of the disk's data"),
            section.path("metadata_path"),
            section.path("vhost_socket"),
            section.path("rpc_socket"),
            id == null ? DeviceSection.DEFAULT_DEVICE_ID : id,
            section.flag("track_written"));
    section.end();
    return device;
  }

  static Tuning tuning(Section root) throws ConfigurationException {
    Section section = root.table("tuning");
    if (section == null) {
      return Tuning.DEFAULT;
    }
    Tuning unless = Tuning.DEFAULT;
    int queues = number(section, "num_queues", unless.numQueues(), 1, Tuning.MOST_QUEUES);
    Tuning tuning =
        new Tuning(
            queues,
            queueSize(section, unless.queueSize()),
            number(section, "seg_size_max", unless.segSizeMax(), 1, Tuning.LARGEST_SEGMENT),
            number(section, "seg_count_max", unless.segCountMax(), 1, Tuning.MOST_SEGMENTS),
            number(
                section,
                "poll_timeout_us",
                unless.pollTimeoutMicros(),
                0,
                Tuning.LONGEST_POLL_MICROS),
            cpus(section, queues),
            Objects.requireNonNullElse(section.choice("io_engine", ENGINES), unless.ioEngine()),
            section.flag("write_through"));
    section.end();
    return tuning;
  }

  private static int queueSize(Section section, int unless) throws ConfigurationException {
    int size = number(section, "queue_size", unless, 1, Tuning.LARGEST_QUEUE);
    if (Integer.bitCount(size) != 1) {
      throw section.refuse("queue_size", "a power of two from 1 to " + Tuning.LARGEST_QUEUE);
    }
    return size;
  }

  private static @Nullable List<Integer> cpus(Section section, int queues)
      throws ConfigurationException {
    List<Long> cpus = section.integers("cpus", 0, Integer.MAX_VALUE);
    if (cpus == null) {
      return null;
    }
    if (cpus.size() != queues) {
      throw section.refuse("cpus", "as many as num_queues, " + queues);
    }
    return cpus.stream().map(Math::toIntExact).toList();
  }

  private static int number(Section section, String key, int unless, int least, int most)
      throws ConfigurationException {
    return Math.toIntExact(section.integer(key, unless, least, most));
  }

  static @Nullable EncryptionSection encryption(Section root, SecretChecks secrets)
      throws ConfigurationException {
    Section section = root.table("encryption");
    if (section == null) {
      return null;
    }
    int length = EncryptionSection.KEY_BYTES;
    EncryptionSection encryption =
        new EncryptionSection(secrets.required(section, "xts_key", length, length));
    section.end();
    return encryption;
  }
}
