package io.ubiblk.examples.quickstart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** A temporary folder, deleted with all that is in it when it is closed. */
public final class Workspace implements AutoCloseable {

  private final Path folder;

  private Workspace(Path folder) {
    this.folder = folder;
  }

  /**
   * Creates a folder where the system keeps temporary files.
   *
   * @return the folder, owned by the caller
   * @throws IOException if it cannot be created
   */
  public static Workspace create() throws IOException {
    return new Workspace(Files.createTempDirectory("ubiblk-"));
  }

  /**
   * Returns the path of a file in the folder.
   *
   * @param name the file's name
   * @return its path; nothing is created
   */
  public Path file(String name) {
    return folder.resolve(name);
  }

  @Override
  public void close() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
    }
    Files.delete(folder);
  }

  @Override
  public String toString() {
    return folder.toString();
  }
}
