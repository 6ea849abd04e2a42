package io.ubiblk.examples;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Clients that mistreat an RPC socket, each in its own way and all at once. */
final class RpcFlood implements AutoCloseable {

  private static final String VERSION = "{\"command\":\"version\"}\n";
  private static final int LONGEST_LINE = 65_536;

  private final Path socket;
  private final List<Thread> clients = new ArrayList<>();
  private volatile boolean ended;

  RpcFlood(Path socket) {
    this.socket = socket;
  }

  /** Lets them loose. */
  void begin() {
    clients.add(Thread.startVirtualThread(() -> again(this::garbage)));
    clients.add(Thread.startVirtualThread(() -> again(this::neverEndingLine)));
    clients.add(Thread.startVirtualThread(() -> again(this::manyRequestsAtOnce)));
    clients.add(Thread.startVirtualThread(() -> again(this::comingAndGoing)));
    for (int i = 0; i < 4; i++) {
      clients.add(Thread.startVirtualThread(() -> again(this::neverReading)));
    }
  }

  /** Waits until the last of them has gone. */
  void end() throws InterruptedException {
    ended = true;
    for (Thread client : clients) {
      client.interrupt();
      client.join();
    }
  }

  private interface Client {
    void mistreat(RpcLines rpc) throws IOException;
  }

  private void again(Client client) {
    while (!ended) {
      try (RpcLines rpc = RpcLines.connect(socket)) {
        client.mistreat(rpc);
      } catch (IOException refused) {
        // As it should be.
      }
    }
  }

  private void garbage(RpcLines rpc) throws IOException {
    SplittableRandom random = new SplittableRandom(5);
    byte[] bytes = new byte[3000];
    random.nextBytes(bytes);
    rpc.send(new String(bytes, StandardCharsets.ISO_8859_1));
    rpc.readLine();
  }

  private void neverEndingLine(RpcLines rpc) throws IOException {
    String part = "x".repeat(10_000);
    for (int sent = 0; sent <= 2 * LONGEST_LINE; sent += part.length()) {
      rpc.send(part);
    }
    rpc.readLine();
  }

  private void manyRequestsAtOnce(RpcLines rpc) throws IOException {
    rpc.send(VERSION.repeat(1000));
    for (int i = 0; i < 1000; i++) {
      rpc.readLine();
    }
  }

  private void comingAndGoing(RpcLines rpc) throws IOException {
    rpc.send(VERSION);
  }

  private void neverReading(RpcLines rpc) throws IOException {
    while (!ended) {
      rpc.send("{\"command\":\"latency\"}\n".repeat(100));
    }
  }

  @Override
  public void close() {
    ended = true;
    clients.forEach(Thread::interrupt);
  }
}
