package io.ubiblk.api;

/**
 * Keeps count of a device's channels, for those who implement one: refuses new channels once the
 * device has been closed, and lets closing wait for channels that are on their way out.
 * Thread-safe.
 */
public final class OpenChannels {

  private int open;
  private int closing;
  private boolean closed;

  /** Creates a count of a device without channels. */
  public OpenChannels() {}

  /**
   * A channel is being opened.
   *
   * @param device the device, for the message
   * @throws BlockDeviceException.Closed if the device has been closed
   */
  public synchronized void opened(BlockDevice device) throws BlockDeviceException.Closed {
    requireOpen(device);
    open++;
  }

  /** A channel's user has closed it; requests may still be in flight. To be called once. */
  public synchronized void closing() {
    open--;
    closing++;
  }

  /** A channel that was closing has finished. */
  public synchronized void closed() {
    closing--;
    notifyAll();
  }

  /**
   * Refuses a call that makes no sense once the device has been closed.
   *
   * @param device the device, for the message
   * @throws BlockDeviceException.Closed if the device has been closed
   */
  public synchronized void requireOpen(BlockDevice device) throws BlockDeviceException.Closed {
    if (closed) {
      throw new BlockDeviceException.Closed(device + " has been closed");
    }
  }

  /**
   * Closes the device for new channels and waits for those that are closing, also if somebody else
   * has called before and waits, too. Must not be called on a reactor's thread.
   *
   * @param device the device, for the message
   * @return whether this was the first call
   * @throws IllegalStateException if channels are open that nobody has closed; the device stays
   *     open
   */
  public synchronized boolean close(BlockDevice device) {
    boolean first = !closed;
    if (first && open > 0) {
      throw new IllegalStateException(device + " has " + open + " open channels, expected none");
    }
    closed = true;
    boolean interrupted = false;
    while (closing > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return first;
  }
}
