package io.ubiblk.testkit.vhost;

import java.io.FileDescriptor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * A vhost-user message, right or wrong. Immutable; the {@code with} methods make changed copies.
 *
 * @see <a href="https://qemu-project.gitlab.io/qemu/interop/vhost-user.html#header">vhost-user
 *     protocol, header</a>
 */
public final class VhostUserMessage {

  /** Length of the header in bytes. */
  public static final int HEADER_SIZE = 12;

  /** The version of the protocol, bits 0 and 1 of the flags. */
  public static final int VERSION = 1;

  /** Flag of a reply. */
  public static final int REPLY = 4;

  /** Flag that asks for an acknowledgement. */
  public static final int NEED_REPLY = 8;

  private final int request;
  private final int flags;
  private final int declaredSize;
  private final byte[] payload;
  private final List<FileDescriptor> descriptors;

  private VhostUserMessage(
      int request, int flags, int declaredSize, byte[] payload, List<FileDescriptor> descriptors) {
    this.request = request;
    this.flags = flags;
    this.declaredSize = declaredSize;
    this.payload = payload;
    this.descriptors = descriptors;
  }

  /**
   * Creates a message with the right version and size and no descriptors.
   *
   * @param request number of the message
   * @param payload content behind the header; copied
   * @return the message
   */
  public static VhostUserMessage of(int request, byte... payload) {
    return new VhostUserMessage(request, VERSION, payload.length, payload.clone(), List.of());
  }

  /**
   * Creates a message with the right version and size and no descriptors.
   *
   * @param request kind of the message
   * @param payload content behind the header; copied
   * @return the message
   */
  public static VhostUserMessage of(FrontendRequest request, byte... payload) {
    return of(request.number(), payload);
  }

  /**
   * Reads a message from its bytes.
   *
   * @param header the header's 12 bytes
   * @param payload the content behind it; not copied
   * @param descriptors what came with it
   */
  static VhostUserMessage received(
      byte[] header, byte[] payload, List<FileDescriptor> descriptors) {
    ByteBuffer in = ByteBuffer.wrap(header).order(ByteOrder.nativeOrder());
    return new VhostUserMessage(in.getInt(), in.getInt(), in.getInt(), payload, descriptors);
  }

  /**
   * Returns the message with descriptors.
   *
   * @param added what to pass along, any number; not owned
   * @return a copy
   */
  public VhostUserMessage withDescriptors(FileDescriptor... added) {
    return withDescriptors(Arrays.asList(added));
  }

  /**
   * Returns the message with descriptors.
   *
   * @param added what to pass along, any number; not owned
   * @return a copy
   */
  public VhostUserMessage withDescriptors(List<FileDescriptor> added) {
    return new VhostUserMessage(request, flags, declaredSize, payload, List.copyOf(added));
  }

  /**
   * Returns the message with other flags.
   *
   * @param newFlags all 32 bits, the version included
   * @return a copy
   */
  public VhostUserMessage withFlags(int newFlags) {
    return new VhostUserMessage(request, newFlags, declaredSize, payload, descriptors);
  }

  /**
   * Returns the message with a size in its header that need not be the payload's.
   *
   * @param size the size to claim in bytes
   * @return a copy
   */
  public VhostUserMessage withDeclaredSize(int size) {
    return new VhostUserMessage(request, flags, size, payload, descriptors);
  }

  /** {@return the number of the message} */
  public int request() {
    return request;
  }

  /** {@return the flags, the version included} */
  public int flags() {
    return flags;
  }

  /** {@return the size in the header, in bytes} */
  public int declaredSize() {
    return declaredSize;
  }

  /** {@return a copy of the content behind the header} */
  public byte[] payload() {
    return payload.clone();
  }

  /** {@return the content behind the header, to be read in the machine's byte order} */
  public ByteBuffer reader() {
    return ByteBuffer.wrap(payload).asReadOnlyBuffer().order(ByteOrder.nativeOrder());
  }

  /** {@return the descriptors that travel with it} */
  public List<FileDescriptor> descriptors() {
    return descriptors;
  }

  /** {@return header and payload as they travel} */
  public byte[] bytes() {
    return ByteBuffer.allocate(HEADER_SIZE + payload.length)
        .order(ByteOrder.nativeOrder())
        .putInt(request)
        .putInt(flags)
        .putInt(declaredSize)
        .put(payload)
        .array();
  }

  @Override
  public String toString() {
    return "message "
        + request
        + " (flags 0x"
        + Integer.toHexString(flags)
        + ", "
        + declaredSize
        + " bytes, "
        + descriptors.size()
        + " descriptors)";
  }
}
