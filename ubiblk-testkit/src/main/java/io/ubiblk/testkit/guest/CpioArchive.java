package io.ubiblk.testkit.guest;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * Writes a file system as the kernel unpacks it at its start.
 *
 * @see <a href="https://docs.kernel.org/driver-api/early-userspace/buffer-format.html">initramfs
 *     buffer format</a>
 */
public final class CpioArchive implements AutoCloseable {

  private static final int FOLDER = 0040755;
  private static final int PROGRAM = 0100755;
  private static final int DEVICE = 0020600;
  private static final int ALIGNMENT = 4;

  private final OutputStream out;
  private final Set<String> folders = new HashSet<>();
  private int next = 1;
  private long position;

  /**
   * Begins an archive.
   *
   * @param file where to write it
   * @throws IOException if the file cannot be written
   */
  public CpioArchive(Path file) throws IOException {
    out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16);
  }

  /**
   * Adds a folder and those that it is in.
   *
   * @param path path without a slash at its beginning
   * @throws IOException if the archive cannot be written
   */
  public void folder(String path) throws IOException {
    int slash = path.lastIndexOf('/');
    if (slash > 0) {
      folder(path.substring(0, slash));
    }
    if (folders.add(path)) {
      entry(path, FOLDER, 0, 0);
    }
  }

  /**
   * Adds a file, executable, and the folders that it is in.
   *
   * @param path path without a slash at its beginning
   * @param content the bytes
   * @throws IOException if the archive cannot be written
   */
  public void file(String path, byte... content) throws IOException {
    int slash = path.lastIndexOf('/');
    if (slash > 0) {
      folder(path.substring(0, slash));
    }
    entry(path, PROGRAM, content.length, 0);
    write(content);
    pad();
  }

  /**
   * Adds the console, which the first process opens before it can mount anything.
   *
   * @throws IOException if the archive cannot be written
   */
  public void console() throws IOException {
    folder("dev");
    int major = 5;
    entry("dev/console", DEVICE, 0, major);
  }

  @Override
  public void close() throws IOException {
    entry("TRAILER!!!", 0, 0, 0);
    out.close();
  }

  private void entry(String path, int mode, int length, int major) throws IOException {
    byte[] name = (path + "\0").getBytes(StandardCharsets.UTF_8);
    int minor = major == 0 ? 0 : 1;
    int[] fields = {next++, mode, 0, 0, 1, 0, length, 0, 0, major, minor, name.length, 0};
    StringBuilder header = new StringBuilder("070701");
    for (int field : fields) {
      header.append(String.format("%08x", field));
    }
    write(header.toString().getBytes(StandardCharsets.US_ASCII));
    write(name);
    pad();
  }

  private void write(byte... bytes) throws IOException {
    out.write(bytes);
    position += bytes.length;
  }

  private void pad() throws IOException {
    while (position % ALIGNMENT != 0) {
      write((byte) 0);
    }
  }
}
