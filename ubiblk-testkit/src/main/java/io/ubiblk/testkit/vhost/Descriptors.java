package io.ubiblk.testkit.vhost;

import java.io.FileDescriptor;
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

  /** Closes descriptors that were received and are not wanted. */
  static void closeAll(Iterable<FileDescriptor> descriptors) throws IOException {
    for (FileDescriptor descriptor : descriptors) {
      Posix.close(number(descriptor));
    }
  }
}
