package io.ubiblk.vhost;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.DeviceListener;
import io.ubiblk.api.DeviceListeners;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Reactor;
import io.ubiblk.api.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/** A device that does what a test says: records requests, holds them, fails them, takes few. */
final class ScriptedDevice extends ForwardingBlockDevice {

  /** A request as it arrived. */
  record Request(Operation operation, long offset, long length, int flags) {}

  private final List<Request> requests = Collections.synchronizedList(new ArrayList<>());
  private final List<ScriptedChannel> channels = new CopyOnWriteArrayList<>();
  private final DeviceListeners listeners = new DeviceListeners();
  private volatile Set<Capability> capabilities;
  private volatile int maxTransfer = Geometry.UNLIMITED_TRANSFER;
  private volatile int blockSize = Geometry.SECTOR;
  private volatile int depth = Integer.MAX_VALUE;
  private volatile Predicate<Request> held = r -> false;
  private volatile boolean cancellable = true;
  private volatile ToIntFunction<Request> outcome = r -> Status.OK;
  private volatile boolean throwing;

  /**
   * Creates a device that can do everything.
   *
   * @param delegate holds the content
   */
  ScriptedDevice(BlockDevice delegate) {
    super(delegate);
    capabilities = EnumSet.allOf(Capability.class);
  }

  /** Takes capabilities away. */
  ScriptedDevice without(Capability first, Capability... more) {
    EnumSet<Capability> fewer = EnumSet.allOf(Capability.class);
    fewer.removeAll(EnumSet.of(first, more));
    capabilities = fewer;
    return this;
  }

  ScriptedDevice withBlockSize(int bytes) {
    blockSize = bytes;
    return this;
  }

  ScriptedDevice withMaxTransfer(int bytes) {
    maxTransfer = bytes;
    return this;
  }

  /** Lets channels take only so many requests at once. */
  ScriptedDevice withDepth(int requestsAtOnce) {
    depth = requestsAtOnce;
    return this;
  }

  /** Holds requests that are about to arrive, so that they only wait inside the device. */
  void hold(Predicate<Request> which) {
    cancellable = true;
    held = which;
  }

  /** Holds requests as the kernel would: closing the channel does not cancel them. */
  void holdUnderWay(Predicate<Request> which) {
    cancellable = false;
    held = which;
  }

  /** Lets all requests go that are held, and holds no more. */
  void release() {
    held = r -> false;
    channels.forEach(ScriptedChannel::release);
  }

  /** Says which status a request ends with; those that do not succeed touch nothing. */
  void setOutcome(ToIntFunction<Request> function) {
    outcome = function;
  }

  /** Makes every call of a channel throw. */
  void setThrowing(boolean value) {
    throwing = value;
  }

  /** Tells the listeners that the device has failed for good. */
  void fail(BlockDeviceException cause) {
    listeners.failed(cause);
  }

  List<Request> requests() {
    return List.copyOf(requests);
  }

  List<Request> requests(Operation operation) {
    return requests().stream().filter(r -> r.operation() == operation).toList();
  }

  void forgetRequests() {
    requests.clear();
  }

  /** How many requests are held now. */
  int heldCount() {
    return channels.stream().mapToInt(ScriptedChannel::heldCount).sum();
  }

  int openChannels() {
    return channels.size();
  }

  int depth() {
    return depth;
  }

  boolean isCancellable() {
    return cancellable;
  }

  boolean arrives(Request request) {
    requests.add(request);
    if (throwing) {
      throw new IllegalStateException("this device was told to throw");
    }
    return held.test(request);
  }

  int outcome(Request request) {
    return outcome.applyAsInt(request);
  }

  void closed(ScriptedChannel channel) {
    channels.remove(channel);
  }

  @Override
  public Geometry geometry() {
    return delegate().geometry().withBlockSizes(blockSize, blockSize).withMaxTransfer(maxTransfer);
  }

  @Override
  public Set<Capability> capabilities() {
    return capabilities;
  }

  @Override
  public BlockChannel openChannel(Reactor reactor, int channelDepth, CompletionHandler completions)
      throws IOException {
    ScriptedChannel channel = new ScriptedChannel(this, reactor, channelDepth, completions);
    channels.add(channel);
    return channel;
  }

  @Override
  public void addListener(DeviceListener listener) {
    super.addListener(listener);
    listeners.add(listener);
  }

  @Override
  public void removeListener(DeviceListener listener) {
    super.removeListener(listener);
    listeners.remove(listener);
  }
}
