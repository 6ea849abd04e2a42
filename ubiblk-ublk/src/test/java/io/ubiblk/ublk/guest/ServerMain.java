package io.ubiblk.ublk.guest;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.OnReactor;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.FaultyBlockDevice;
import io.ubiblk.ublk.UblkBuilder;
import io.ubiblk.ublk.UblkDevice;
import io.ubiblk.ublk.driver.ControlNode;
import io.ubiblk.ublk.driver.LinuxDriver;
import io.ubiblk.ublk.protocol.DriverFeatures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The server that the tests run in the guest: serves a device and ends with SIGTERM.
 *
 * <p>Arguments are {@code key=value}: {@code file} or {@code memory}, {@code size}, {@code queues},
 * {@code depth}, {@code id}, {@code recover}, {@code fault=OFFSET:LENGTH:ERRNO}, {@code hold},
 * {@code many}, {@code grow=SIZE}, {@code image}, {@code zerocopy=off}, {@code direct}, {@code
 * crowded}.
 */
final class ServerMain {

  private static final int REACTORS = 2;

  private ServerMain() {}

  /**
   * Serves until it is told to end.
   *
   * @param arguments see above
   * @throws Exception if anything fails
   */
  public static void main(String[] arguments) throws Exception {
    Map<String, String> options = new HashMap<>();
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      options.put(argument.substring(0, equals), argument.substring(equals + 1));
    }
    BlockDevice storage = storage(options);
    FaultyBlockDevice faulty = faulty(options, storage);
    BlockDevice device = faulty == null ? storage : faulty;
    ReactorGroup reactors =
        ReactorGroup.start(
            ReactorOptions.of(REACTORS)
                .withPollNanos(Long.parseLong(options.getOrDefault("poll", "200000"))));
    if (options.containsKey("crowded")) {
      crowd(reactors);
    }
    UblkDevice served = serve(options, device, reactors);
    System.out.println("READY " + served.path() + " queues " + served.queues());
    tellFeatures(served);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  try {
                    served.close();
                    device.close();
                    System.out.println("CLOSED");
                  } catch (IOException | RuntimeException e) {
                    System.out.println("CLOSING FAILED " + e);
                  }
                }));
    if (options.containsKey("many")) {
      addAndRemove(Integer.parseInt(options.get("many")), reactors);
    }
    if (options.containsKey("grow")) {
      device.resize(Long.parseLong(options.get("grow")));
      System.out.println("GROWN");
    }
    if (faulty != null && options.containsKey("hold")) {
      Thread.sleep(Long.parseLong(options.get("hold")));
      faulty.hold();
      System.out.println("HOLDING");
    }
    served.awaitClose();
    System.out.println("ENDED");
  }

  /** Leaves of every reactor's fixed buffers so few that they are too few for a queue. */
  private static void crowd(ReactorGroup reactors) throws IOException {
    for (int i = 0; i < REACTORS; i++) {
      IoReactor reactor = (IoReactor) reactors.next();
      int first =
          OnReactor.call(
              reactor,
              () -> {
                int few = reactor.reserveBuffers(2);
                while (reactor.reserveBuffers(1) >= 0) {
                  // All the others stay reserved.
                }
                if (few >= 0) {
                  reactor.releaseBuffers(few, 2);
                }
                return few;
              });
      System.out.println("CROWDED " + first);
    }
  }

  /** What the kernel can, for the test to expect it; and what became of it. */
  private static void tellFeatures(UblkDevice served) throws IOException {
    try (ControlNode node = ControlNode.open(LinuxDriver.open())) {
      System.out.println("KERNEL RESIZES " + node.has(DriverFeatures.UPDATE_SIZE));
      System.out.println("KERNEL REGISTERS " + node.hasAll(DriverFeatures.ZERO_COPY));
    }
    System.out.println("ZERO COPY " + served.isZeroCopy());
  }

  /** A device that fails or holds requests, if that is asked for: it does not do without copies. */
  private static @Nullable FaultyBlockDevice faulty(
      Map<String, String> options, BlockDevice storage) {
    String fault = options.get("fault");
    if (fault == null && !options.containsKey("hold")) {
      return null;
    }
    FaultyBlockDevice device = new FaultyBlockDevice(storage, 1);
    if (fault != null) {
      String[] parts = fault.split(":", -1);
      device.failRange(
          Long.parseLong(parts[0]), Long.parseLong(parts[1]), Integer.parseInt(parts[2]));
    }
    return device;
  }

  /** Adds and removes devices, and looks whether the process has kept something. */
  private static void addAndRemove(int count, ReactorGroup reactors) throws IOException {
    long before = 0;
    for (int i = 0; i < count; i++) {
      try (MemoryDevice device = new MemoryDevice(1 << 20);
          UblkDevice served = UblkDevice.serve(device).reactors(reactors).queues(2).start()) {
        if (!Files.exists(served.path())) {
          System.out.println("LEAK " + served.path() + " is not there");
        }
      }
      long now = entries("/proc/self/fd") + mappings();
      if (i == 1) {
        before = now; // by now all that is made once is made
      } else if (i == count - 1 && now > before) {
        System.out.println("LEAK of descriptors or mappings: " + before + " to " + now);
      }
    }
    System.out.println("MANY " + count);
  }

  private static long entries(String folder) throws IOException {
    try (Stream<Path> entries = Files.list(Path.of(folder))) {
      return entries.count();
    }
  }

  private static long mappings() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.filter(line -> line.contains("ublk")).count();
    }
  }

  private static UblkDevice serve(
      Map<String, String> options, BlockDevice device, ReactorGroup reactors) throws IOException {
    UblkBuilder builder =
        UblkDevice.serve(device)
            .reactors(reactors)
            .queues(Integer.parseInt(options.getOrDefault("queues", "2")))
            .depth(Integer.parseInt(options.getOrDefault("depth", "64")))
            .zeroCopy(!"off".equals(options.get("zerocopy")))
            .readOnly(options.containsKey("readonly"))
            .recoverable(options.containsKey("recover"));
    if (options.containsKey("id")) {
      builder.id(Integer.parseInt(options.get("id")));
    }
    return options.containsKey("recover") ? builder.recover() : builder.start();
  }

  private static BlockDevice storage(Map<String, String> options) throws IOException {
    long size = Long.parseLong(options.getOrDefault("size", "268435456"));
    String file = options.get("file");
    if (file == null) {
      return new MemoryDevice(size);
    }
    Path path = Path.of(file);
    RawFileOptions raw = RawFileOptions.DEFAULT.withDirect(options.containsKey("direct"));
    String image = options.get("image");
    if (image != null) {
      return VirtualDisk.builder()
          .file(path)
          .lazyFrom(Path.of(image), Path.of(options.getOrDefault("metadata", "/run/metadata")))
          .build();
    }
    return Files.exists(path)
        ? RawFileDevice.open(path, raw)
        : RawFileDevice.create(path, size, raw);
  }
}
