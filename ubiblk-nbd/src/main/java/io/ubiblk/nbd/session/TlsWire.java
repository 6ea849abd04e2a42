package io.ubiblk.nbd.session;

import io.ubiblk.api.ReactorTask;
import io.ubiblk.api.ReactorTimer;
import io.ubiblk.api.ScatterList;
import io.ubiblk.core.io.IoReactor;
import java.util.concurrent.RejectedExecutionException;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bytes through TLS, server side. The handshake happens as soon as somebody wants to receive. What
 * the engine wants to compute for long is computed elsewhere.
 */
final class TlsWire implements Wire, Wire.Handler {

  private static final Logger LOG = LoggerFactory.getLogger(TlsWire.class);

  /** How long a client may take to accept our goodbye. */
  private static final long GOODBYE_NANOS = 1_000_000_000L;

  private static final int EPROTO = 71;

  private final IoReactor reactor;
  private final Wire below;
  private final SSLEngine engine;
  private final TlsRecords records;
  private final String name;
  private final ReactorTask pump;
  private final ReactorTimer goodbyeTimer;
  private Handler handler;
  private @Nullable ScatterList wanted;
  private @Nullable ScatterList toSend;
  private long sendPosition;
  private boolean receiving;
  private boolean sending;
  private boolean computing;
  private boolean inputEnded;
  private int failure;
  private @Nullable Runnable onClosed;
  private boolean saidGoodbye;
  private boolean closingBelow;

  /** Takes over a wire that has nothing in flight. */
  TlsWire(IoReactor reactor, Wire below, SSLEngine engine, Handler handler, String name) {
    this.reactor = reactor;
    this.below = below;
    this.engine = engine;
    this.records = new TlsRecords(engine);
    this.handler = handler;
    this.name = name;
    this.pump = reactor.task(this::pump);
    this.goodbyeTimer = reactor.timer(this::closeBelow);
    below.setHandler(this);
  }

  @Override
  public void setHandler(Handler newHandler) {
    handler = newHandler;
  }

  @Override
  public void receive(ScatterList list) {
    wanted = list;
    pump.schedule();
  }

  @Override
  public void send(ScatterList list) {
    toSend = list;
    sendPosition = 0;
    pump.schedule();
  }

  @Override
  public void close(Runnable whenClosed) {
    onClosed = whenClosed;
    engine.closeOutbound();
    goodbyeTimer.set(reactor.nanoTime() + GOODBYE_NANOS);
    pump.schedule();
  }

  @Override
  public void received(int result) {
    receiving = false;
    if (result > 0) {
      records.filled(result);
    } else {
      inputEnded = true;
      failure = result < 0 ? -result : failure;
    }
    pump();
  }

  @Override
  public void sent(int result) {
    sending = false;
    if (result < 0) {
      failure = -result;
    }
    pump();
  }

  /** Does what can be done now. */
  private void pump() {
    if (computing || closingBelow) {
      return;
    }
    if (onClosed != null) {
      sayGoodbye();
      return;
    }
    try {
      while (failure == 0 && step()) {}
    } catch (SSLException e) {
      LOG.warn("{}: TLS has failed: {}", name, e.getMessage());
      failure = EPROTO;
    }
    receiveMore();
    report();
  }

  /** Does one thing; returns whether there may be another. */
  private boolean step() throws SSLException {
    return switch (engine.getHandshakeStatus()) {
      case NEED_TASK -> compute();
      case NEED_WRAP -> sendRecords();
      case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> unwrap();
      case FINISHED, NOT_HANDSHAKING -> {
        boolean received = unwrap();
        yield sendRecords() || received;
      }
    };
  }

  private boolean unwrap() throws SSLException {
    ScatterList target = wanted;
    return records.unwrap(target);
  }

  /** Encrypts what fits and sends it; returns whether something was sent. */
  private boolean sendRecords() throws SSLException {
    if (sending) {
      return false;
    }
    ScatterList list = toSend;
    if (list != null && sendPosition < list.byteSize()) {
      sendPosition += records.wrap(list, sendPosition);
    } else if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
      records.wrapNothing();
    }
    return sendWrapped();
  }

  private boolean sendWrapped() {
    ScatterList out = records.wrapped();
    if (out.byteSize() == 0) {
      return false;
    }
    sending = true;
    below.send(out);
    return true;
  }

  private void receiveMore() {
    boolean needed = wanted != null || engine.getHandshakeStatus() == HandshakeStatus.NEED_UNWRAP;
    if (needed && !receiving && !inputEnded && !computing && failure == 0 && records.hungry()) {
      receiving = true;
      below.receive(records.room());
    }
  }

  /** Tells the handler what has come to an end. */
  private void report() {
    ScatterList list = toSend;
    if (list != null && !sending && (failure != 0 || sendPosition == list.byteSize())) {
      toSend = null;
      handler.sent(-failure);
    }
    if (wanted != null && onClosed == null) {
      int count = records.takeCount();
      if (count > 0) {
        wanted = null;
        handler.received(count);
      } else if (failure != 0 || inputEnded || engine.isInboundDone()) {
        wanted = null;
        handler.received(-failure);
      }
    }
  }

  private boolean compute() {
    computing = true;
    reactor
        .blocking()
        .execute(
            () -> {
              for (Runnable t = engine.getDelegatedTask(); t != null; ) {
                t.run();
                t = engine.getDelegatedTask();
              }
              try {
                reactor.execute(
                    () -> {
                      computing = false;
                      pump();
                    });
              } catch (RejectedExecutionException e) {
                LOG.error("{}: its reactor was closed first", name, e);
              }
            });
    return false;
  }

  /** Sends what the engine says last, unless something is in the way; then closes. */
  private void sayGoodbye() {
    if (sending) {
      return;
    }
    boolean canSpeak = !saidGoodbye && (failure == 0 || failure == EPROTO);
    saidGoodbye = true;
    // What a task of the engine's found wrong is thrown at the first attempt; the second makes the
    // alert of it.
    for (int i = 0; canSpeak && i < 2; i++) {
      if (wrapGoodbye() && sendWrapped()) {
        return;
      }
    }
    closeBelow();
  }

  private boolean wrapGoodbye() {
    try {
      records.wrapNothing();
      return true;
    } catch (SSLException e) {
      LOG.warn("{}: TLS has failed: {}", name, e.getMessage());
      return false;
    }
  }

  private void closeBelow() {
    Runnable callback = onClosed;
    if (!closingBelow && callback != null) {
      closingBelow = true;
      goodbyeTimer.cancel();
      below.close(
          () -> {
            records.close();
            callback.run();
          });
    }
  }
}
