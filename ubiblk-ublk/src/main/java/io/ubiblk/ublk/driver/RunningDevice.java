package io.ubiblk.ublk.driver;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Reactor;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.OnReactor;
import io.ubiblk.core.linux.Errno;
import io.ubiblk.ublk.driver.Driver.ServedDevice;
import io.ubiblk.ublk.protocol.DeviceInfo;
import io.ubiblk.ublk.protocol.Opcode;
import io.ubiblk.ublk.queue.QueueSetup;
import io.ubiblk.ublk.queue.UblkQueue;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A device of the driver's with the queues that serve it. Its methods block. */
public final class RunningDevice {

  private static final Logger LOG = LoggerFactory.getLogger(RunningDevice.class);
  private static final long PID = ProcessHandle.current().pid();

  private final ControlNode node;
  private final DeviceInfo info;
  private final ServedDevice served;
  private final List<Reactor> reactors;
  private final boolean recovering;
  private final List<UblkQueue> queues = new ArrayList<>();

  private RunningDevice(
      ControlNode node,
      DeviceInfo info,
      ServedDevice served,
      List<Reactor> reactors,
      boolean recovering) {
    this.node = node;
    this.info = info;
    this.served = served;
    this.reactors = reactors;
    this.recovering = recovering;
  }

  /**
   * Opens a device that has been added or is being taken over, and fetches its requests.
   *
   * @param node the driver
   * @param info the device
   * @param device what to serve
   * @param reactors where the queues live, at least as many as there are
   * @param recovering whether the device is being taken over
   * @return the device, to be started
   * @throws IOException if the driver refuses; nothing is open then
   */
  public static RunningDevice open(
      ControlNode node,
      DeviceInfo info,
      BlockDevice device,
      List<Reactor> reactors,
      boolean recovering)
      throws IOException {
    ServedDevice served = node.driver().open(info, node.isIoctl());
    RunningDevice running = new RunningDevice(node, info, served, reactors, recovering);
    try {
      running.openQueues(device);
      return running;
    } catch (IOException | RuntimeException e) {
      running.giveUp();
      throw e;
    }
  }

  /** {@return what the device is} */
  public DeviceInfo info() {
    return info;
  }

  /** {@return a reactor that serves the device} */
  public Reactor reactor() {
    return reactors.getFirst();
  }

  /**
   * Makes the device live, now that all its requests have been fetched.
   *
   * @throws IOException if the driver refuses; nothing is open then
   */
  public void start() throws IOException {
    Opcode opcode = recovering ? Opcode.END_USER_RECOVERY : Opcode.START_DEV;
    try {
      node.perform(opcode, info.id(), PID);
    } catch (IOException | RuntimeException e) {
      giveUp();
      throw e;
    }
  }

  /**
   * Tells the kernel that the block device goes away, and waits until it has gone.
   *
   * @throws IOException if the command cannot be sent
   */
  public void stop() throws IOException {
    node.send(Opcode.STOP_DEV, info.id(), 0);
  }

  /** Stops waiting for the device that is served. */
  public void abandon() {
    onQueues(
        queue -> {
          queue.abandon();
          return queue.ended();
        });
  }

  /** {@return completed when the driver has given up all queues} */
  public CompletableFuture<?> ended() {
    return CompletableFuture.allOf(
        queues.stream().map(UblkQueue::ended).toArray(CompletableFuture[]::new));
  }

  /** {@return completed when nothing is with the device any more, and the kernel waits} */
  public CompletableFuture<?> park() {
    return CompletableFuture.allOf(onQueues(UblkQueue::park).toArray(CompletableFuture[]::new));
  }

  /** Closes the device's node. */
  public void close() {
    served.close();
  }

  private void openQueues(BlockDevice device) throws IOException {
    for (int i = 0; i < info.queues(); i++) {
      IoReactor reactor = (IoReactor) reactors.get(i);
      QueueSetup setup =
          new QueueSetup(
              "ublk device " + info.id() + " queue " + i,
              reactor,
              device,
              info.depth(),
              info.largestTransfer(),
              served.queue(i, info.depth(), reactor));
      queues.add(OnReactor.call(reactor, () -> new UblkQueue(setup)));
    }
    // What the driver refuses is known in the turn after the one that fetched. To start a device
    // of which not everything is fetched would wait for ever.
    for (int i = 0; i < queues.size(); i++) {
      UblkQueue queue = queues.get(i);
      int error = OnReactor.call(reactors.get(i), queue::firstError);
      if (error != 0) {
        throw Errno.exception("fetch the requests of", queue, -error);
      }
    }
  }

  /** Gives back what was fetched, after a failure. */
  private void giveUp() {
    if (recovering) {
      // To stop the device would take it from its users: the next server may have more luck.
      park().join();
    } else if (!queues.isEmpty()) {
      try {
        // Only the driver can end what was fetched.
        stop();
        abandon();
        ended().join();
      } catch (IOException e) {
        LOG.warn("ublk device {} could not be stopped", info.id(), e);
      }
    }
    served.close();
  }

  private List<CompletableFuture<Boolean>> onQueues(
      Function<UblkQueue, CompletableFuture<Boolean>> work) {
    List<CompletableFuture<Boolean>> results = new ArrayList<>();
    for (int i = 0; i < queues.size(); i++) {
      UblkQueue queue = queues.get(i);
      try {
        results.add(OnReactor.call(reactors.get(i), () -> work.apply(queue)));
      } catch (IOException impossible) {
        throw new AssertionError(impossible);
      }
    }
    return results;
  }
}
