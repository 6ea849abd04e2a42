package io.ubiblk.vhost.protocol;

import io.ubiblk.vhost.memory.RegionDescription;
import java.nio.ByteBuffer;
import java.util.List;

/** What a frontend says. File descriptors travel beside the message. */
public sealed interface FrontendMessage {

  /** Asks for the features that the device offers. */
  record GetFeatures() implements FrontendMessage {}

  /**
   * Says which features the driver has taken.
   *
   * @param features bits of {@link Features}
   */
  record SetFeatures(long features) implements FrontendMessage {}

  /** Begins the session. */
  record SetOwner() implements FrontendMessage {}

  /** Ends the use of the rings (no longer sent by anybody). */
  record ResetOwner() implements FrontendMessage {}

  /**
   * Replaces the memory. Comes with one descriptor for each region.
   *
   * @param regions the regions
   */
  record SetMemTable(List<RegionDescription> regions) implements FrontendMessage {}

  /**
   * Sets the size of a ring.
   *
   * @param index number of the ring
   * @param size number of descriptors
   */
  record SetVringNum(int index, int size) implements FrontendMessage {}

  /**
   * Sets the addresses of a ring, as the frontend sees them.
   *
   * @param index number of the ring
   * @param descriptors address of the descriptor table
   * @param used address of the used ring
   * @param available address of the available ring
   */
  record SetVringAddr(int index, long descriptors, long used, long available)
      implements FrontendMessage {}

  /**
   * Sets where a ring goes on.
   *
   * @param index number of the ring
   * @param base index in the available ring
   */
  record SetVringBase(int index, int base) implements FrontendMessage {}

  /**
   * Stops a ring and asks where it would go on.
   *
   * @param index number of the ring
   */
  record GetVringBase(int index) implements FrontendMessage {}

  /**
   * Sets the descriptor by which the driver kicks.
   *
   * @param index number of the ring
   * @param hasDescriptor whether there is one; otherwise the ring has to be polled
   */
  record SetVringKick(int index, boolean hasDescriptor) implements FrontendMessage {}

  /**
   * Sets the descriptor by which the driver is interrupted.
   *
   * @param index number of the ring
   * @param hasDescriptor whether there is one
   */
  record SetVringCall(int index, boolean hasDescriptor) implements FrontendMessage {}

  /**
   * Sets the descriptor by which errors are reported.
   *
   * @param index number of the ring
   * @param hasDescriptor whether there is one
   */
  record SetVringErr(int index, boolean hasDescriptor) implements FrontendMessage {}

  /** Asks for the protocol features that the backend offers. */
  record GetProtocolFeatures() implements FrontendMessage {}

  /**
   * Says which protocol features the frontend has taken.
   *
   * @param features bits of {@link Features}
   */
  record SetProtocolFeatures(long features) implements FrontendMessage {}

  /** Asks how many queues there are. */
  record GetQueueNum() implements FrontendMessage {}

  /**
   * Enables or disables a ring.
   *
   * @param index number of the ring
   * @param enabled whether to enable it
   */
  record SetVringEnable(int index, boolean enabled) implements FrontendMessage {}

  /** Hands over the socket for the backend's own messages. */
  record SetBackendReqFd() implements FrontendMessage {}

  /**
   * Asks for the configuration space.
   *
   * @param offset first byte that is wanted; what it means differs between frontends
   * @param size number of bytes that are wanted
   * @param flags echoed
   */
  record GetConfig(int offset, int size, int flags) implements FrontendMessage {}

  /**
   * Changes the configuration space.
   *
   * @param offset first byte
   * @param content the bytes
   */
  record SetConfig(int offset, ByteBuffer content) implements FrontendMessage {}

  /** Asks how many memory regions there may be. */
  record GetMaxMemSlots() implements FrontendMessage {}

  /**
   * Adds a memory region. Comes with a descriptor.
   *
   * @param region the region
   */
  record AddMemReg(RegionDescription region) implements FrontendMessage {}

  /**
   * Removes a memory region.
   *
   * @param region the region
   */
  record RemMemReg(RegionDescription region) implements FrontendMessage {}

  /**
   * A message that this backend does not know, or was not offered.
   *
   * @param request number of the message
   */
  record Unknown(int request) implements FrontendMessage {}
}
