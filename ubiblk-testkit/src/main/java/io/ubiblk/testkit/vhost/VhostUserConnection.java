package io.ubiblk.testkit.vhost;

import java.io.FileDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.newsclub.net.unix.AFUNIXSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.BrokenPipeSocketException;
import org.newsclub.net.unix.ConnectionResetSocketException;
import org.newsclub.net.unix.SocketClosedException;

/**
 * A connection over which messages, or any bytes and descriptors, go to a backend and come back.
 * One thread at a time may use it.
 */
public final class VhostUserConnection implements AutoCloseable {

  /** Room for more descriptors than any answer carries. */
  private static final int ANCILLARY_BYTES = 1024;

  private static final int LARGEST_PAYLOAD = 1 << 20;

  private final AFUNIXSocket socket;
  private Duration timeout = Duration.ofSeconds(10);

  private VhostUserConnection(AFUNIXSocket socket) {
    this.socket = socket;
    socket.setAncillaryReceiveBufferSize(ANCILLARY_BYTES);
  }

  /**
   * Connects.
   *
   * @param path of the backend's socket
   * @return the connection, owned by the caller
   * @throws IOException if nobody listens there
   */
  public static VhostUserConnection connect(Path path) throws IOException {
    AFUNIXSocket socket = AFUNIXSocket.newInstance();
    try {
      socket.connect(AFUNIXSocketAddress.of(path));
      return new VhostUserConnection(socket);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Connects as soon as somebody listens. A backend that serves one frontend after the other makes
   * a new one wait.
   *
   * @param path of the backend's socket
   * @param patience how long to keep trying
   * @return the connection, owned by the caller
   * @throws IOException if nobody listened in time
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public static VhostUserConnection connect(Path path, Duration patience)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      try {
        return connect(path);
      } catch (SocketException e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
        Thread.sleep(5);
      }
    }
  }

  /**
   * Sets how long a reply may take. Ten seconds at first.
   *
   * @param newTimeout how long, positive
   */
  public void setTimeout(Duration newTimeout) {
    timeout = newTimeout;
  }

  /** {@return how long a reply may take} */
  public Duration timeout() {
    return timeout;
  }

  /**
   * Sends a message as it is, right or wrong.
   *
   * @param message what to send
   * @throws VhostUserException.Closed if the backend has closed the connection
   * @throws IOException if a descriptor cannot be passed
   */
  public void send(VhostUserMessage message) throws IOException {
    sendBytes(message.bytes(), message.descriptors().toArray(FileDescriptor[]::new));
  }

  /**
   * Sends any bytes.
   *
   * @param bytes at least one
   * @param descriptors what to pass along with the first byte, at most 253
   * @throws VhostUserException.Closed if the backend has closed the connection
   * @throws IOException if a descriptor cannot be passed
   */
  public void sendBytes(byte[] bytes, FileDescriptor... descriptors) throws IOException {
    try {
      socket.setOutboundFileDescriptors(descriptors);
      socket.getOutputStream().write(bytes);
    } catch (SocketException e) {
      throw closedOr(e, "sending " + bytes.length + " bytes");
    }
  }

  /**
   * Receives a message within the {@linkplain #timeout() time} that a reply may take.
   *
   * @return the message; its descriptors are owned by the caller
   * @throws VhostUserException.TimedOut if none came in time
   * @throws VhostUserException.Closed if the backend has closed the connection
   * @throws IOException if what came is no message
   */
  public VhostUserMessage receive() throws IOException {
    return receive(timeout);
  }

  /**
   * Receives a message.
   *
   * @param within how long it may take
   * @return the message; its descriptors are owned by the caller
   * @throws VhostUserException.TimedOut if none came in time
   * @throws VhostUserException.Closed if the backend has closed the connection
   * @throws IOException if what came is no message
   */
  public VhostUserMessage receive(Duration within) throws IOException {
    long deadline = System.nanoTime() + within.toNanos();
    List<FileDescriptor> descriptors = new ArrayList<>();
    byte[] header = new byte[VhostUserMessage.HEADER_SIZE];
    readFully(header, deadline, descriptors);
    int size = ByteBuffer.wrap(header).order(ByteOrder.nativeOrder()).getInt(8);
    if (size < 0 || size > LARGEST_PAYLOAD) {
      throw new VhostUserException.BadReply(
          "a message of " + Integer.toUnsignedString(size) + " bytes, expected a few");
    }
    byte[] payload = new byte[size];
    readFully(payload, deadline, descriptors);
    return VhostUserMessage.received(header, payload, List.copyOf(descriptors));
  }

  /**
   * Waits until the backend closes the connection. What it still sends is thrown away.
   *
   * @param within how long to wait
   * @return whether it did so in time
   * @throws IOException if reading fails in another way
   */
  public boolean awaitClosed(Duration within) throws IOException {
    long deadline = System.nanoTime() + within.toNanos();
    byte[] thrownAway = new byte[4096];
    List<FileDescriptor> descriptors = new ArrayList<>();
    try {
      while (true) {
        read(thrownAway, 0, deadline, descriptors);
      }
    } catch (VhostUserException.Closed e) {
      return true;
    } catch (VhostUserException.TimedOut e) {
      return false;
    } finally {
      Descriptors.closeAll(descriptors);
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  private void readFully(byte[] dst, long deadline, List<FileDescriptor> descriptors)
      throws IOException {
    int done = 0;
    while (done < dst.length) {
      done += read(dst, done, deadline, descriptors);
    }
  }

  private int read(byte[] dst, int from, long deadline, List<FileDescriptor> descriptors)
      throws IOException {
    long left = Math.max(1, (deadline - System.nanoTime()) / 1_000_000);
    try {
      // A timeout of zero would mean for ever.
      socket.setSoTimeout((int) Math.min(left, Integer.MAX_VALUE));
      InputStream in = socket.getInputStream();
      int count = in.read(dst, from, dst.length - from);
      for (FileDescriptor descriptor : socket.getReceivedFileDescriptors()) {
        descriptors.add(Descriptors.adopt(descriptor));
      }
      if (count < 0) {
        throw new VhostUserException.Closed("the backend has closed the connection");
      }
      return count;
    } catch (SocketTimeoutException e) {
      throw new VhostUserException.TimedOut("the backend sent nothing for " + left + " ms");
    } catch (SocketException e) {
      throw closedOr(e, "receiving");
    }
  }

  private static IOException closedOr(SocketException e, String doing) {
    return switch (e) {
      case BrokenPipeSocketException gone -> closed(gone, doing);
      case ConnectionResetSocketException gone -> closed(gone, doing);
      case SocketClosedException gone -> closed(gone, doing);
      default -> e;
    };
  }

  private static VhostUserException closed(SocketException e, String doing) {
    return new VhostUserException.Closed(doing + ": " + e.getMessage());
  }
}
