package io.ubiblk.ublk.simulated;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

/** A request as the kernel makes it. */
public final class SimulatedRequest {

  public static final int READ = 0;
  public static final int WRITE = 1;
  public static final int FLUSH = 2;
  public static final int DISCARD = 3;
  public static final int WRITE_ZEROES = 5;
  public static final int FUA = 1 << 13;
  public static final int NOUNMAP = 1 << 15;

  private static final int SECTOR = 512;

  /** The least that a server has room for, in bytes. */
  private static final int LARGEST = 1 << 16;

  private final int operation;
  private final int flags;
  private final long sector;
  private final int sectors;
  private final byte[] data;
  private final CompletableFuture<Integer> result = new CompletableFuture<>();

  private SimulatedRequest(int operation, int flags, long sector, int sectors, byte[] data) {
    this.operation = operation;
    this.flags = flags;
    this.sector = sector;
    this.sectors = sectors;
    this.data = data;
  }

  /** Makes a request; one that transfers data gets room for it. */
  public static SimulatedRequest of(int operation, long sector, int sectors) {
    boolean transfers = operation == READ || operation == WRITE;
    byte[] data = new byte[transfers ? Math.min(sectors, 1 << 12) * SECTOR : 0];
    return new SimulatedRequest(operation, 0, sector, sectors, data);
  }

  /** Makes a write of one value. */
  public static SimulatedRequest write(long sector, int sectors, int value) {
    SimulatedRequest request = of(WRITE, sector, sectors);
    Arrays.fill(request.data, (byte) value);
    return request;
  }

  /** Returns the same request with flags. */
  public SimulatedRequest with(int newFlags) {
    return new SimulatedRequest(operation, newFlags, sector, sectors, data);
  }

  public long sector() {
    return sector;
  }

  public int sectors() {
    return sectors;
  }

  /** What is written, or what was read. */
  public byte[] data() {
    return data;
  }

  /** What the server commits. */
  public CompletableFuture<Integer> result() {
    return result;
  }

  int operation() {
    return operation;
  }

  int flags() {
    return flags;
  }

  void fill(long address) {
    if (operation == WRITE) {
      // What is longer is refused by its length; there is no room for it.
      int length = Math.min(data.length, LARGEST);
      MemorySegment.copy(data, 0, memory(address), ValueLayout.JAVA_BYTE, 0, length);
    }
  }

  void finish(long address, int committed) {
    if (operation == READ && committed > 0) {
      MemorySegment.copy(memory(address), ValueLayout.JAVA_BYTE, 0, data, 0, committed);
    }
    result.complete(committed);
  }

  @SuppressWarnings("restricted")
  private MemorySegment memory(long address) {
    return MemorySegment.ofAddress(address).reinterpret(data.length);
  }
}
