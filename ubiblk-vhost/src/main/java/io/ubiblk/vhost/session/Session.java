package io.ubiblk.vhost.session;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.DeviceListener;
import io.ubiblk.core.linux.Descriptor;
import io.ubiblk.vhost.protocol.Envelope;
import io.ubiblk.vhost.protocol.Features;
import io.ubiblk.vhost.protocol.FrontendConnection;
import io.ubiblk.vhost.protocol.FrontendMessage;
import io.ubiblk.vhost.protocol.MessageCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One frontend's session, from its connection to its end. Runs on one (virtual) thread, which takes
 * the messages one after the other.
 *
 * <p>A message that cannot be obeyed gets the protocol's error if it asked for a reply; otherwise
 * the frontend cannot know what it got, and the session ends. Nothing that a frontend sends reaches
 * further than its session.
 */
public final class Session implements DeviceListener {

  private static final Logger LOG = LoggerFactory.getLogger(Session.class);

  private final Export export;
  private final FrontendConnection connection;
  private final SessionState state;
  private final List<Vring> rings = new ArrayList<>();
  private volatile @Nullable BackendRequests backendRequests;
  private boolean owned;

  /**
   * Creates a session.
   *
   * @param export what to serve
   * @param connection the frontend's socket; the caller closes it
   */
  public Session(Export export, FrontendConnection connection) {
    this.export = export;
    this.connection = connection;
    this.state = new SessionState(export.config());
    for (int i = 0; i < export.queues(); i++) {
      rings.add(new Vring(export, i));
    }
  }

  /**
   * Serves the frontend until it goes away or breaks the protocol. When this returns, nothing of
   * the session is left: no request, no mapping, no descriptor.
   *
   * @throws IOException if something other than the frontend failed
   * @throws InterruptedException if the thread is interrupted, which ends the session too
   */
  public void run() throws IOException, InterruptedException {
    export.device().addListener(this);
    try {
      serve();
    } finally {
      export.device().removeListener(this);
      end();
    }
  }

  @Override
  public void sizeChanged(long size) {
    BackendRequests channel = backendRequests;
    if (channel != null) {
      channel.configChanged();
    }
  }

  private void serve() throws InterruptedException {
    try {
      while (true) {
        Envelope envelope = connection.read();
        if (envelope == null) {
          return;
        }
        try {
          handle(envelope);
        } finally {
          envelope.discard();
        }
      }
    } catch (IOException e) {
      LOG.warn("{}: frontend is disconnected: {}", export.name(), e.getMessage());
    }
  }

  private void handle(Envelope envelope) throws IOException, InterruptedException {
    boolean answer = envelope.needsReply() && state.has(Features.PROTOCOL_REPLY_ACK);
    try {
      FrontendMessage message = MessageCodec.parse(envelope.request(), envelope.payload());
      LOG.debug("{}: {}", export.name(), message);
      if (obey(message, envelope)) {
        return;
      }
    } catch (BlockDeviceException e) {
      if (!answer || hasOwnReply(envelope.request())) {
        throw e;
      }
      LOG.warn("{}: refused: {}", export.name(), e.getMessage());
      reply(envelope, number(1));
      return;
    }
    if (answer) {
      reply(envelope, number(0));
    }
  }

  /**
   * Does what a message says.
   *
   * @return whether a reply has been sent
   */
  private boolean obey(FrontendMessage message, Envelope envelope)
      throws IOException, InterruptedException {
    switch (message) {
      case FrontendMessage.GetFeatures m -> {
        return reply(envelope, number(export.config().features()));
      }
      case FrontendMessage.GetProtocolFeatures m -> {
        return reply(envelope, number(SessionState.offeredProtocolFeatures()));
      }
      case FrontendMessage.GetQueueNum m -> {
        return reply(envelope, number(export.queues()));
      }
      case FrontendMessage.GetMaxMemSlots m -> {
        return reply(envelope, number(SessionState.MEMORY_SLOTS));
      }
      case FrontendMessage.GetConfig m -> {
        return reply(envelope, config(m));
      }
      case FrontendMessage.GetVringBase m -> {
        int base = ring(m.index()).stop(connection::hasGone);
        return reply(envelope, little(8).putInt(m.index()).putInt(base).flip());
      }
      case FrontendMessage.SetFeatures m -> setFeatures(m.features());
      case FrontendMessage.SetProtocolFeatures m -> state.setProtocolFeatures(m.features());
      case FrontendMessage.SetOwner m -> setOwner();
      case FrontendMessage.ResetOwner m -> stopAll();
      case FrontendMessage.SetMemTable m -> setMemory(m, envelope);
      case FrontendMessage.AddMemReg m -> addRegion(m, envelope);
      case FrontendMessage.RemMemReg m -> removeRegion(m);
      case FrontendMessage.SetVringNum m -> ring(m.index()).setSize(m.size());
      case FrontendMessage.SetVringAddr m ->
          ring(m.index()).setAddresses(m.descriptors(), m.available(), m.used(), state.memory());
      case FrontendMessage.SetVringBase m -> ring(m.index()).setBase(m.base());
      case FrontendMessage.SetVringKick m ->
          ring(m.index()).setKick(wakeable(envelope, m.hasDescriptor()), state);
      case FrontendMessage.SetVringCall m ->
          ring(m.index()).setCall(wakeable(envelope, m.hasDescriptor()));
      case FrontendMessage.SetVringErr m ->
          ring(m.index()).setError(wakeable(envelope, m.hasDescriptor()));
      case FrontendMessage.SetVringEnable m -> ring(m.index()).setEnabled(m.enabled());
      case FrontendMessage.SetBackendReqFd m -> setBackendRequests(envelope);
      case FrontendMessage.SetConfig m -> setConfig(m);
      case FrontendMessage.Unknown m ->
          throw new BlockDeviceException.BadFormat("message " + m.request() + " is not known");
    }
    return false;
  }

  private void setOwner() throws BlockDeviceException.BadFormat {
    if (owned) {
      throw new BlockDeviceException.BadFormat("owner set twice");
    }
    owned = true;
  }

  private void setFeatures(long features) throws IOException, InterruptedException {
    state.setFeatures(features);
    applyCacheMode();
  }

  private void setConfig(FrontendMessage.SetConfig message)
      throws IOException, InterruptedException {
    state.setConfig(message.offset(), message.content());
    applyCacheMode();
  }

  private void applyCacheMode() throws IOException, InterruptedException {
    for (Vring ring : rings) {
      ring.setWriteThrough(state.isWriteThrough());
    }
  }

  private void setMemory(FrontendMessage.SetMemTable message, Envelope envelope)
      throws IOException, InterruptedException {
    state.setMemory(message.regions(), envelope.take(message.regions().size()));
    applyMemory();
  }

  private void addRegion(FrontendMessage.AddMemReg message, Envelope envelope)
      throws IOException, InterruptedException {
    state.addRegion(message.region(), envelope.take(1)[0]);
    applyMemory();
  }

  private void removeRegion(FrontendMessage.RemMemReg message)
      throws IOException, InterruptedException {
    state.removeRegion(message.region());
    applyMemory();
  }

  private void applyMemory() throws IOException, InterruptedException {
    for (Vring ring : rings) {
      ring.setMemory(state.memory());
    }
  }

  private void setBackendRequests(Envelope envelope) throws IOException {
    BackendRequests old = backendRequests;
    backendRequests = new BackendRequests(envelope.take(1)[0]);
    if (old != null) {
      old.close();
    }
  }

  private ByteBuffer config(FrontendMessage.GetConfig message) {
    // Frontends mean different things by the offset and all want the beginning.
    byte[] bytes = Arrays.copyOf(export.config().bytes(state.isWriteBack()), message.size());
    return little(12 + message.size())
        .putInt(message.offset())
        .putInt(message.size())
        .putInt(message.flags())
        .put(bytes)
        .flip();
  }

  private Vring ring(int index) throws BlockDeviceException.BadFormat {
    if (index < 0 || index >= rings.size()) {
      throw new BlockDeviceException.BadFormat(
          "ring " + Integer.toUnsignedLong(index) + ", expected 0 to " + (rings.size() - 1));
    }
    return rings.get(index);
  }

  /** Takes a descriptor that can be waited for or written to without harm. */
  private static int wakeable(Envelope envelope, boolean expected)
      throws BlockDeviceException.BadFormat {
    if (!expected) {
      envelope.take(0);
      return -1;
    }
    int fd = envelope.take(1)[0];
    String target = Descriptor.target(fd);
    if (target.startsWith("anon_inode:[eventfd")
        || target.startsWith("pipe:")
        || target.startsWith("socket:")) {
      return fd;
    }
    Descriptor.close(fd);
    throw new BlockDeviceException.BadFormat(
        "message "
            + envelope.request()
            + " with a descriptor of "
            + target
            + ", expected an eventfd");
  }

  private void stopAll() throws IOException, InterruptedException {
    for (Vring ring : rings) {
      ring.stop(connection::hasGone);
    }
  }

  private void end() throws IOException, InterruptedException {
    for (Vring ring : rings) {
      ring.abandon();
    }
    state.releaseMemory();
    BackendRequests channel = backendRequests;
    if (channel != null) {
      channel.close();
    }
  }

  private boolean reply(Envelope envelope, ByteBuffer payload)
      throws IOException, InterruptedException {
    connection.reply(envelope.request(), payload);
    return true;
  }

  private static boolean hasOwnReply(int request) {
    return switch (request) {
      case 1, 11, 15, 17, 24, 36 -> true;
      default -> false;
    };
  }

  private static ByteBuffer number(long value) {
    return little(8).putLong(value).flip();
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
