package io.ubiblk.core.metadata;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.linux.Errno;
import io.ubiblk.core.linux.OpenFile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A file that is made under one name and gets another when it is whole. */
final class NewFile {

  private static final Logger LOG = LoggerFactory.getLogger(NewFile.class);

  private NewFile() {}

  /** A name in the same directory that nobody uses, not even who creates the same file now. */
  static Path nameBeside(Path path) {
    // Not made of the file's own name, which may be as long as names can be.
    String number = Long.toHexString(ThreadLocalRandom.current().nextLong());
    return path.resolveSibling("metadata.new-" + number);
  }

  /** Gives a durable file its name, durably; a file that has the name already stays. */
  static void rename(Path young, Path path) throws IOException {
    try {
      link(young, path);
    } catch (FileAlreadyExistsException e) {
      throw new BlockDeviceException.Io(
          "create " + path + ": the file exists, expected that it does not", Errno.EEXIST);
    }
    OpenFile.syncDirectory(path.getParent());
  }

  /** A second name and the end of the first: unlike a renaming, this replaces no other file. */
  private static void link(Path young, Path path) throws IOException {
    try {
      Files.createLink(path, young);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (UnsupportedOperationException | FileSystemException withoutLinks) {
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        throw new FileAlreadyExistsException(path.toString());
      }
      Files.move(young, path, StandardCopyOption.ATOMIC_MOVE);
      return;
    }
    try {
      Files.delete(young);
    } catch (IOException leftBehind) {
      // The file has its name, and is whole: a second name of it does no harm.
      LOG.warn("{} could not be removed, it is another name of {}", young, path, leftBehind);
    }
  }
}
