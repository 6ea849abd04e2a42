package io.ubiblk.vhost.protocol;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.linux.Descriptor;
import io.ubiblk.core.linux.Errno;
import io.ubiblk.core.linux.MessageReceiver;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.FileDescriptorCast;

/**
 * The socket of one frontend. The kernel is asked for messages directly: the socket library keeps
 * the descriptors that it receives for its own, and loses those of a message with too many. Reading
 * waits without a thread of the operating system's: a reactor watches the socket and says when
 * there is something. Used by one thread at a time, but for {@link #readable} and {@link #end}.
 */
public final class FrontendConnection implements AutoCloseable {

  /** No message that this backend knows is longer. */
  private static final int LARGEST_PAYLOAD = MessageCodec.CONFIG_SPACE + 64;

  private static final int MOST_DESCRIPTORS = 64;
  private static final long REPLY_SECONDS = 10;

  private final AFUNIXSocketChannel channel;
  private final int fd;
  private final MessageReceiver receiver;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment memory = arena.allocate(Envelope.HEADER + LARGEST_PAYLOAD);
  private final ByteBuffer input = memory.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  private final List<Integer> received = new ArrayList<>();
  private final Semaphore readable = new Semaphore(1);
  private volatile boolean ended;

  /**
   * Takes over a socket.
   *
   * @param channel the connected socket, closed with the connection
   * @throws IOException if the socket cannot be set up
   */
  public FrontendConnection(AFUNIXSocketChannel channel) throws IOException {
    this.channel = channel;
    this.fd = FileDescriptorCast.using(channel.getFileDescriptor()).as(Integer.class);
    channel.configureBlocking(false);
    this.receiver = new MessageReceiver(fd);
  }

  /** {@return the socket's descriptor, for a reactor to watch} */
  public int fd() {
    return fd;
  }

  /** Makes the frontend appear to have gone, so that its session ends. Any thread. */
  public void end() {
    ended = true;
    readable.release();
  }

  /** There may be something to read. Any thread. */
  public void readable() {
    readable.release();
  }

  /**
   * Waits for the next message.
   *
   * @return the message, or null if the frontend has gone
   * @throws BlockDeviceException.BadFormat if what came is no message; nothing can be read any more
   * @throws IOException if the socket fails
   * @throws InterruptedException if the thread is interrupted
   */
  public @Nullable Envelope read() throws IOException, InterruptedException {
    while (true) {
      if (ended) {
        return null;
      }
      Envelope next = next();
      if (next != null) {
        return next;
      }
      if (!fill()) {
        readable.acquire();
        readable.drainPermits();
      }
    }
  }

  /**
   * Returns whether the frontend has gone, without waiting and without losing what it said before.
   *
   * @return whether the other end of the socket is closed
   */
  public boolean hasGone() {
    try {
      while (!ended && input.hasRemaining() && fill()) {}
    } catch (IOException e) {
      ended = true;
    }
    return ended;
  }

  /**
   * Replies to a message.
   *
   * @param request number of the message
   * @param payload what follows the header
   * @throws IOException if the frontend does not take the reply
   * @throws InterruptedException if the thread is interrupted
   */
  public void reply(int request, ByteBuffer payload) throws IOException, InterruptedException {
    ByteBuffer output =
        ByteBuffer.allocateDirect(Envelope.HEADER + payload.remaining())
            .order(ByteOrder.LITTLE_ENDIAN);
    output.putInt(request).putInt(Envelope.replyFlags()).putInt(payload.remaining()).put(payload);
    output.flip();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(REPLY_SECONDS);
    while (output.hasRemaining()) {
      if (channel.write(output) > 0) {
        continue;
      }
      // A frontend that does not read its replies has a full socket; it gets a while, no more.
      if (System.nanoTime() - deadline > 0) {
        throw new IOException("frontend has not taken a reply for " + REPLY_SECONDS + " s");
      }
      Thread.sleep(1);
    }
  }

  /** Closes the socket and the descriptors that nobody has taken. */
  @Override
  public void close() throws IOException {
    received.forEach(Descriptor::close);
    received.clear();
    receiver.close();
    arena.close();
    channel.close();
  }

  private @Nullable Envelope next() throws BlockDeviceException.BadFormat {
    if (input.position() < Envelope.HEADER) {
      return null;
    }
    int request = input.getInt(0);
    int flags = input.getInt(4);
    int size = input.getInt(8);
    Envelope.checkFlags(request, flags);
    if (size < 0 || size > LARGEST_PAYLOAD) {
      throw new BlockDeviceException.BadFormat(
          "message "
              + request
              + " with "
              + Integer.toUnsignedLong(size)
              + " bytes, expected at most "
              + LARGEST_PAYLOAD);
    }
    if (input.position() < Envelope.HEADER + size) {
      return null;
    }
    byte[] payload = new byte[size];
    input.get(Envelope.HEADER, payload);
    input.limit(input.position()).position(Envelope.HEADER + size);
    input.compact();
    int[] descriptors = received.stream().mapToInt(Integer::intValue).toArray();
    received.clear();
    return new Envelope(
        request, flags, ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN), descriptors);
  }

  /**
   * Reads what is there, but not beyond one message, so that descriptors are known to belong to it.
   */
  private boolean fill() throws IOException {
    int wanted = Envelope.HEADER;
    if (input.position() >= Envelope.HEADER) {
      wanted += Math.clamp(input.getInt(8), 0, LARGEST_PAYLOAD);
    }
    if (input.position() >= wanted) {
      return false;
    }
    input.limit(wanted);
    int count = receiver.receive(memory.asSlice(input.position(), input.remaining()), this::take);
    input.limit(input.capacity());
    if (count == -Errno.EAGAIN || count == -Errno.EINTR) {
      return false;
    }
    if (count < 0) {
      throw Errno.exception("receive from", "frontend", count);
    }
    input.position(input.position() + count);
    ended |= count == 0;
    return true;
  }

  private void take(int descriptor) {
    if (received.size() < MOST_DESCRIPTORS) {
      received.add(descriptor);
    } else {
      Descriptor.close(descriptor);
    }
  }
}
