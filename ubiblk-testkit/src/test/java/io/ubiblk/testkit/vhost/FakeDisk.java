package io.ubiblk.testkit.vhost;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A disk on the heap that answers virtio-blk requests given as plain bytes. */
final class FakeDisk {

  static final int SIZE = 4 << 20;
  static final String ID = "fake-disk";

  private final byte[] content = new byte[SIZE];
  private int flushes;
  private byte writeback = 1;

  /** Answers a request. The reply's last byte is the status, which the caller has room for. */
  synchronized byte[] answer(byte[] request, int room) {
    byte[] reply = new byte[room];
    if (request.length < 16) {
      return failed(reply, 1);
    }
    ByteBuffer in = ByteBuffer.wrap(request).order(ByteOrder.LITTLE_ENDIAN);
    int type = in.getInt(0);
    long sector = in.getLong(8);
    int data = request.length - 16;
    return switch (type) {
      case 0 -> inside(sector, room - 1) ? read(reply, (int) sector * 512) : failed(reply, 1);
      case 1 -> {
        if (!inside(sector, data)) {
          yield failed(reply, 1);
        }
        System.arraycopy(request, 16, content, (int) sector * 512, data);
        yield reply;
      }
      case 4 -> {
        flushes++;
        yield reply;
      }
      case 8 -> {
        byte[] id = ID.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(id, 0, reply, 0, Math.min(id.length, room - 1));
        yield reply;
      }
      case 11, 13 -> zero(in.position(16).slice().order(ByteOrder.LITTLE_ENDIAN), reply);
      default -> failed(reply, 2);
    };
  }

  synchronized int flushes() {
    return flushes;
  }

  synchronized byte[] config(int queues) {
    ByteBuffer out = ByteBuffer.allocate(60).order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(0, SIZE / 512);
    out.putInt(8, 65536).putInt(12, 126).putInt(20, 512);
    out.putShort(16, (short) 7).put(18, (byte) 8).put(19, (byte) 9);
    out.put(24, (byte) 3).put(25, (byte) 1).putShort(26, (short) 8).putInt(28, 64);
    out.put(32, writeback).putShort(34, (short) queues);
    out.putInt(36, 1000).putInt(40, 4).putInt(44, 8).putInt(48, 2000).putInt(52, 5);
    byte[] bytes = new byte[60];
    out.put(56, (byte) 1).get(0, bytes);
    return bytes;
  }

  synchronized void setWriteback(byte value) {
    writeback = value;
  }

  private byte[] read(byte[] reply, int from) {
    System.arraycopy(content, from, reply, 0, reply.length - 1);
    return reply;
  }

  private byte[] zero(ByteBuffer ranges, byte[] reply) {
    while (ranges.remaining() >= 16) {
      long sector = ranges.getLong();
      int bytes = ranges.getInt() * 512;
      ranges.getInt();
      if (!inside(sector, bytes)) {
        return failed(reply, 1);
      }
      Arrays.fill(content, (int) sector * 512, (int) sector * 512 + bytes, (byte) 0);
    }
    return reply;
  }

  private static boolean inside(long sector, long bytes) {
    return sector >= 0
        && bytes >= 0
        && bytes % 512 == 0
        && sector <= SIZE / 512
        && sector * 512 + bytes <= SIZE;
  }

  private static byte[] failed(byte[] reply, int status) {
    reply[reply.length - 1] = (byte) status;
    return reply;
  }
}
