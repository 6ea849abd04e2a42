package io.ubiblk.vhost.session;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.linux.Descriptor;
import io.ubiblk.vhost.memory.GuestMemory;
import io.ubiblk.vhost.memory.MappedRegion;
import io.ubiblk.vhost.memory.RegionDescription;
import io.ubiblk.vhost.protocol.Features;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** What a frontend has negotiated and shared: features, cache mode, memory. */
final class SessionState {

  /** Most memory regions that are added one by one. */
  static final int MEMORY_SLOTS = 509;

  private static final long PROTOCOL_FEATURES =
      Features.PROTOCOL_MQ
          | Features.PROTOCOL_REPLY_ACK
          | Features.PROTOCOL_BACKEND_REQ
          | Features.PROTOCOL_CONFIG
          | Features.PROTOCOL_CONFIGURE_MEM_SLOTS;

  private final BlockConfig config;
  private final boolean anyMemory;
  private long features;
  private long protocolFeatures;
  private boolean writeBack;
  private GuestMemory memory = GuestMemory.EMPTY.retain();

  SessionState(BlockConfig config, boolean anyMemory) {
    this.config = config;
    this.anyMemory = anyMemory;
    this.writeBack = config.hasCache();
  }

  static long offeredProtocolFeatures() {
    return PROTOCOL_FEATURES;
  }

  void setFeatures(long taken) throws BlockDeviceException.BadFormat {
    refuseUnoffered("features", taken, config.features());
    features = taken;
  }

  void setProtocolFeatures(long taken) throws BlockDeviceException.BadFormat {
    refuseUnoffered("protocol features", taken, PROTOCOL_FEATURES);
    protocolFeatures = taken;
  }

  boolean has(long protocolFeature) {
    return (protocolFeatures & protocolFeature) != 0;
  }

  boolean ringsBeginDisabled() {
    return (features & Features.VHOST_USER_PROTOCOL_FEATURES) != 0;
  }

  boolean hasEventIndex() {
    return (features & Features.RING_EVENT_IDX) != 0;
  }

  boolean hasIndirect() {
    return (features & Features.RING_INDIRECT_DESC) != 0;
  }

  /**
   * Whether writes must be durable when they complete: a driver that can neither flush nor see the
   * cache mode counts on that, as does one that has switched to write-through.
   */
  boolean isWriteThrough() {
    boolean knowsCache = (features & (Features.BLK_FLUSH | Features.BLK_CONFIG_WCE)) != 0;
    return !knowsCache || !writeBack;
  }

  boolean isWriteBack() {
    return writeBack;
  }

  /** Changes the configuration space, of which only the cache mode can be changed. */
  void setConfig(int offset, ByteBuffer content) throws BlockDeviceException.BadFormat {
    boolean isMode = offset == BlockConfig.WRITEBACK && content.remaining() == 1;
    if (!isMode
        || (content.get(0) & ~1) != 0
        || (features & Features.BLK_CONFIG_WCE) == 0
        || (content.get(0) == 1 && !config.hasCache())) {
      throw new BlockDeviceException.BadFormat(
          content.remaining()
              + " bytes to be written at "
              + offset
              + " of the configuration space, expected a cache mode at "
              + BlockConfig.WRITEBACK);
    }
    writeBack = content.get(0) == 1;
  }

  GuestMemory memory() {
    return memory;
  }

  /** Maps a table of regions; each takes over its descriptor, also if this fails. */
  void setMemory(List<RegionDescription> regions, int[] fds) throws BlockDeviceException {
    List<MappedRegion> mapped = new ArrayList<>();
    int next = 0;
    try {
      for (RegionDescription region : regions) {
        mapped.add(MappedRegion.map(region, fds[next++], anyMemory));
      }
      replaceMemory(mapped);
    } catch (BlockDeviceException | RuntimeException e) {
      for (; next < fds.length; next++) {
        Descriptor.close(fds[next]);
      }
      mapped.forEach(MappedRegion::discard);
      throw e;
    }
  }

  void addRegion(RegionDescription description, int fd) throws BlockDeviceException {
    MappedRegion added = MappedRegion.map(description, fd, anyMemory);
    try {
      List<MappedRegion> regions = new ArrayList<>(memory.regions());
      regions.add(added);
      if (regions.size() > MEMORY_SLOTS) {
        throw new BlockDeviceException.BadFormat(
            regions.size() + " memory regions, expected at most " + MEMORY_SLOTS);
      }
      replaceMemory(regions);
    } catch (BlockDeviceException e) {
      added.discard();
      throw e;
    }
  }

  void removeRegion(RegionDescription description) throws BlockDeviceException {
    List<MappedRegion> regions = new ArrayList<>(memory.regions());
    if (!regions.removeIf(r -> r.description().isSameRegion(description))) {
      throw new BlockDeviceException.BadFormat("memory region " + description + " is not there");
    }
    replaceMemory(regions);
  }

  void releaseMemory() {
    memory.release();
    memory = GuestMemory.EMPTY.retain();
  }

  private void replaceMemory(List<MappedRegion> regions) throws BlockDeviceException {
    GuestMemory old = memory;
    memory = GuestMemory.of(regions);
    old.release();
  }

  private static void refuseUnoffered(String what, long taken, long offered)
      throws BlockDeviceException.BadFormat {
    if ((taken & ~offered) != 0) {
      throw new BlockDeviceException.BadFormat(
          String.format("%s 0x%x, expected a part of 0x%x", what, taken, offered));
    }
  }
}
