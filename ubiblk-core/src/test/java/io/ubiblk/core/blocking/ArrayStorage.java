package io.ubiblk.core.blocking;

import io.ubiblk.api.Geometry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The storage of a user who has never seen the asynchronous contract. */
final class ArrayStorage implements BlockingStorage {

  private final byte[] content;
  private final Geometry geometry;
  final Semaphore gate = new Semaphore(Integer.MAX_VALUE / 2);
  volatile @Nullable Exception fault;
  final AtomicInteger flushes = new AtomicInteger();
  final AtomicInteger closes = new AtomicInteger();

  ArrayStorage(int size) {
    this(Geometry.of(size));
  }

  ArrayStorage(Geometry geometry) {
    this.geometry = geometry;
    content = new byte[(int) geometry.size()];
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  private void begin() throws IOException {
    gate.acquireUninterruptibly();
    gate.release();
    switch (fault) {
      case null -> {}
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case Exception e -> throw new AssertionError(e);
    }
  }

  @Override
  public void read(long offset, MemorySegment dst) throws IOException {
    begin();
    synchronized (content) {
      dst.copyFrom(MemorySegment.ofArray(content).asSlice(offset, dst.byteSize()));
    }
  }

  @Override
  public void write(long offset, MemorySegment src) throws IOException {
    begin();
    synchronized (content) {
      MemorySegment.ofArray(content).asSlice(offset).copyFrom(src);
    }
  }

  @Override
  public void flush() throws IOException {
    begin();
    flushes.incrementAndGet();
  }

  @Override
  public void close() {
    closes.incrementAndGet();
  }

  @Override
  public String toString() {
    return "ArrayStorage";
  }
}
