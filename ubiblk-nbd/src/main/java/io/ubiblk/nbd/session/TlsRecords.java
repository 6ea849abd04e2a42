package io.ubiblk.nbd.session;

import io.ubiblk.api.ScatterList;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** The records of a {@link TlsWire}: encrypted on one side, plain on the other. */
final class TlsRecords {

  private static final int RECORDS = 16;

  private final SSLEngine engine;
  private final Arena arena = Arena.ofConfined();
  private final int recordBytes;
  private final MemorySegment inMemory;
  private final MemorySegment outMemory;
  private final ByteBuffer in;
  private final ByteBuffer out;
  private final ScatterList room = new ScatterList(1);
  private final ScatterList wrapped = new ScatterList(1);

  /** What was decrypted and did not fit; ready to be read. */
  private final ByteBuffer plain;

  private final byte[] outgoing;
  private int gathered;
  private boolean needsMore = true;

  TlsRecords(SSLEngine engine) {
    this.engine = engine;
    this.recordBytes = engine.getSession().getPacketBufferSize();
    this.inMemory = arena.allocate((long) RECORDS * recordBytes, 64);
    this.outMemory = arena.allocate((long) RECORDS * recordBytes, 64);
    this.in = inMemory.asByteBuffer();
    this.out = outMemory.asByteBuffer();
    this.plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize()).limit(0);
    this.outgoing = new byte[engine.getSession().getApplicationBufferSize()];
  }

  /** Room for encrypted bytes, which is never empty when some are needed. */
  ScatterList room() {
    room.clear();
    room.add(inMemory, in.position(), in.remaining());
    return room;
  }

  void filled(int count) {
    in.position(in.position() + count);
    needsMore = false;
  }

  /** Whether nothing can be decrypted until more has come. */
  boolean hungry() {
    return needsMore;
  }

  /**
   * Decrypts a record, into a list if there is one and the record holds data.
   *
   * @return whether something was achieved
   */
  boolean unwrap(@Nullable ScatterList target) throws SSLException {
    if (target != null && deliver(target)) {
      return true;
    }
    if (needsMore || plain.hasRemaining() || (target != null && gathered == target.byteSize())) {
      return false;
    }
    plain.clear();
    in.flip();
    SSLEngineResult result;
    try {
      result = engine.unwrap(in, plain);
    } finally {
      in.compact();
      plain.flip();
    }
    SSLEngineResult.Status status = result.getStatus();
    if (status == SSLEngineResult.Status.BUFFER_OVERFLOW) {
      throw new SSLException("record is longer than its session allows");
    }
    needsMore = status != SSLEngineResult.Status.OK || in.position() == 0;
    if (target != null) {
      deliver(target);
    }
    return status == SSLEngineResult.Status.OK;
  }

  /** How many bytes have been put into the list. */
  int takeCount() {
    int count = gathered;
    gathered = 0;
    return count;
  }

  /**
   * Encrypts from a list as much as fits.
   *
   * @return how many bytes of the list were taken
   */
  long wrap(ScatterList list, long position) throws SSLException {
    long at = position;
    while (at < list.byteSize() && out.remaining() >= recordBytes) {
      int length = (int) Math.min(list.byteSize() - at, outgoing.length);
      list.copyTo(at, MemorySegment.ofArray(outgoing), 0, length);
      SSLEngineResult result = engine.wrap(ByteBuffer.wrap(outgoing, 0, length), out);
      at += result.bytesConsumed();
      if (result.bytesConsumed() == 0) {
        // A message of the handshake came first, or nothing can be sent any more.
        break;
      }
    }
    return at - position;
  }

  /** Lets the engine say what it has to say itself. */
  void wrapNothing() throws SSLException {
    engine.wrap(ByteBuffer.allocate(0), out);
  }

  /** Takes what was encrypted; the memory is free again when it has been sent. */
  ScatterList wrapped() {
    wrapped.clear();
    wrapped.add(outMemory, 0, out.position());
    out.clear();
    return wrapped;
  }

  void close() {
    arena.close();
  }

  private boolean deliver(ScatterList target) {
    int count = (int) Math.min(plain.remaining(), target.byteSize() - gathered);
    if (count == 0) {
      return false;
    }
    target.copyFrom(gathered, MemorySegment.ofBuffer(plain), 0, count);
    plain.position(plain.position() + count);
    gathered += count;
    return true;
  }
}
