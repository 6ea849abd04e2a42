package io.ubiblk.vhost.session;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.DeviceListener;
import io.ubiblk.core.linux.Descriptor;
import io.ubiblk.vhost.memory.GuestMemory;
import io.ubiblk.vhost.protocol.Envelope;
import io.ubiblk.vhost.protocol.Features;
import io.ubiblk.vhost.protocol.FrontendConnection;
import io.ubiblk.vhost.protocol.FrontendMessage;
import io.ubiblk.vhost.protocol.MessageCodec;
import io.ubiblk.vhost.virtqueue.RingObserver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
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
  private final Rings rings;
  private final AtomicBoolean checkingMemory = new AtomicBoolean();
  private volatile @Nullable BackendRequests backendRequests;

  /**
   * Creates a session.
   *
   * @param export what to serve
   * @param connection the frontend's socket; the caller closes it
   */
  public Session(Export export, FrontendConnection connection) {
    this.export = export;
    this.connection = connection;
    this.state = new SessionState(export.config(), export.anyMemory());
    this.rings = new Rings(export, new Observer(), connection.hopeless());
  }

  /**
   * Serves the frontend until it goes away, breaks the protocol or is sent away. When this returns,
   * nothing of the session is left: no request, no mapping, no descriptor.
   *
   * @throws InterruptedException if the thread is interrupted, which ends the session too
   */
  public void run() throws InterruptedException {
    boolean inOrder = false;
    export.device().addListener(this);
    try {
      serve();
      inOrder = true;
    } catch (IOException e) {
      export.warnings().warn("frontend is disconnected", e.getMessage());
    } finally {
      export.device().removeListener(this);
      if (!inOrder) {
        connection.hangUp();
      }
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

  private void serve() throws IOException, InterruptedException {
    Envelope envelope;
    while ((envelope = connection.read()) != null) {
      try {
        handle(envelope);
      } finally {
        envelope.discard();
      }
    }
  }

  /** A guest whose memory has been cut short cannot go on. */
  private void memoryFaulted(GuestMemory memory) {
    if (!checkingMemory.compareAndSet(false, true)) {
      return;
    }
    if (!memory.tryRetain()) {
      // Its files cannot be asked any more, and its ring is lost.
      connection.abandon();
      return;
    }
    export
        .reactors()
        .getFirst()
        .blocking()
        .execute(
            () -> {
              if (memory.isTruncated()) {
                export.warnings().warn("guest memory is not there any more", "it was cut short");
                connection.abandon();
              }
              memory.release();
              checkingMemory.set(false);
            });
  }

  /** Hears of the rings, on their reactors' threads. */
  private final class Observer implements RingObserver {
    @Override
    public void memoryFaulted(GuestMemory memory) {
      Session.this.memoryFaulted(memory);
    }

    @Override
    public void ringBroken(String queue, String reason) {
      export.warnings().warn(queue + " is not served any more", reason);
    }

    @Override
    public void ringLost() {
      connection.abandon();
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
      ByteBuffer refusal = refusal(envelope, answer);
      if (refusal == null) {
        throw e;
      }
      export.warnings().warn("refused", e.getMessage());
      reply(envelope, refusal);
      return;
    }
    if (answer) {
      reply(envelope, number(0));
    }
  }

  /** What tells the frontend that a message is not obeyed, if the protocol has a way. */
  private static @Nullable ByteBuffer refusal(Envelope envelope, boolean answer) {
    if (envelope.request() == MessageCodec.GET_CONFIG) {
      return little(0);
    }
    return answer && !MessageCodec.hasOwnReply(envelope.request()) ? number(1) : null;
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
        return reply(envelope, little(8).putInt(m.index()).putInt(rings.stop(m.index())).flip());
      }
      case FrontendMessage.SetFeatures m -> setFeatures(m.features());
      case FrontendMessage.SetProtocolFeatures m -> state.setProtocolFeatures(m.features());
      case FrontendMessage.SetOwner m -> {} // there is no other owner that it could be taken from
      case FrontendMessage.ResetOwner m -> rings.stopAll();
      case FrontendMessage.SetMemTable m -> setMemory(m, envelope);
      case FrontendMessage.AddMemReg m -> addRegion(m, envelope);
      case FrontendMessage.RemMemReg m -> removeRegion(m);
      case FrontendMessage.SetVringNum m -> rings.get(m.index()).setSize(m.size());
      case FrontendMessage.SetVringAddr m ->
          rings
              .get(m.index())
              .setAddresses(m.descriptors(), m.available(), m.used(), state.memory());
      case FrontendMessage.SetVringBase m -> rings.get(m.index()).setBase(m.base());
      case FrontendMessage.SetVringKick m ->
          rings.get(m.index()).setKick(wakeable(envelope, m.hasDescriptor()), state);
      case FrontendMessage.SetVringCall m ->
          rings.get(m.index()).setCall(wakeable(envelope, m.hasDescriptor()));
      case FrontendMessage.SetVringErr m ->
          rings.get(m.index()).setError(wakeable(envelope, m.hasDescriptor()));
      case FrontendMessage.SetVringEnable m -> rings.get(m.index()).setEnabled(m.enabled());
      case FrontendMessage.SetBackendReqFd m -> setBackendRequests(envelope);
      case FrontendMessage.SetConfig m -> setConfig(m);
      case FrontendMessage.Unknown m ->
          throw new BlockDeviceException.BadFormat("message " + m.request() + " is not known");
    }
    return false;
  }

  private void setFeatures(long features) throws BlockDeviceException.BadFormat {
    state.setFeatures(features);
    rings.setWriteThrough(state.isWriteThrough());
  }

  private void setConfig(FrontendMessage.SetConfig message) throws BlockDeviceException.BadFormat {
    state.setConfig(message.offset(), message.content());
    rings.setWriteThrough(state.isWriteThrough());
  }

  private void setMemory(FrontendMessage.SetMemTable message, Envelope envelope)
      throws BlockDeviceException {
    state.setMemory(message.regions(), envelope.take(message.regions().size()));
    rings.setMemory(state.memory());
  }

  private void addRegion(FrontendMessage.AddMemReg message, Envelope envelope)
      throws BlockDeviceException {
    state.addRegion(message.region(), envelope.take(1)[0]);
    rings.setMemory(state.memory());
  }

  private void removeRegion(FrontendMessage.RemMemReg message) throws BlockDeviceException {
    state.removeRegion(message.region());
    rings.setMemory(state.memory());
  }

  private void setBackendRequests(Envelope envelope) throws BlockDeviceException {
    BackendRequests old = backendRequests;
    backendRequests = BackendRequests.of(envelope.take(1)[0]);
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

  private void end() {
    try {
      rings.end();
    } finally {
      state.releaseMemory();
      BackendRequests channel = backendRequests;
      if (channel != null) {
        channel.close();
      }
    }
  }

  private boolean reply(Envelope envelope, ByteBuffer payload)
      throws IOException, InterruptedException {
    connection.reply(envelope.request(), payload);
    return true;
  }

  private static ByteBuffer number(long value) {
    return little(8).putLong(value).flip();
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
