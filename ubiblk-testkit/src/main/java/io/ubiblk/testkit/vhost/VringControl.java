package io.ubiblk.testkit.vhost;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The messages about one ring.
 *
 * @see VhostUserFrontend#ring
 */
public final class VringControl {

  private final VhostUserFrontend frontend;
  private final int index;

  VringControl(VhostUserFrontend frontend, int index) {
    this.frontend = frontend;
    this.index = index;
  }

  /**
   * Sets the size.
   *
   * @param entries number of entries
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void setSize(int entries) throws IOException {
    tell(FrontendRequest.SET_VRING_NUM, Payloads.vringState(index, entries));
  }

  /**
   * Sets the addresses of the three parts.
   *
   * @param layout the parts by guest address
   * @param memory translates to the user addresses that the message carries
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void setAddresses(RingLayout layout, GuestMemory memory) throws IOException {
    setUserAddresses(
        memory.userAddress(layout.descriptors()),
        memory.userAddress(layout.used()),
        memory.userAddress(layout.available()));
  }

  /**
   * Sets the addresses of the three parts, whatever they are.
   *
   * @param descriptors user address of the descriptor table
   * @param used user address of the used ring
   * @param available user address of the available ring
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void setUserAddresses(long descriptors, long used, long available) throws IOException {
    tell(
        FrontendRequest.SET_VRING_ADDR,
        Payloads.vringAddresses(index, 0, descriptors, used, available, 0));
  }

  /**
   * Sets where the device begins to take available entries.
   *
   * @param base index, 0 to 65535
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void setBase(int base) throws IOException {
    tell(FrontendRequest.SET_VRING_BASE, Payloads.vringState(index, base));
  }

  /**
   * Stops the ring.
   *
   * @return index of the next available entry that the device would have taken
   * @throws IOException if there is no such reply
   */
  public int stop() throws IOException {
    ByteBuffer reply =
        frontend.ask(
            VhostUserMessage.of(FrontendRequest.GET_VRING_BASE, Payloads.vringState(index, 0)), 8);
    int ring = reply.getInt();
    int base = reply.getInt();
    if (ring != index || base < 0 || base > 0xffff) {
      throw new VhostUserException.BadReply(
          "base " + base + " of ring " + ring + ", expected one of ring " + index);
    }
    return base;
  }

  /**
   * Hands over the kick. A ring starts when it is first rung.
   *
   * @param kick the notifier, owned by the caller
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void setKick(Notifier kick) throws IOException {
    pass(FrontendRequest.SET_VRING_KICK, kick);
  }

  /**
   * Says that the device shall poll the ring instead of waiting for a kick.
   *
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void setNoKick() throws IOException {
    pass(FrontendRequest.SET_VRING_KICK);
  }

  /**
   * Hands over the call.
   *
   * @param call the notifier, owned by the caller
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void setCall(Notifier call) throws IOException {
    pass(FrontendRequest.SET_VRING_CALL, call);
  }

  /**
   * Says that the driver polls the ring instead of waiting for a call.
   *
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void setNoCall() throws IOException {
    pass(FrontendRequest.SET_VRING_CALL);
  }

  /**
   * Hands over the notification of errors.
   *
   * @param error the notifier, owned by the caller
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void setError(Notifier error) throws IOException {
    pass(FrontendRequest.SET_VRING_ERR, error);
  }

  /**
   * Says that nobody listens to the notification of errors.
   *
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void setNoError() throws IOException {
    pass(FrontendRequest.SET_VRING_ERR);
  }

  /**
   * Enables or disables the ring.
   *
   * @param enabled which of the two
   * @throws IOException if it is refused or there is no acknowledgement
   */
  public void setEnabled(boolean enabled) throws IOException {
    tell(FrontendRequest.SET_VRING_ENABLE, Payloads.vringState(index, enabled ? 1 : 0));
  }

  private void pass(FrontendRequest request, Notifier notifier) throws IOException {
    frontend.tell(
        VhostUserMessage.of(request, Payloads.number(index)).withDescriptors(notifier.peerEnd()));
  }

  private void pass(FrontendRequest request) throws IOException {
    frontend.tell(VhostUserMessage.of(request, Payloads.number(index | Payloads.NO_DESCRIPTOR)));
  }

  private void tell(FrontendRequest request, byte[] payload) throws IOException {
    frontend.tell(VhostUserMessage.of(request, payload));
  }
}
