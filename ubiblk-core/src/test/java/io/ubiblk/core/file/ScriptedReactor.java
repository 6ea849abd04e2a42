package io.ubiblk.core.file;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ReactorTimer;
import io.ubiblk.core.Loops;
import io.ubiblk.core.io.IoHandler;
import io.ubiblk.core.io.IoPort;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.Poller;
import io.ubiblk.core.io.Polling;
import io.ubiblk.core.io.Signal;
import io.ubiblk.core.io.SocketHandler;
import io.ubiblk.core.io.SocketPort;
import io.ubiblk.core.io.Watch;
import io.ubiblk.core.linux.StreamSocket;
import java.util.concurrent.Executor;

/** A reactor whose file I/O follows a {@link ScriptedPort.Script}. */
final class ScriptedReactor implements IoReactor {

  private final IoReactor loop;
  private final ScriptedPort.Script script;

  ScriptedReactor(EventLoop loop, ScriptedPort.Script script) {
    this.loop = (IoReactor) loop;
    this.script = script;
  }

  static ScriptedReactor ring(ScriptedPort.Script script) throws BlockDeviceException {
    return new ScriptedReactor(Loops.ring(), script);
  }

  @Override
  public IoPort openPort(int depth, IoHandler handler) {
    return new ScriptedPort(this, loop.openPort(depth, handler), script, handler);
  }

  @Override
  public SocketPort openSocket(StreamSocket socket, SocketHandler handler)
      throws BlockDeviceException {
    return loop.openSocket(socket, handler);
  }

  @Override
  public Watch watch(int fd, Runnable onReadable) throws BlockDeviceException {
    return loop.watch(fd, onReadable);
  }

  @Override
  public Signal signal(int fd) {
    return loop.signal(fd);
  }

  @Override
  public Polling poll(Poller poller) {
    return loop.poll(poller);
  }

  @Override
  public boolean inReactor() {
    return loop.inReactor();
  }

  @Override
  public long nanoTime() {
    return loop.nanoTime();
  }

  @Override
  public void execute(Runnable work) {
    loop.execute(work);
  }

  @Override
  public ReactorTask task(Runnable work) {
    return loop.task(work);
  }

  @Override
  public ReactorTimer timer(Runnable work) {
    return loop.timer(work);
  }

  @Override
  public Executor blocking() {
    return loop.blocking();
  }

  @Override
  public int turn() {
    return loop.turn();
  }

  @Override
  public void await(long maxNanos) {
    loop.await(maxNanos);
  }

  @Override
  public void close() {
    loop.close();
  }
}
