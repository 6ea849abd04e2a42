package io.ubiblk.testkit.guest;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A virtual machine that tells on its console how it is getting on. */
public final class Guest implements AutoCloseable {

  private static final int LINES_KEPT = 40;
  private static final String END = "@ended";

  private final Process process;
  private final Writer console;
  private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
  private final Deque<String> lastLines = new ArrayDeque<>();

  private Guest(Process process) {
    this.process = process;
    this.console = process.outputWriter(StandardCharsets.US_ASCII);
    Thread.ofVirtual().start(this::readConsole);
  }

  /**
   * Starts a machine with 512 MiB of memory and a disk of two queues.
   *
   * @param tools what to start it with
   * @param initramfs what its kernel unpacks and runs
   * @param socket vhost-user socket of the disk
   * @return the machine
   * @throws IOException if it cannot be started
   */
  public static Guest start(GuestTools tools, Path initramfs, Path socket) throws IOException {
    return start(
        tools,
        initramfs,
        512,
        "-chardev",
        "socket,id=disk,path=" + socket,
        "-device",
        "vhost-user-blk-pci,chardev=disk,num-queues=2");
  }

  /**
   * Starts a machine.
   *
   * @param tools what to start it with
   * @param initramfs what its kernel unpacks and runs
   * @param mebibytes size of its memory in MiB
   * @param more arguments for the emulator
   * @return the machine
   * @throws IOException if it cannot be started
   */
  public static Guest start(GuestTools tools, Path initramfs, int mebibytes, String... more)
      throws IOException {
    List<String> command =
        List.of(
            tools.qemu().toString(),
            "-machine",
            "q35,memory-backend=mem",
            "-object",
            "memory-backend-memfd,id=mem,size=" + mebibytes + "M,share=on",
            "-m",
            mebibytes + "M",
            "-smp",
            "2",
            "-accel",
            tools.kvm() ? "kvm" : "tcg,thread=multi",
            "-cpu",
            "max",
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
            "-net",
            "none",
            "-serial",
            "stdio",
            "-kernel",
            tools.kernel().toString(),
            "-initrd",
            initramfs.toString(),
            "-append",
            "console=ttyS0 quiet panic=-1");
    ProcessBuilder builder =
        new ProcessBuilder(Stream.concat(command.stream(), Stream.of(more)).toList());
    return new Guest(builder.redirectErrorStream(true).start());
  }

  /**
   * Waits for a message: a line of the console from an at sign on.
   *
   * @param message what must come next
   * @param patience how long to wait
   * @throws InterruptedException if the thread is interrupted
   * @throws AssertionError if something else comes, or nothing
   */
  public void expect(String message, Duration patience) throws InterruptedException {
    String found = messages.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
    if (!message.equals(found)) {
      throw new AssertionError(
          "expected the guest to say "
              + message
              + " within "
              + patience
              + ", but it said "
              + found
              + "; its last lines:\n"
              + String.join("\n", lastLines()));
    }
  }

  /**
   * Answers a question.
   *
   * @throws IOException if the machine has ended
   */
  public void answer() throws IOException {
    console.write("\n");
    console.flush();
  }

  /**
   * Waits until the machine has switched itself off.
   *
   * @param patience how long to wait
   * @throws InterruptedException if the thread is interrupted
   * @throws AssertionError if it says something else, or does not end
   */
  public void awaitEnd(Duration patience) throws InterruptedException {
    expect(END, patience);
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }

  private void readConsole() {
    try (BufferedReader reader = process.inputReader(StandardCharsets.ISO_8859_1)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        keep(line);
        int begin = line.indexOf('@');
        if (begin >= 0) {
          messages.add(line.substring(begin).strip());
        }
      }
    } catch (IOException e) {
      keep(e.toString());
    }
    messages.add(END);
  }

  private void keep(String line) {
    synchronized (lastLines) {
      lastLines.add(line);
      if (lastLines.size() > LINES_KEPT) {
        lastLines.remove();
      }
    }
  }

  private List<String> lastLines() {
    synchronized (lastLines) {
      return List.copyOf(lastLines);
    }
  }
}
