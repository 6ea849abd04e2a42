package io.ubiblk.ublk.driver;

import io.ubiblk.core.io.IoReactor;
import io.ubiblk.ublk.protocol.DeviceInfo;
import io.ubiblk.ublk.queue.QueueSetup.DriverSide;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** The door to the driver. May be used from any thread. */
public interface Driver extends AutoCloseable {

  /**
   * Sends a command to the control node and waits for the answer, which may be long in coming.
   *
   * @param command number of the command
   * @param payload what goes with it
   * @return a result that is not negative, or a negative errno
   * @throws IOException if the command cannot be sent
   */
  int perform(int command, MemorySegment payload) throws IOException;

  /**
   * Opens a device as its server.
   *
   * @param info the device
   * @param ioctl whether commands are encoded like ioctls
   * @return the device
   * @throws IOException if it cannot be opened
   */
  ServedDevice open(DeviceInfo info, boolean ioctl) throws IOException;

  /** {@return the size of the kernel's pages in bytes} */
  int pageSize();

  @Override
  void close();

  /** A device that is open as its server has it. */
  interface ServedDevice extends AutoCloseable {

    /**
     * Returns the driver's side of a queue.
     *
     * @param index number of the queue
     * @param depth requests in flight
     * @param reactor where the queue lives
     * @return the driver's side
     */
    DriverSide queue(int index, int depth, IoReactor reactor);

    /** Closes the device. Queues that have not ended keep it open. */
    @Override
    void close();
  }
}
