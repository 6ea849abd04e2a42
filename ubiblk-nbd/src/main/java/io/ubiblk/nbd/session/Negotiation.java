package io.ubiblk.nbd.session;

import io.ubiblk.api.ScatterList;
import io.ubiblk.nbd.protocol.Magic;
import io.ubiblk.nbd.protocol.OptionReplies;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * The phase in which a client says what it wants. One option is answered at a time: the next is
 * looked at when the replies to the last have been sent.
 */
final class Negotiation implements Phase {

  private static final int FLAGS_BYTES = 4;
  private static final int HEADER_BYTES = 16;

  /** Longest data of an option that is read only to be dropped. */
  private static final long LONGEST_DROPPED = 32 << 20;

  private final Connection connection;
  private final Input input;
  private final OptionReplies replies = new OptionReplies();
  private final ScatterList target = new ScatterList(1);
  private Handshake handshake;
  private Handshake.Step step = Handshake.Step.GO_ON;
  private Arena sending = Arena.ofConfined();
  private boolean answered;
  private boolean receiving;
  private boolean busy;
  private boolean stopped;
  private int refused;
  private long dropping;

  Negotiation(Connection connection, Input input, Handshake.Opener opener) {
    this.connection = connection;
    this.input = input;
    Service service = connection.service();
    Handshake.Protection protection =
        service.tls() == null
            ? Handshake.Protection.NONE
            : service.tls().required()
                ? Handshake.Protection.REQUIRED
                : Handshake.Protection.OFFERED;
    this.handshake =
        new Handshake(
            service.exports(), service.limits().largestRequest(), protection, replies, opener);
  }

  /** Greets the client. */
  void begin() {
    replies.greeting();
    send();
  }

  @Override
  public void received(int count) {
    receiving = false;
    input.filled(count);
    advance();
  }

  @Override
  public void sent() {
    sending.close();
    sending = Arena.ofConfined();
    busy = false;
    proceed();
  }

  @Override
  public void clientFinished() {
    connection.close();
  }

  @Override
  public void end() {
    connection.close();
  }

  @Override
  public void stop(Runnable onStopped) {
    stopped = true;
    connection.reactor().execute(onStopped);
  }

  @Override
  public void release() {
    sending.close();
  }

  /** Looks at what has been received. */
  private void advance() {
    while (!busy && !stopped && step == Handshake.Step.GO_ON) {
      if (!next()) {
        if (!receiving) {
          receiving = true;
          target.clear();
          input.offer(target, Integer.MAX_VALUE);
          connection.wire().receive(target);
        }
        return;
      }
      send();
    }
  }

  /** Takes the next thing that the client says; returns false if it has not come yet. */
  private boolean next() {
    if (!answered) {
      if (input.available() < FLAGS_BYTES) {
        return false;
      }
      step = handshake.begin(input.view().getInt(input.position()));
      input.consume(FLAGS_BYTES);
      answered = true;
      return true;
    }
    if (dropping > 0) {
      dropping -= input.skip(dropping);
      if (dropping == 0) {
        step = handshake.refuseTooBig(refused);
      }
      return dropping == 0;
    }
    return input.available() >= HEADER_BYTES && option();
  }

  private boolean option() {
    int at = input.position();
    ByteBuffer view = input.view();
    long length = Integer.toUnsignedLong(view.getInt(at + 12));
    int option = view.getInt(at + 8);
    if (view.getLong(at) != Magic.OPTION || length > LONGEST_DROPPED) {
      step = Handshake.Step.CLOSE;
      return true;
    }
    if (length > Input.LONGEST_OPTION) {
      input.consume(HEADER_BYTES);
      refused = option;
      dropping = length;
      return next();
    }
    if (input.available() < HEADER_BYTES + length) {
      return false;
    }
    step = handshake.option(option, input.slice(HEADER_BYTES, (int) length));
    input.consume(HEADER_BYTES + (int) length);
    return true;
  }

  private void send() {
    byte[] bytes = replies.take();
    if (bytes.length == 0) {
      proceed();
      return;
    }
    busy = true;
    MemorySegment memory = sending.allocate(bytes.length);
    memory.copyFrom(MemorySegment.ofArray(bytes));
    connection.wire().send(ScatterList.of(memory));
  }

  /** Does what follows an option, now that the replies have been sent. */
  private void proceed() {
    switch (step) {
      case GO_ON -> advance();
      case CLOSE -> connection.close();
      case TRANSMIT -> connection.transmit();
      case START_TLS -> startTls();
    }
  }

  private void startTls() {
    if (input.available() > 0) {
      // Whoever puts something between the option and TLS is not the client.
      connection.drop("sent bytes behind STARTTLS");
      return;
    }
    connection.startTls();
    handshake = handshake.afterTls();
    step = Handshake.Step.GO_ON;
    advance();
  }
}
