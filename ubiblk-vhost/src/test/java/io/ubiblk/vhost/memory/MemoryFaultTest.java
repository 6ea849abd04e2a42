package io.ubiblk.vhost.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.api.MemoryFault;
import io.ubiblk.testkit.vhost.GuestMemory;
import io.ubiblk.testkit.vhost.GuestRegion;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Faults in compiled code: many readers in one loop, one of which loses its memory. Without {@link
 * MemoryFault#surface} the error leaves the reader that made it and strikes the loop.
 */
class MemoryFaultTest {

  private static final int READERS = 8;
  private static final int ROUNDS = 100;

  /** Reads a word again and again, as a queue looks at its ring. */
  private static final class Reader {
    private final MemorySegment memory;
    private boolean failed;
    private long sum;

    Reader(MemorySegment memory) {
      this.memory = memory;
    }

    void read() {
      if (failed) {
        return;
      }
      try {
        sum += memory.get(ValueLayout.JAVA_SHORT, 2);
        memory.set(ValueLayout.JAVA_SHORT, 128, (short) sum);
        MemoryFault.surface();
      } catch (InternalError fault) {
        failed = true;
      }
    }
  }

  private static void readAll(Reader[] readers) {
    for (Reader reader : readers) {
      reader.read();
    }
  }

  private static void readOften(Reader[] readers, int times) {
    for (int i = 0; i < times; i++) {
      readAll(readers);
    }
  }

  @Test
  void aFaultSurfacesWhereItWasMade() throws IOException {
    Random random = new Random(20261121);
    for (int round = 0; round < ROUNDS; round++) {
      GuestMemory[] memories = new GuestMemory[READERS];
      Reader[] readers = new Reader[READERS];
      for (int i = 0; i < READERS; i++) {
        memories[i] = GuestMemory.of(4096);
        readers[i] = new Reader(memories[i].regions().getFirst().segment());
      }
      int victim = random.nextInt(READERS);
      GuestRegion lost = memories[victim].regions().getFirst();
      readOften(readers, round == 0 ? 1_000_000 : 10_000);
      lost.truncate(0);
      readOften(readers, 10);
      for (int i = 0; i < READERS; i++) {
        assertEquals(i == victim, readers[i].failed, "reader " + i + " of round " + round);
        memories[i].close();
      }
    }
  }
}
