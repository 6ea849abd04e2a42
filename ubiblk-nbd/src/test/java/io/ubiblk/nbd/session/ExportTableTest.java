package io.ubiblk.nbd.session;

import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.nbd.NbdExport;
import org.junit.jupiter.api.Test;

class ExportTableTest {

  @Test
  void exportsOfOneDeviceShareTheOrderOfItsChangesWithOtherServersAndWithThoseThatAreLeaving()
      throws Exception {
    ExportTable table = new ExportTable("");
    try (MemoryDevice device = new MemoryDevice(4096);
        MemoryDevice other = new MemoryDevice(4096)) {
      ServedExport first = table.add(NbdExport.of("first", device));
      assertSame(first.order(), table.add(NbdExport.of("second", device)).order());
      assertNotSame(first.order(), table.add(NbdExport.of("other", other)).order());
      table.remove("second");
      table.remove("first");
      assertSame(first.order(), table.add(NbdExport.of("third", device)).order());
      ExportTable otherServer = new ExportTable("");
      assertSame(first.order(), otherServer.add(NbdExport.of("fourth", device)).order());
    }
  }
}
