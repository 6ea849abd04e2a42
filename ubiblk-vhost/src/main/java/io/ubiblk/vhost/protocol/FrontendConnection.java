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
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.FileDescriptorCast;

/**
 * The socket of one frontend. Messages are received and sent by system calls: the socket library
 * keeps the descriptors that it receives for its own, loses those of a message with too many, and
 * closes a socket by itself where a write fails. Reading waits without a thread of the operating
 * system's: a reactor watches the socket and says when there is something. Used by one thread, but
 * for what says otherwise.
 */
public final class FrontendConnection implements AutoCloseable {

  /** No message that this backend knows is longer. */
  private static final int LARGEST_PAYLOAD = MessageCodec.CONFIG_SPACE + 64;

  private static final int MOST_DESCRIPTORS = 64;
  private static final long REPLY_SECONDS = 2;

  private final AFUNIXSocketChannel channel;
  private final int fd;
  private final MessageReceiver receiver;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment memory = arena.allocate(Envelope.HEADER + LARGEST_PAYLOAD);
  private final ByteBuffer input = memory.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  private final List<Integer> received = new ArrayList<>();
  private final Semaphore readable = new Semaphore(1);
  private final CompletableFuture<Boolean> hopeless = new CompletableFuture<>();
  private volatile boolean ended;

  private FrontendConnection(AFUNIXSocketChannel channel, int fd) {
    this.channel = channel;
    this.fd = fd;
    this.receiver = new MessageReceiver(fd);
  }

  /**
   * Takes over a socket, also if this fails. To be called on the thread that reads.
   *
   * @param channel the connected socket, closed with the connection
   * @return the connection
   * @throws IOException if the socket cannot be set up
   */
  public static FrontendConnection of(AFUNIXSocketChannel channel) throws IOException {
    try {
      channel.configureBlocking(false);
      int fd = FileDescriptorCast.using(channel.getFileDescriptor()).as(Integer.class);
      return new FrontendConnection(channel, fd);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** {@return the socket's descriptor, for a reactor to watch} */
  public int fd() {
    return fd;
  }

  /** Makes {@link #read} return null, so that the session ends in order. Any thread. */
  public void end() {
    ended = true;
    readable.release();
  }

  /** Ends the session like {@link #end}, without waiting for anything. Any thread. */
  public void abandon() {
    hopeless.complete(true);
    end();
  }

  /** There may be something to read. Any thread, while the connection is open. */
  public void readable() {
    if (Descriptor.hasHungUp(fd)) {
      hopeless.complete(true);
    }
    readable.release();
  }

  /**
   * Returns what completes when the frontend has gone, or is not to be waited for any more. What it
   * has said before can still be read.
   *
   * @return completed by any thread
   */
  public CompletableFuture<?> hopeless() {
    return hopeless;
  }

  /**
   * Waits for the next message.
   *
   * @return the message, or null if the frontend has gone or been sent away
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
   * Replies to a message. A frontend that has gone is no error here: the next read tells.
   *
   * @param request number of the message
   * @param payload what follows the header
   * @throws IOException if the frontend does not take the reply
   * @throws InterruptedException if the thread is interrupted
   */
  public void reply(int request, ByteBuffer payload) throws IOException, InterruptedException {
    int size = payload.remaining();
    byte[] bytes =
        ByteBuffer.allocate(Envelope.HEADER + size)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(request)
            .putInt(Envelope.replyFlags())
            .putInt(size)
            .put(payload)
            .array();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(REPLY_SECONDS);
    while (bytes.length > 0) {
      int sent = Descriptor.send(fd, bytes);
      if (sent > 0) {
        bytes = Arrays.copyOfRange(bytes, sent, bytes.length);
      } else if (sent == -Errno.EAGAIN) {
        // A frontend that does not read its replies has a full socket; it gets a while, no more.
        if (hopeless.isDone() || System.nanoTime() - deadline > 0) {
          throw new IOException("it has not taken a reply for " + REPLY_SECONDS + " s");
        }
        Thread.sleep(1);
      } else {
        abandon();
        return;
      }
    }
  }

  /** Lets the frontend know at once that it is disconnected; the socket stays open until closed. */
  public void hangUp() {
    abandon();
    try {
      channel.shutdownOutput();
      channel.shutdownInput();
    } catch (IOException alreadyDown) {
      // The frontend was faster.
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
    if (count == 0) {
      abandon();
    }
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
