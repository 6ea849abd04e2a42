package io.ubiblk.testkit.vhost;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import org.newsclub.net.unix.FileDescriptorCast;

/** Translates between the numbers of file descriptors and the objects that sockets pass. */
final class Descriptors {

  private Descriptors() {}

  /** {@return an object for an open descriptor, which it does not own} */
  static FileDescriptor of(int fd) throws IOException {
    return FileDescriptorCast.unsafeUsing(fd).getFileDescriptor();
  }

  /** {@return the number of an open descriptor} */
  static int number(FileDescriptor descriptor) throws IOException {
    return FileDescriptorCast.using(descriptor).as(Integer.class);
  }

  /**
   * Takes a descriptor away from the socket that received it. The socket would close what it
   * received when it is closed itself, by number, also when the number means something else by
   * then; so only a copy is safe to keep and to close.
   *
   * @return a copy that nobody else knows of
   */
  static FileDescriptor adopt(FileDescriptor received) throws IOException {
    try (FileInputStream original = FileDescriptorCast.using(received).as(FileInputStream.class)) {
      return of(Posix.duplicate(number(original.getFD())));
    }
  }

  /** Closes descriptors that were adopted. */
  static void closeAll(Iterable<FileDescriptor> descriptors) throws IOException {
    for (FileDescriptor descriptor : descriptors) {
      Posix.close(number(descriptor));
    }
  }
}
