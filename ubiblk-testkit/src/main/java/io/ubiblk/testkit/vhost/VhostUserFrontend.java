package io.ubiblk.testkit.vhost;

import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * The frontend side of the vhost-user protocol, message by message. What a message asks for is not
 * checked: a test may send messages in any order with any values.
 *
 * <p>Once {@link ProtocolFeatures#REPLY_ACK} is negotiated, every message that has no reply of its
 * own asks for an acknowledgement, and a refusal is an exception; see {@link #setAcknowledge}. One
 * thread at a time may use the object.
 *
 * @see <a href="https://qemu-project.gitlab.io/qemu/interop/vhost-user.html">vhost-user
 *     protocol</a>
 */
public final class VhostUserFrontend implements AutoCloseable {

  private final VhostUserConnection connection;
  private boolean acknowledge = true;
  private long negotiated;

  /**
   * Creates the frontend on a connection.
   *
   * @param connection to the backend; owned by the frontend from now on
   */
  public VhostUserFrontend(VhostUserConnection connection) {
    this.connection = connection;
  }

  /**
   * Connects. Sends nothing.
   *
   * @param path of the backend's socket
   * @return the frontend, owned by the caller
   * @throws IOException if nobody listens there
   */
  public static VhostUserFrontend connect(Path path) throws IOException {
    return new VhostUserFrontend(VhostUserConnection.connect(path));
  }

  /** {@return the connection, to send anything at all} */
  public VhostUserConnection connection() {
    return connection;
  }

  /**
   * Says whether messages ask for an acknowledgement. They do at first, where it is negotiated.
   *
   * @param wanted whether to ask
   */
  public void setAcknowledge(boolean wanted) {
    acknowledge = wanted;
  }

  /**
   * Sends a message that has no reply of its own, and waits for the acknowledgement if one is asked
   * for.
   *
   * @param message what to send; the flag that asks for a reply is added
   * @throws VhostUserException.Refused if the backend acknowledges it with another number than 0
   * @throws VhostUserException if there is no acknowledgement
   * @throws IOException if a descriptor cannot be passed
   */
  public void tell(VhostUserMessage message) throws IOException {
    if (!acknowledge || (negotiated & ProtocolFeatures.REPLY_ACK) == 0) {
      connection.send(message);
      return;
    }
    long value = ask(message.withFlags(message.flags() | VhostUserMessage.NEED_REPLY), 8).getLong();
    if (value != 0) {
      throw new VhostUserException.Refused(message + " was refused with " + value, value);
    }
  }

  /**
   * Sends a message and waits for its reply.
   *
   * @param message what to send
   * @return the reply; its descriptors are owned by the caller
   * @throws VhostUserException.BadReply if the reply is not one to this message
   * @throws VhostUserException if there is no reply
   * @throws IOException if a descriptor cannot be passed
   */
  public VhostUserMessage ask(VhostUserMessage message) throws IOException {
    connection.send(message);
    VhostUserMessage reply = connection.receive();
    int flags = VhostUserMessage.VERSION | VhostUserMessage.REPLY;
    if (reply.request() != message.request() || (reply.flags() & 7) != flags) {
      throw new VhostUserException.BadReply(reply + " as the reply to " + message);
    }
    return reply;
  }

  /**
   * Asks for the feature bits that the device offers.
   *
   * @return a combination of {@link VirtioFeatures}
   * @throws IOException if there is no such reply
   */
  public long features() throws IOException {
    return askNumber(FrontendRequest.GET_FEATURES);
  }

  /**
   * Accepts feature bits.
   *
   * @param bits a combination of {@link VirtioFeatures}
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void setFeatures(long bits) throws IOException {
    tell(VhostUserMessage.of(FrontendRequest.SET_FEATURES, Payloads.number(bits)));
  }

  /**
   * Asks for the protocol feature bits that the backend offers.
   *
   * @return a combination of {@link ProtocolFeatures}
   * @throws IOException if there is no such reply
   */
  public long protocolFeatures() throws IOException {
    return askNumber(FrontendRequest.GET_PROTOCOL_FEATURES);
  }

  /**
   * Accepts protocol feature bits. They hold from the next message on.
   *
   * @param bits a combination of {@link ProtocolFeatures}
   * @throws IOException if the message cannot be sent
   */
  public void setProtocolFeatures(long bits) throws IOException {
    tell(VhostUserMessage.of(FrontendRequest.SET_PROTOCOL_FEATURES, Payloads.number(bits)));
    negotiated = bits;
  }

  /** {@return the protocol feature bits that this side has accepted} */
  public long negotiatedProtocolFeatures() {
    return negotiated;
  }

  /**
   * Begins the session.
   *
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void setOwner() throws IOException {
    tell(VhostUserMessage.of(FrontendRequest.SET_OWNER));
  }

  /**
   * Sends the deprecated message that disables the rings or does nothing.
   *
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void resetOwner() throws IOException {
    tell(VhostUserMessage.of(FrontendRequest.RESET_OWNER));
  }

  /**
   * Resets the device.
   *
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void resetDevice() throws IOException {
    tell(VhostUserMessage.of(FrontendRequest.RESET_DEVICE));
  }

  /**
   * Asks for the number of queues.
   *
   * @return how many queues the backend has
   * @throws IOException if there is no such reply
   */
  public long queueCount() throws IOException {
    return askNumber(FrontendRequest.GET_QUEUE_NUM);
  }

  /**
   * Reads from the configuration space.
   *
   * @param offset first byte
   * @param size number of bytes
   * @return as many bytes
   * @throws VhostUserException.Refused if the reply has no content, which is how backends refuse
   * @throws IOException if there is no such reply
   */
  public byte[] config(int offset, int size) throws IOException {
    byte[] request = Payloads.config(offset, size, 0, new byte[size]);
    VhostUserMessage reply = ask(VhostUserMessage.of(FrontendRequest.GET_CONFIG, request));
    if (reply.declaredSize() == 0) {
      throw new VhostUserException.Refused("reading the configuration was refused", -1);
    }
    ByteBuffer in = expect(reply, 12 + size);
    byte[] content = new byte[size];
    in.position(12).get(content);
    return content;
  }

  /**
   * Writes to the configuration space.
   *
   * @param offset first byte
   * @param flags 0 for a driver's access, 1 for migration
   * @param content the bytes
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void setConfig(int offset, int flags, byte... content) throws IOException {
    byte[] payload = Payloads.config(offset, content.length, flags, content);
    tell(VhostUserMessage.of(FrontendRequest.SET_CONFIG, payload));
  }

  /**
   * Asks for memory that tracks requests in flight.
   *
   * @param queues number of queues
   * @param queueSize entries per queue
   * @return the memory, owned by the caller
   * @throws IOException if there is no such reply
   */
  public InflightArea inflight(int queues, int queueSize) throws IOException {
    byte[] request = Payloads.inflight(new InflightArea(0, 0, queues, queueSize, null));
    VhostUserMessage reply = ask(VhostUserMessage.of(FrontendRequest.GET_INFLIGHT_FD, request));
    if (reply.declaredSize() < 20 || reply.descriptors().size() > 1) {
      Descriptors.closeAll(reply.descriptors());
      throw new VhostUserException.BadReply(reply + ", expected 20 bytes and one descriptor");
    }
    ByteBuffer in = reply.reader();
    return new InflightArea(
        in.getLong(),
        in.getLong(),
        Short.toUnsignedInt(in.getShort()),
        Short.toUnsignedInt(in.getShort()),
        reply.descriptors().isEmpty() ? null : reply.descriptors().getFirst());
  }

  /**
   * Hands over memory that tracks requests in flight, its own or a dead backend's.
   *
   * @param area the memory
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void setInflight(InflightArea area) throws IOException {
    FileDescriptor descriptor = area.descriptor();
    VhostUserMessage message =
        VhostUserMessage.of(FrontendRequest.SET_INFLIGHT_FD, Payloads.inflight(area));
    tell(descriptor == null ? message : message.withDescriptors(descriptor));
  }

  /**
   * Gives the backend a channel for requests of its own.
   *
   * @return the channel, owned by the caller
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public BackendChannel openBackendChannel() throws IOException {
    BackendChannel channel = BackendChannel.open();
    try {
      tell(
          VhostUserMessage.of(FrontendRequest.SET_BACKEND_REQ_FD)
              .withDescriptors(channel.backendEnd()));
      channel.releaseBackendEnd();
      return channel;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Replaces the backend's memory by all regions of a memory.
   *
   * @param memory the regions
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void setMemory(GuestMemory memory) throws IOException {
    List<GuestRegion> regions = memory.regions();
    tell(
        VhostUserMessage.of(
                FrontendRequest.SET_MEM_TABLE,
                Payloads.memoryTable(regions.stream().map(GuestRegion::description).toList()))
            .withDescriptors(regions.stream().map(GuestRegion::descriptor).toList()));
  }

  /**
   * Asks how many memory regions the backend can hold.
   *
   * @return the number
   * @throws IOException if there is no such reply
   */
  public long maxMemorySlots() throws IOException {
    return askNumber(FrontendRequest.GET_MAX_MEM_SLOTS);
  }

  /**
   * Adds a region to the backend's memory.
   *
   * @param region the region
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void addRegion(GuestRegion region) throws IOException {
    tell(
        VhostUserMessage.of(
                FrontendRequest.ADD_MEM_REG, Payloads.memoryRegion(region.description()))
            .withDescriptors(region.descriptor()));
  }

  /**
   * Removes a region from the backend's memory.
   *
   * @param region the region
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void removeRegion(GuestRegion region) throws IOException {
    tell(
        VhostUserMessage.of(
            FrontendRequest.REM_MEM_REG, Payloads.memoryRegion(region.description())));
  }

  /**
   * Returns the messages about one ring.
   *
   * @param index of the ring
   * @return an object on which they are methods
   */
  public VringControl ring(int index) {
    return new VringControl(this, index);
  }

  /** Closes the connection, without a word. */
  @Override
  public void close() throws IOException {
    connection.close();
  }

  private long askNumber(FrontendRequest request) throws IOException {
    return ask(VhostUserMessage.of(request), 8).getLong();
  }

  ByteBuffer ask(VhostUserMessage message, int size) throws IOException {
    return expect(ask(message), size);
  }

  private static ByteBuffer expect(VhostUserMessage reply, int size) throws IOException {
    Descriptors.closeAll(reply.descriptors());
    if (reply.declaredSize() != size || !reply.descriptors().isEmpty()) {
      throw new VhostUserException.BadReply(
          reply + ", expected " + size + " bytes and no descriptors");
    }
    return reply.reader();
  }
}
