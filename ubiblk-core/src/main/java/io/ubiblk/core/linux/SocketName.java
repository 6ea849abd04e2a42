package io.ubiblk.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * {@code struct sockaddr} in its three forms.
 *
 * @param segment memory that holds the address
 * @param length how many of its bytes count
 * @see <a href="https://man7.org/linux/man-pages/man3/sockaddr.3type.html">sockaddr(3type)</a>
 */
record SocketName(MemorySegment segment, int length) {

  static final int AF_UNIX = 1;
  static final int AF_INET = 2;
  static final int AF_INET6 = 10;

  /** {@code sizeof(struct sockaddr_storage)}. */
  static final int LARGEST = 128;

  /** {@code sun_path} holds this much, with a NUL behind it. */
  static final int LONGEST_PATH = 107;

  private static final int SUN_PATH = 2;
  private static final int SIN_PORT = 2;
  private static final int SIN_ADDR = 4;
  private static final int SIN_SIZE = 16;
  private static final int SIN6_ADDR = 8;
  private static final int SIN6_SCOPE_ID = 24;
  private static final int SIN6_SIZE = 28;
  private static final ValueLayout.OfShort PORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);

  static SocketName empty(Arena arena) {
    return new SocketName(arena.allocate(LARGEST, 8), LARGEST);
  }

  static SocketName of(Arena arena, Path path) {
    byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
    if (bytes.length > LONGEST_PATH) {
      throw new IllegalArgumentException(
          "socket path "
              + path
              + " has "
              + bytes.length
              + " bytes, expected at most "
              + LONGEST_PATH);
    }
    SocketName name = empty(arena);
    name.setFamily(AF_UNIX);
    MemorySegment.copy(bytes, 0, name.segment, ValueLayout.JAVA_BYTE, SUN_PATH, bytes.length);
    return new SocketName(name.segment, SUN_PATH + bytes.length + 1);
  }

  static SocketName of(Arena arena, InetSocketAddress address) {
    InetAddress host = address.getAddress();
    if (host == null) {
      throw new IllegalArgumentException(address + " is not resolved, expected an address");
    }
    SocketName name = empty(arena);
    name.segment.set(PORT, SIN_PORT, (short) address.getPort());
    byte[] bytes = host.getAddress();
    boolean four = host instanceof Inet4Address;
    name.setFamily(four ? AF_INET : AF_INET6);
    int at = four ? SIN_ADDR : SIN6_ADDR;
    MemorySegment.copy(bytes, 0, name.segment, ValueLayout.JAVA_BYTE, at, bytes.length);
    if (host instanceof Inet6Address six) {
      name.segment.set(ValueLayout.JAVA_INT, SIN6_SCOPE_ID, six.getScopeId());
    }
    return new SocketName(name.segment, four ? SIN_SIZE : SIN6_SIZE);
  }

  int family() {
    return segment.get(ValueLayout.JAVA_SHORT, 0);
  }

  /** The address in Java's form. */
  SocketAddress address() {
    return switch (family()) {
      case AF_INET -> inet(SIN_ADDR, 4);
      case AF_INET6 -> inet(SIN6_ADDR, 16);
      default -> UnixDomainSocketAddress.of(path());
    };
  }

  private String path() {
    int end = SUN_PATH;
    while (end < LARGEST && segment.get(ValueLayout.JAVA_BYTE, end) != 0) {
      end++;
    }
    return new String(
        segment.asSlice(SUN_PATH, end - SUN_PATH).toArray(ValueLayout.JAVA_BYTE),
        StandardCharsets.UTF_8);
  }

  private InetSocketAddress inet(int at, int size) {
    byte[] bytes = segment.asSlice(at, size).toArray(ValueLayout.JAVA_BYTE);
    try {
      return new InetSocketAddress(
          InetAddress.getByAddress(bytes), Short.toUnsignedInt(segment.get(PORT, SIN_PORT)));
    } catch (UnknownHostException impossible) {
      throw new AssertionError(impossible);
    }
  }

  private void setFamily(int family) {
    segment.set(ValueLayout.JAVA_SHORT, 0, (short) family);
  }
}
