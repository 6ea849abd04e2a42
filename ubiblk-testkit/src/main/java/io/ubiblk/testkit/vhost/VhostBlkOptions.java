package io.ubiblk.testkit.vhost;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link VhostBlkClient} shall be like. Immutable; the {@code with} methods make changed
 * copies. Without any: one queue of 128 entries, 64 MiB of memory, everything that is understood
 * and offered but the tracking of requests in flight.
 */
public final class VhostBlkOptions {

  private static final long PROTOCOL =
      ProtocolFeatures.MQ
          | ProtocolFeatures.REPLY_ACK
          | ProtocolFeatures.BACKEND_REQ
          | ProtocolFeatures.CONFIG
          | ProtocolFeatures.RESET_DEVICE
          | ProtocolFeatures.CONFIGURE_MEM_SLOTS;

  private final Path socket;
  private Duration patience;
  private Duration timeout;
  private int queues;
  private int queueSize;
  private int tableEntries;
  private long memorySize;
  private @Nullable GuestMemory memory;
  private long features;
  private long protocolFeatures;
  private boolean memorySlots;
  private NotifierKind kick;
  private NotifierKind call;
  private boolean enabled;

  private VhostBlkOptions(Path socket) {
    this.socket = socket;
    patience = Duration.ofSeconds(10);
    timeout = Duration.ofSeconds(10);
    queues = 1;
    queueSize = 128;
    tableEntries = 34;
    memorySize = 64 << 20;
    features = VirtioFeatures.UNDERSTOOD;
    protocolFeatures = PROTOCOL;
    kick = NotifierKind.EVENTFD;
    call = NotifierKind.EVENTFD;
    enabled = true;
  }

  private VhostBlkOptions(VhostBlkOptions other) {
    socket = other.socket;
    patience = other.patience;
    timeout = other.timeout;
    queues = other.queues;
    queueSize = other.queueSize;
    tableEntries = other.tableEntries;
    memorySize = other.memorySize;
    memory = other.memory;
    features = other.features;
    protocolFeatures = other.protocolFeatures;
    memorySlots = other.memorySlots;
    kick = other.kick;
    call = other.call;
    enabled = other.enabled;
  }

  /**
   * Returns options that are sensible for most purposes.
   *
   * @param socket path of the backend's socket
   * @return the options
   */
  public static VhostBlkOptions at(Path socket) {
    return new VhostBlkOptions(socket);
  }

  /**
   * Returns the options with another patience.
   *
   * @param howLong how long to keep trying to connect, ten seconds at first
   * @return a copy
   */
  public VhostBlkOptions withPatience(Duration howLong) {
    VhostBlkOptions copy = new VhostBlkOptions(this);
    copy.patience = howLong;
    return copy;
  }

  /**
   * Returns the options with another timeout.
   *
   * @param howLong how long a reply or a request that is waited for may take, ten seconds at first
   * @return a copy
   */
  public VhostBlkOptions withTimeout(Duration howLong) {
    VhostBlkOptions copy = new VhostBlkOptions(this);
    copy.timeout = howLong;
    return copy;
  }

  /**
   * Returns the options with other queues.
   *
   * @param count number of queues
   * @param size entries per queue, a power of two up to 32768
   * @return a copy
   */
  public VhostBlkOptions withQueues(int count, int size) {
    VhostBlkOptions copy = new VhostBlkOptions(this);
    copy.queues = count;
    copy.queueSize = size;
    return copy;
  }

  /**
   * Returns the options with room for indirect tables of another size; larger ones are allocated
   * one by one.
   *
   * @param entries descriptors per request in flight, header and status included
   * @return a copy
   */
  public VhostBlkOptions withTableEntries(int entries) {
    VhostBlkOptions copy = new VhostBlkOptions(this);
    copy.tableEntries = entries;
    return copy;
  }

  /**
   * Returns the options with another size of memory; rings and requests in flight need some of it.
   *
   * @param size in bytes, a multiple of 4096
   * @return a copy
   */
  public VhostBlkOptions withMemorySize(long size) {
    VhostBlkOptions copy = new VhostBlkOptions(this);
    copy.memorySize = size;
    return copy;
  }

  /**
   * Returns the options with a memory that exists.
   *
   * @param existing the memory, owned by the caller; it must outlive the client
   * @return a copy
   */
  public VhostBlkOptions withMemory(GuestMemory existing) {
    VhostBlkOptions copy = new VhostBlkOptions(this);
    copy.memory = existing;
    return copy;
  }

  /**
   * Returns the options with regions added one by one where that is negotiated, instead of in a
   * table.
   *
   * @return a copy
   */
  public VhostBlkOptions withMemorySlots() {
    VhostBlkOptions copy = new VhostBlkOptions(this);
    copy.memorySlots = true;
    return copy;
  }

  /**
   * Returns the options with other features.
   *
   * @param bits to accept where they are offered, see {@link VirtioFeatures}
   * @return a copy
   */
  public VhostBlkOptions withFeatures(long bits) {
    VhostBlkOptions copy = new VhostBlkOptions(this);
    copy.features = bits;
    return copy;
  }

  /**
   * Returns the options with fewer features.
   *
   * @param bits not to accept even where they are offered, see {@link VirtioFeatures}
   * @return a copy
   */
  public VhostBlkOptions withoutFeatures(long bits) {
    VhostBlkOptions copy = new VhostBlkOptions(this);
    copy.features &= ~bits;
    return copy;
  }

  /**
   * Returns the options with other protocol features.
   *
   * @param bits to accept where they are offered, see {@link ProtocolFeatures}
   * @return a copy
   */
  public VhostBlkOptions withProtocolFeatures(long bits) {
    VhostBlkOptions copy = new VhostBlkOptions(this);
    copy.protocolFeatures = bits;
    return copy;
  }

  /**
   * Returns the options with the tracking of requests in flight, where it is offered.
   *
   * @return a copy
   */
  public VhostBlkOptions withInflightTracking() {
    VhostBlkOptions copy = new VhostBlkOptions(this);
    copy.protocolFeatures |= ProtocolFeatures.INFLIGHT_SHMFD;
    return copy;
  }

  /**
   * Returns the options with other notifiers.
   *
   * @param newKick how the device is notified
   * @param newCall how the driver is notified
   * @return a copy
   */
  public VhostBlkOptions withNotifiers(NotifierKind newKick, NotifierKind newCall) {
    VhostBlkOptions copy = new VhostBlkOptions(this);
    copy.kick = newKick;
    copy.call = newCall;
    return copy;
  }

  /**
   * Returns the options with rings that are left disabled.
   *
   * @return a copy
   */
  public VhostBlkOptions withRingsDisabled() {
    VhostBlkOptions copy = new VhostBlkOptions(this);
    copy.enabled = false;
    return copy;
  }

  Path socket() {
    return socket;
  }

  Duration patience() {
    return patience;
  }

  Duration timeout() {
    return timeout;
  }

  int queues() {
    return queues;
  }

  int queueSize() {
    return queueSize;
  }

  int tableEntries() {
    return tableEntries;
  }

  long memorySize() {
    return memorySize;
  }

  @Nullable GuestMemory memory() {
    return memory;
  }

  long features() {
    return features;
  }

  long protocolFeatures() {
    return protocolFeatures;
  }

  boolean memorySlots() {
    return memorySlots;
  }

  NotifierKind kick() {
    return kick;
  }

  NotifierKind call() {
    return call;
  }

  boolean enabled() {
    return enabled;
  }
}
