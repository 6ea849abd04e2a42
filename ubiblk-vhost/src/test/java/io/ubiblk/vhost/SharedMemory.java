package io.ubiblk.vhost;

import io.ubiblk.core.linux.Descriptor;
import io.ubiblk.testkit.vhost.GuestMemory;
import io.ubiblk.testkit.vhost.GuestRegion;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.newsclub.net.unix.FileDescriptorCast;

/** A file in memory whose descriptor can be passed on as if it had come with a message. */
public final class SharedMemory implements AutoCloseable {

  private static final String NAME = "memfd:guest-memory";

  private final GuestMemory memory;
  private final GuestRegion region;
  private final long before = allMappings();

  /** Creates a file of a size, mapped once. */
  public SharedMemory(long size) throws IOException {
    memory = GuestMemory.of(size);
    region = memory.regions().getFirst();
  }

  /** The content. */
  public MemorySegment segment() {
    return region.segment();
  }

  /** A descriptor of the file that the caller owns. */
  public int passOn() throws IOException {
    return Descriptor.duplicate(FileDescriptorCast.using(region.descriptor()).as(Integer.class));
  }

  /** How often files like this are mapped more than before this one was created. */
  public long mappings() throws IOException {
    return allMappings() - before;
  }

  /** Whether a descriptor is open and refers to such a file. */
  public boolean isOpen(int fd) {
    return Descriptor.target(fd).contains(NAME);
  }

  /** Changes the size of the file. */
  public void truncate(long size) throws IOException {
    region.truncate(size);
  }

  private static long allMappings() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.filter(line -> line.contains(NAME)).count();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
