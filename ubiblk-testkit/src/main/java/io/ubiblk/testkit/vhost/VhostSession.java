package io.ubiblk.testkit.vhost;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** One connection to a backend, negotiated and with memory handed over. */
final class VhostSession implements AutoCloseable {

  private final VhostUserFrontend frontend;
  private final VhostBlkOptions options;
  private long features;
  private @Nullable BackendChannel backendChannel;

  private VhostSession(VhostUserFrontend frontend, VhostBlkOptions options) {
    this.frontend = frontend;
    this.options = options;
    frontend.connection().setTimeout(options.timeout());
  }

  /**
   * Connects and negotiates.
   *
   * @param inflight memory of an earlier session that tracked requests in flight, or null
   */
  static VhostSession open(
      VhostBlkOptions options, GuestMemory memory, @Nullable InflightArea inflight)
      throws IOException, InterruptedException {
    VhostUserConnection connection =
        VhostUserConnection.connect(options.socket(), options.patience());
    VhostSession session = new VhostSession(new VhostUserFrontend(connection), options);
    try {
      session.negotiate();
      session.frontend.setFeatures(session.features);
      if (inflight != null) {
        session.frontend.setInflight(inflight);
      }
      session.handOver(memory);
      return session;
    } catch (IOException | RuntimeException e) {
      session.close();
      throw e;
    }
  }

  VhostUserFrontend frontend() {
    return frontend;
  }

  long features() {
    return features;
  }

  boolean has(long protocolFeature) {
    return (frontend.negotiatedProtocolFeatures() & protocolFeature) != 0;
  }

  @Nullable BackendChannel backendChannel() {
    return backendChannel;
  }

  @Override
  public void close() throws IOException {
    try (frontend) {
      if (backendChannel != null) {
        backendChannel.close();
      }
    }
  }

  private void negotiate() throws IOException {
    long offered = frontend.features();
    features = offered & options.features();
    if ((features & VirtioFeatures.PROTOCOL_FEATURES) != 0) {
      frontend.setProtocolFeatures(frontend.protocolFeatures() & options.protocolFeatures());
    }
    frontend.setOwner();
    if (has(ProtocolFeatures.BACKEND_REQ)) {
      backendChannel = frontend.openBackendChannel();
    }
    if (has(ProtocolFeatures.MQ) && frontend.queueCount() < options.queues()) {
      throw new IOException(
          "the backend has " + frontend.queueCount() + " queues, expected " + options.queues());
    }
  }

  private void handOver(GuestMemory memory) throws IOException {
    if (!options.memorySlots() || !has(ProtocolFeatures.CONFIGURE_MEM_SLOTS)) {
      frontend.setMemory(memory);
      return;
    }
    if (frontend.maxMemorySlots() < memory.regions().size()) {
      throw new IOException("the backend has too few memory slots: " + frontend.maxMemorySlots());
    }
    for (GuestRegion region : memory.regions()) {
      frontend.addRegion(region);
    }
  }
}
