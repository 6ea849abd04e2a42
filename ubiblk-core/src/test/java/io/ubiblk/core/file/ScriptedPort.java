package io.ubiblk.core.file;

import io.ubiblk.api.ScatterList;
import io.ubiblk.core.io.IoHandler;
import io.ubiblk.core.io.IoPort;
import io.ubiblk.core.linux.OpenFile;

/**
 * A port that lets a test decide what becomes of each operation: it may shorten a transfer or give
 * a result of its own instead of performing it.
 */
final class ScriptedPort implements IoPort {

  /** What becomes of an operation. */
  interface Script {

    /** The operation is put off: the script is asked again in the next turn. */
    long LATER = Long.MIN_VALUE;

    /** Returns how many bytes of a transfer to perform, or a result of 0 or less to report. */
    long transfer(boolean write, long offset, long length);

    /** Is told the flags of each write. */
    default void wrote(int flags) {}

    /** Returns 0 to perform an operation, or a negative errno to report. */
    default int control(String operation) {
      return 0;
    }

    /** What a fixed buffer stands for. */
    default ScatterList fixed(int buffer) {
      throw new AssertionError("fixed buffer " + buffer);
    }

    /** Is told the file of each sync. */
    default void synced(OpenFile file) {}
  }

  private final IoPort port;
  private final ScriptedReactor reactor;
  private final Script script;
  private final IoHandler handler;

  ScriptedPort(ScriptedReactor reactor, IoPort port, Script script, IoHandler handler) {
    this.reactor = reactor;
    this.port = port;
    this.script = script;
    this.handler = handler;
  }

  @Override
  public void read(
      int slot, OpenFile file, long offset, ScatterList list, long position, long length) {
    long allowed = script.transfer(false, offset, length);
    if (allowed > 0) {
      port.read(slot, file, offset, list, position, Math.min(allowed, length));
    } else if (allowed == Script.LATER) {
      reactor.execute(() -> read(slot, file, offset, list, position, length));
    } else {
      report(slot, allowed);
    }
  }

  @Override
  public void write(
      int slot,
      OpenFile file,
      long offset,
      ScatterList list,
      long position,
      long length,
      int flags) {
    script.wrote(flags);
    long allowed = script.transfer(true, offset, length);
    if (allowed > 0) {
      port.write(slot, file, offset, list, position, Math.min(allowed, length), flags);
    } else if (allowed == Script.LATER) {
      reactor.execute(() -> write(slot, file, offset, list, position, length, flags));
    } else {
      report(slot, allowed);
    }
  }

  @Override
  public void readFixed(
      int slot, OpenFile file, long offset, int buffer, long position, long length) {
    read(slot, file, offset, script.fixed(buffer), position, length);
  }

  @Override
  public void writeFixed(
      int slot, OpenFile file, long offset, int buffer, long position, long length, int flags) {
    write(slot, file, offset, script.fixed(buffer), position, length, flags);
  }

  @Override
  public void sync(int slot, OpenFile file) {
    script.synced(file);
    int result = script.control("sync");
    if (result == 0) {
      port.sync(slot, file);
    } else {
      report(slot, result);
    }
  }

  @Override
  public void allocate(int slot, OpenFile file, int mode, long offset, long length) {
    int result = script.control(mode == OpenFile.PUNCH_HOLE ? "punch" : "zero");
    if (result == 0) {
      port.allocate(slot, file, mode, offset, length);
    } else {
      report(slot, result);
    }
  }

  @Override
  public void close() {
    port.close();
  }

  private void report(int slot, long result) {
    reactor.execute(() -> handler.completed(slot, (int) result));
  }
}
