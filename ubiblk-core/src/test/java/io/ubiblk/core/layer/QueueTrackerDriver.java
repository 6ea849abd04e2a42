package io.ubiblk.core.layer;

import io.ubiblk.api.Operation;
import io.ubiblk.core.json.JsonValue;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;

/** Does to trackers what a channel does, in sectors as the transcripts have them. */
@SuppressWarnings("exports") // for tests of this module only
public final class QueueTrackerDriver {

  private static final int SLOTS = 8;

  private final List<QueueTracker> queues;
  private int next;

  public QueueTrackerDriver(int queues) {
    this.queues = Stream.generate(QueueTracker::new).limit(queues).toList();
    this.queues.forEach(queue -> queue.open(SLOTS, System::nanoTime));
  }

  public List<QueueTracker> queues() {
    return queues;
  }

  public void read(long sector, long sectors) {
    begin(Operation.READ, sector, sectors);
  }

  public void write(long sector, long sectors) {
    begin(Operation.WRITE, sector, sectors);
  }

  public void flush() {
    begin(Operation.FLUSH, 0, 0);
  }

  /** Begins a request that began long ago. */
  public void stalledRead(long ageNanos) {
    queues.getFirst().begin(next++, Operation.READ, 0, 512, System.nanoTime() - ageNanos);
  }

  private void begin(Operation operation, long sector, long sectors) {
    queues.getFirst().begin(next++, operation, sector * 512, sectors * 512, System.nanoTime());
  }

  /** Ends all requests. */
  public void finish() {
    while (next > 0) {
      queues.getFirst().end(--next);
    }
  }

  /** Does requests one after the other; what frontends answer themselves comes to no tracker. */
  public void requests(JsonValue list) throws IOException {
    for (JsonValue request : list.asList()) {
      List<JsonValue> parts = request.asList();
      switch (parts.getFirst().asString()) {
        case "r" -> read(parts.get(1).asLong(), parts.get(2).asLong());
        case "w" -> write(parts.get(1).asLong(), parts.get(2).asLong());
        case "f" -> flush();
        default -> {}
      }
      finish();
    }
  }
}
