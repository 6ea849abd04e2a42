package io.ubiblk.core.file;

import io.ubiblk.core.linux.OpenFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether a file takes writes that leave the page cache again as soon as they are on the storage.
 * Learned from the first write that is refused. Any thread.
 */
final class DropBehind {

  /** Before, such a page could be dropped although somebody had written to it once more. */
  private static final int FIRST_MAJOR = 6;

  private static final int FIRST_MINOR = 16;

  private volatile boolean taken;

  DropBehind(String kernelRelease) {
    taken = isSafe(kernelRelease);
  }

  /** Of the kernel that this runs on. */
  static DropBehind ofThisKernel() {
    return new DropBehind(System.getProperty("os.version", ""));
  }

  /** Flag to write with; 0 if the file does not take it. */
  int flag() {
    return taken ? OpenFile.RWF_DONTCACHE : 0;
  }

  /** The file system does not know such writes. */
  void refused() {
    taken = false;
  }

  private static boolean isSafe(String release) {
    Matcher matcher = Pattern.compile("(\\d{1,4})\\.(\\d{1,4}).*").matcher(release);
    if (!matcher.matches()) {
      return false;
    }
    int major = Integer.parseInt(matcher.group(1));
    int minor = Integer.parseInt(matcher.group(2));
    return major > FIRST_MAJOR || (major == FIRST_MAJOR && minor >= FIRST_MINOR);
  }
}
