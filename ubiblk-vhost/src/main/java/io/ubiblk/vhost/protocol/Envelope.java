package io.ubiblk.vhost.protocol;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.linux.Descriptor;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A message as it came: number, flags, payload, and the descriptors that came with it, which belong
 * to whoever handles the message until they are taken.
 */
public final class Envelope {

  /** Size of the header in bytes: request, flags, size. */
  static final int HEADER = 12;

  private static final int VERSION_MASK = 3;
  private static final int VERSION = 1;
  private static final int REPLY = 1 << 2;
  private static final int NEED_REPLY = 1 << 3;

  private final int request;
  private final int flags;
  private final ByteBuffer payload;
  private int[] descriptors;

  Envelope(int request, int flags, ByteBuffer payload, int[] descriptors) {
    this.request = request;
    this.flags = flags;
    this.payload = payload;
    this.descriptors = descriptors;
  }

  /** Refuses flags of a message that cannot be one of a frontend. */
  static void checkFlags(int request, int flags) throws BlockDeviceException.BadFormat {
    if ((flags & VERSION_MASK) != VERSION || (flags & REPLY) != 0) {
      throw new BlockDeviceException.BadFormat(
          String.format(
              "message %d with flags 0x%x, expected version 1 and no reply", request, flags));
    }
  }

  static int replyFlags() {
    return VERSION | REPLY;
  }

  /** {@return the number of the message} */
  public int request() {
    return request;
  }

  /** {@return whether the frontend asks for the outcome} */
  public boolean needsReply() {
    return (flags & NEED_REPLY) != 0;
  }

  /** {@return what follows the header} */
  public ByteBuffer payload() {
    return payload;
  }

  /**
   * Hands over the descriptors.
   *
   * @param expected how many there should be
   * @return the descriptors, owned by the caller
   * @throws BlockDeviceException.BadFormat if there are more or fewer; they stay with the message
   */
  public int[] take(int expected) throws BlockDeviceException.BadFormat {
    if (descriptors.length != expected) {
      throw new BlockDeviceException.BadFormat(
          "message "
              + request
              + " with "
              + descriptors.length
              + " descriptors, expected "
              + expected);
    }
    int[] taken = descriptors;
    descriptors = new int[0];
    return taken;
  }

  /** Closes the descriptors that nobody has taken. */
  public void discard() {
    Arrays.stream(descriptors).forEach(Descriptor::close);
    descriptors = new int[0];
  }
}
