package io.ubiblk.examples.serve;

import io.ubiblk.core.VirtualDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;

/** A file with the latest statistics of a disk. Whoever reads it sees one snapshot, whole. */
final class StatisticsFile implements AutoCloseable {

  private final Path path;
  private final Path next;
  private final VirtualDisk disk;
  private final long begin = System.nanoTime();
  private boolean complained;

  private StatisticsFile(Path path, VirtualDisk disk) {
    this.path = path;
    this.next = path.resolveSibling(path.getFileName() + ".next");
    this.disk = disk;
  }

  /** Writes the first snapshot, so that a path that does not work is noticed at once. */
  static StatisticsFile open(Path path, VirtualDisk disk) throws IOException {
    if (path.getFileName() == null) {
      throw new IOException(path + " is no file that statistics can be written to");
    }
    StatisticsFile file = new StatisticsFile(path, disk);
    file.replace();
    return file;
  }

  /** Writes a snapshot. A disk goes on being served where that fails. */
  void write() {
    try {
      replace();
      complained = false;
    } catch (IOException e) {
      if (!complained) {
        System.err.println("statistics cannot be written to " + path + ": " + e);
        complained = true;
      }
    }
  }

  @Override
  public void close() {
    write();
  }

  private void replace() throws IOException {
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    Files.writeString(next, StatisticsJson.of(disk, millis));
    Files.move(next, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
