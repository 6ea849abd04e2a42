package io.ubiblk.testkit.vhost;

/**
 * The messages that a frontend sends.
 *
 * @see <a
 *     href="https://qemu-project.gitlab.io/qemu/interop/vhost-user.html#front-end-message-types">
 *     vhost-user protocol, front-end message types</a>
 */
public enum FrontendRequest {
  /** Asks for the feature bits that the device offers. */
  GET_FEATURES(1),

  /** Accepts feature bits. */
  SET_FEATURES(2),

  /** Begins the session. */
  SET_OWNER(3),

  /** Ends the session; deprecated. */
  RESET_OWNER(4),

  /** Replaces all memory regions, one descriptor each. */
  SET_MEM_TABLE(5),

  /** Hands over the log of changed pages. */
  SET_LOG_BASE(6),

  /** Hands over the log's notification. */
  SET_LOG_FD(7),

  /** Sets a ring's size. */
  SET_VRING_NUM(8),

  /** Sets the addresses of a ring's three parts. */
  SET_VRING_ADDR(9),

  /** Sets the index of the next available entry that the device takes. */
  SET_VRING_BASE(10),

  /** Stops a ring and asks for that index. */
  GET_VRING_BASE(11),

  /** Hands over the descriptor by which the driver notifies. */
  SET_VRING_KICK(12),

  /** Hands over the descriptor by which the device notifies. */
  SET_VRING_CALL(13),

  /** Hands over the descriptor by which the device reports a broken ring. */
  SET_VRING_ERR(14),

  /** Asks for the protocol feature bits that the backend offers. */
  GET_PROTOCOL_FEATURES(15),

  /** Accepts protocol feature bits. */
  SET_PROTOCOL_FEATURES(16),

  /** Asks for the number of queues. */
  GET_QUEUE_NUM(17),

  /** Enables or disables a ring. */
  SET_VRING_ENABLE(18),

  /** For network devices. */
  SEND_RARP(19),

  /** For network devices. */
  NET_SET_MTU(20),

  /** Hands over a socket for requests in the other direction. */
  SET_BACKEND_REQ_FD(21),

  /** Updates address translations. */
  IOTLB_MSG(22),

  /** Sets a legacy ring's byte order. */
  SET_VRING_ENDIAN(23),

  /** Reads from the device's configuration space. */
  GET_CONFIG(24),

  /** Writes to the device's configuration space. */
  SET_CONFIG(25),

  /** For crypto devices. */
  CREATE_CRYPTO_SESSION(26),

  /** For crypto devices. */
  CLOSE_CRYPTO_SESSION(27),

  /** Announces migration with postcopy. */
  POSTCOPY_ADVISE(28),

  /** Begins postcopy. */
  POSTCOPY_LISTEN(29),

  /** Ends postcopy. */
  POSTCOPY_END(30),

  /** Asks for memory in which the backend tracks requests in flight. */
  GET_INFLIGHT_FD(31),

  /** Hands that memory to a new backend process. */
  SET_INFLIGHT_FD(32),

  /** For graphics devices. */
  GPU_SET_SOCKET(33),

  /** Resets the device. */
  RESET_DEVICE(34),

  /** Notifies in a message. */
  VRING_KICK(35),

  /** Asks how many memory regions the backend can hold. */
  GET_MAX_MEM_SLOTS(36),

  /** Adds a memory region. */
  ADD_MEM_REG(37),

  /** Removes a memory region. */
  REM_MEM_REG(38),

  /** Sets the virtio device status. */
  SET_STATUS(39),

  /** Asks for the virtio device status. */
  GET_STATUS(40);

  private final int number;

  FrontendRequest(int number) {
    this.number = number;
  }

  /** {@return the number in a message's header} */
  public int number() {
    return number;
  }
}
