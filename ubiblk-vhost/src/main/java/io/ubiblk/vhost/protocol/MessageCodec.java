package io.ubiblk.vhost.protocol;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.vhost.memory.RegionDescription;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the payload of messages. A payload of the wrong size is refused, whatever it says.
 *
 * @see <a
 *     href="https://qemu-project.gitlab.io/qemu/interop/vhost-user.html#front-end-message-types">
 *     vhost-user protocol, front-end message types</a>
 */
public final class MessageCodec {

  /** Most memory regions in a table. */
  public static final int MOST_REGIONS = 8;

  /** Size of the configuration space, of which virtio-blk uses the beginning. */
  public static final int CONFIG_SPACE = 0x1000;

  /** Number of the message that asks for the configuration space. */
  public static final int GET_CONFIG = 24;

  private static final int CONFIG_HEADER = 12;
  private static final int REGION_BYTES = 32;
  private static final long INDEX_MASK = 0xff;
  private static final long NO_DESCRIPTOR = 0x100;

  private MessageCodec() {}

  /**
   * Reads a message.
   *
   * @param request number of the message
   * @param payload what follows the header, little-endian
   * @return the message
   * @throws BlockDeviceException.BadFormat if the payload is not one of this message
   */
  public static FrontendMessage parse(int request, ByteBuffer payload)
      throws BlockDeviceException.BadFormat {
    return switch (request) {
      case 1 -> empty(request, payload, new FrontendMessage.GetFeatures());
      case 2 -> new FrontendMessage.SetFeatures(number(request, payload));
      case 3 -> empty(request, payload, new FrontendMessage.SetOwner());
      case 4 -> empty(request, payload, new FrontendMessage.ResetOwner());
      case 5 -> memTable(request, payload);
      case 8 -> vringState(request, payload);
      case 9 -> vringAddr(request, payload);
      case 10 -> vringState(request, payload);
      case 11 -> vringState(request, payload);
      case 12, 13, 14 -> vringDescriptor(request, number(request, payload));
      case 15 -> empty(request, payload, new FrontendMessage.GetProtocolFeatures());
      case 16 -> new FrontendMessage.SetProtocolFeatures(number(request, payload));
      case 17 -> empty(request, payload, new FrontendMessage.GetQueueNum());
      case 18 -> vringState(request, payload);
      case 21 -> empty(request, payload, new FrontendMessage.SetBackendReqFd());
      case GET_CONFIG -> getConfig(request, payload);
      case 25 -> setConfig(request, payload);
      case 36 -> empty(request, payload, new FrontendMessage.GetMaxMemSlots());
      case 37 -> new FrontendMessage.AddMemReg(singleRegion(request, payload));
      case 38 -> new FrontendMessage.RemMemReg(singleRegion(request, payload));
      default -> new FrontendMessage.Unknown(request);
    };
  }

  /**
   * Returns whether a message is answered with what it asks for, and never acknowledged beside
   * that.
   *
   * @param request number of the message
   * @return whether it has a reply of its own
   */
  public static boolean hasOwnReply(int request) {
    return switch (request) {
      case 1, 11, 15, 17, GET_CONFIG, 36 -> true;
      default -> false;
    };
  }

  private static FrontendMessage empty(int request, ByteBuffer payload, FrontendMessage message)
      throws BlockDeviceException.BadFormat {
    expect(request, payload, 0);
    return message;
  }

  private static long number(int request, ByteBuffer payload)
      throws BlockDeviceException.BadFormat {
    expect(request, payload, 8);
    return payload.getLong(0);
  }

  private static FrontendMessage vringState(int request, ByteBuffer payload)
      throws BlockDeviceException.BadFormat {
    expect(request, payload, 8);
    int index = payload.getInt(0);
    int value = payload.getInt(4);
    return switch (request) {
      case 8 -> new FrontendMessage.SetVringNum(index, value);
      case 10 -> new FrontendMessage.SetVringBase(index, value);
      case 11 -> new FrontendMessage.GetVringBase(index);
      default -> enable(index, value);
    };
  }

  private static FrontendMessage enable(int index, int value)
      throws BlockDeviceException.BadFormat {
    if (value != 0 && value != 1) {
      throw new BlockDeviceException.BadFormat(
          "ring " + index + " is to be enabled as " + value + ", expected 0 or 1");
    }
    return new FrontendMessage.SetVringEnable(index, value == 1);
  }

  private static FrontendMessage vringAddr(int request, ByteBuffer payload)
      throws BlockDeviceException.BadFormat {
    expect(request, payload, 40);
    return new FrontendMessage.SetVringAddr(
        payload.getInt(0), payload.getLong(8), payload.getLong(16), payload.getLong(24));
  }

  private static FrontendMessage vringDescriptor(int request, long number) {
    int index = (int) (number & INDEX_MASK);
    boolean hasDescriptor = (number & NO_DESCRIPTOR) == 0;
    return switch (request) {
      case 12 -> new FrontendMessage.SetVringKick(index, hasDescriptor);
      case 13 -> new FrontendMessage.SetVringCall(index, hasDescriptor);
      default -> new FrontendMessage.SetVringErr(index, hasDescriptor);
    };
  }

  private static FrontendMessage memTable(int request, ByteBuffer payload)
      throws BlockDeviceException.BadFormat {
    int count = payload.remaining() < 8 ? -1 : payload.getInt(0);
    if (count < 0 || count > MOST_REGIONS) {
      throw new BlockDeviceException.BadFormat(
          "memory table of " + count + " regions, expected 0 to " + MOST_REGIONS);
    }
    expect(request, payload, 8 + count * REGION_BYTES);
    List<RegionDescription> regions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      regions.add(region(payload, 8 + i * REGION_BYTES));
    }
    return new FrontendMessage.SetMemTable(List.copyOf(regions));
  }

  private static RegionDescription singleRegion(int request, ByteBuffer payload)
      throws BlockDeviceException.BadFormat {
    expect(request, payload, 8 + REGION_BYTES);
    return region(payload, 8);
  }

  private static RegionDescription region(ByteBuffer payload, int at) {
    return new RegionDescription(
        payload.getLong(at),
        payload.getLong(at + 8),
        payload.getLong(at + 16),
        payload.getLong(at + 24));
  }

  private static FrontendMessage getConfig(int request, ByteBuffer payload)
      throws BlockDeviceException.BadFormat {
    int size = configSize(request, payload);
    return new FrontendMessage.GetConfig(payload.getInt(0), size, payload.getInt(8));
  }

  private static FrontendMessage setConfig(int request, ByteBuffer payload)
      throws BlockDeviceException.BadFormat {
    int size = configSize(request, payload);
    return new FrontendMessage.SetConfig(
        payload.getInt(0), payload.slice(CONFIG_HEADER, size).asReadOnlyBuffer());
  }

  private static int configSize(int request, ByteBuffer payload)
      throws BlockDeviceException.BadFormat {
    if (payload.remaining() < CONFIG_HEADER) {
      expect(request, payload, CONFIG_HEADER);
    }
    long offset = Integer.toUnsignedLong(payload.getInt(0));
    long size = Integer.toUnsignedLong(payload.getInt(4));
    if (size == 0 || offset + size > CONFIG_SPACE) {
      throw new BlockDeviceException.BadFormat(
          "configuration space from "
              + offset
              + ", "
              + size
              + " bytes, expected a part of "
              + CONFIG_SPACE);
    }
    expect(request, payload, CONFIG_HEADER + (int) size);
    return (int) size;
  }

  private static void expect(int request, ByteBuffer payload, int size)
      throws BlockDeviceException.BadFormat {
    if (payload.remaining() != size) {
      throw new BlockDeviceException.BadFormat(
          "message " + request + " with " + payload.remaining() + " bytes, expected " + size);
    }
  }
}
