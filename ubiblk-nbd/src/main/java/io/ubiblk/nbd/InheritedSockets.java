package io.ubiblk.nbd;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The sockets that a service manager has opened for this process.
 *
 * @see <a
 *     href="https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html">sd_listen_fds(3)</a>
 */
final class InheritedSockets {

  private static final int FIRST = 3;
  private static final int MOST = 1024;

  private InheritedSockets() {}

  /**
   * Returns the descriptors that an environment names.
   *
   * @param environment variables of the process
   * @param pid number of the process
   * @return the descriptors; none if the variables are missing or meant for another process
   */
  static List<Integer> descriptors(Map<String, String> environment, long pid) {
    List<Integer> descriptors = new ArrayList<>();
    if (String.valueOf(pid).equals(environment.get("LISTEN_PID"))) {
      int count = count(environment.getOrDefault("LISTEN_FDS", "0"));
      for (int i = 0; i < count; i++) {
        descriptors.add(FIRST + i);
      }
    }
    return descriptors;
  }

  private static int count(String text) {
    try {
      int count = Integer.parseInt(text);
      if (count >= 0 && count <= MOST) {
        return count;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new IllegalArgumentException(
        "LISTEN_FDS is \"" + text + "\", expected a number from 0 to " + MOST);
  }
}
