package io.ubiblk.examples.top;

import io.ubiblk.core.rpc.RpcClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A backend that is watched. It may be away: every look tries again. Looked at by one thread at a
 * time.
 */
final class Backend implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Path socket;
  private @Nullable RpcClient client;
  private boolean ours;
  private @Nullable Sample before;
  private @Nullable Sample latest;
  private String absence = "not asked yet";

  Backend(Path socket) {
    this.socket = socket;
  }

  /** Asks once. */
  void look() {
    try {
      RpcClient open = client;
      if (open == null) {
        open = RpcClient.connect(socket, PATIENCE);
        client = open;
        ours = true;
      }
      Sample sample = ask(open);
      before = latest;
      latest = sample;
    } catch (IOException | RuntimeException e) {
      absence = e.getMessage() == null ? e.toString() : e.getMessage();
      before = null;
      latest = null;
      close();
    }
  }

  private Sample ask(RpcClient open) throws IOException {
    var queues = open.stats();
    long nanos = System.nanoTime();
    List<Integer> inFlight = open.queues().stream().map(List::size).toList();
    return new Sample(nanos, queues, inFlight, open.status(), askOurs(open));
  }

  private Sample.@Nullable Own askOurs(RpcClient open) throws IOException {
    if (!ours) {
      return null;
    }
    try {
      return new Sample.Own(open.latency(), open.fetch(), open.health());
    } catch (RpcClient.Refused e) {
      // One of ubiblk's own backends. It will not learn these commands.
      ours = false;
      return null;
    }
  }

  Path socket() {
    return socket;
  }

  /** Returns what it said last, or null if it was away then. */
  @Nullable Sample latest() {
    return latest;
  }

  /** Returns what it said before that, or null. */
  @Nullable Sample before() {
    return before;
  }

  /** Returns why it said nothing. */
  String absence() {
    return absence;
  }

  @Override
  public void close() {
    RpcClient open = client;
    client = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        // It is of no use any more either way.
      }
    }
  }
}
