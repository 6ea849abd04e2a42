package io.ubiblk.nbd.session;

import io.ubiblk.api.Geometry;
import io.ubiblk.nbd.protocol.Magic;
import io.ubiblk.nbd.protocol.MalformedOption;
import io.ubiblk.nbd.protocol.Option;
import io.ubiblk.nbd.protocol.OptionData;
import io.ubiblk.nbd.protocol.OptionReplies;
import io.ubiblk.nbd.protocol.OptionReply;
import io.ubiblk.nbd.protocol.ReplyStyle;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * What has been agreed on with a client, option by option. Does no I/O: it reads options and writes
 * replies.
 */
final class Handshake {

  /** What follows an option. */
  enum Step {
    /** The next option. */
    GO_ON,
    /** The end of the connection. */
    CLOSE,
    /** TLS, and then everything anew. */
    START_TLS,
    /** Requests. */
    TRANSMIT
  }

  /** What TLS is to a connection. */
  enum Protection {
    /** There is none to be had. */
    NONE,
    /** It may be started. */
    OFFERED,
    /** It must be started. */
    REQUIRED,
    /** It has been started. */
    STARTED
  }

  /** Gives a client the export that it has chosen. */
  @FunctionalInterface
  interface Opener {
    /**
     * Opens an export.
     *
     * @throws IOException if that is not possible; its message is for the client
     */
    void open(Exposure exposure) throws IOException;
  }

  private static final int CLIENT_FLAGS = Magic.FIXED_NEWSTYLE | Magic.NO_ZEROES;
  private static final int MOST_OPTIONS = 32;

  private final ExportTable exports;
  private final int largest;
  private final OptionReplies replies;
  private final Opener opener;
  private final Protection protection;
  private final MetaContexts contexts = new MetaContexts();
  private int clientFlags;
  private boolean structured;
  private boolean extended;
  private boolean listed;
  private int optionsLeft = MOST_OPTIONS;

  /**
   * Begins.
   *
   * @param largest longest read or write in bytes
   * @param replies where replies are written
   */
  Handshake(
      ExportTable exports,
      int largest,
      Protection protection,
      OptionReplies replies,
      Opener opener) {
    this.exports = exports;
    this.largest = largest;
    this.protection = protection;
    this.replies = replies;
    this.opener = opener;
  }

  /** Begins anew, behind TLS that has been started. */
  Handshake afterTls() {
    Handshake next = new Handshake(exports, largest, Protection.STARTED, replies, opener);
    next.clientFlags = clientFlags;
    return next;
  }

  /** Takes the client's answer to the greeting. */
  Step begin(int flags) {
    clientFlags = flags;
    return (flags & ~CLIENT_FLAGS) == 0 ? Step.GO_ON : Step.CLOSE;
  }

  /** Answers an option whose data was too long to be read. */
  Step refuseTooBig(int option) {
    replies.text(option, OptionReply.TOO_BIG, "option has too much data");
    return countOption();
  }

  /** Answers an option. */
  Step option(int option, ByteBuffer data) {
    boolean fixed = (clientFlags & Magic.FIXED_NEWSTYLE) != 0;
    if (option == Option.EXPORT_NAME) {
      return exportName(data);
    }
    if (!fixed) {
      return refuse(option, OptionReply.INVALID, "only EXPORT_NAME without fixed newstyle");
    }
    if (protection == Protection.REQUIRED && option != Option.ABORT && option != Option.STARTTLS) {
      return refuse(option, OptionReply.TLS_REQUIRED, "this server requires TLS");
    }
    try {
      return answer(option, data);
    } catch (MalformedOption e) {
      return refuse(option, OptionReply.INVALID, e.reason());
    }
  }

  private Step answer(int option, ByteBuffer data) throws MalformedOption {
    return switch (option) {
      case Option.ABORT -> {
        replies.reply(option, OptionReply.ACK);
        yield Step.CLOSE;
      }
      case Option.LIST -> list(data);
      case Option.STARTTLS -> startTls(data);
      case Option.INFO -> info(option, OptionData.choice(data));
      case Option.GO -> go(OptionData.choice(data));
      case Option.STRUCTURED_REPLY -> structuredReplies(data);
      case Option.EXTENDED_HEADERS -> extendedHeaders(data);
      case Option.LIST_META_CONTEXT, Option.SET_META_CONTEXT -> metaContexts(option, data);
      default -> refuse(option, OptionReply.UNSUP, "option is not known");
    };
  }

  private Step list(ByteBuffer data) throws MalformedOption {
    requireEmpty(data);
    for (ServedExport export : exports.all()) {
      if (!export.description().hidden()) {
        String description = export.description().description();
        replies.export(Option.LIST, export.description().name(), description);
        optionsLeft += listed ? 0 : MOST_OPTIONS;
      }
    }
    // Once: a client that lists again and again would never come to an end.
    listed = true;
    return acknowledge(Option.LIST);
  }

  private Step startTls(ByteBuffer data) throws MalformedOption {
    requireEmpty(data);
    if (protection == Protection.NONE) {
      return refuse(Option.STARTTLS, OptionReply.POLICY, "this server has no TLS");
    }
    if (protection == Protection.STARTED) {
      return refuse(Option.STARTTLS, OptionReply.INVALID, "TLS has been started already");
    }
    replies.reply(Option.STARTTLS, OptionReply.ACK);
    return Step.START_TLS;
  }

  private Step structuredReplies(ByteBuffer data) throws MalformedOption {
    requireEmpty(data);
    if (extended) {
      return refuse(
          Option.STRUCTURED_REPLY,
          OptionReply.EXTENDED_HEADER_REQUIRED,
          "extended headers have been agreed on");
    }
    if (structured) {
      return refuse(
          Option.STRUCTURED_REPLY, OptionReply.INVALID, "structured replies were agreed on before");
    }
    structured = true;
    return acknowledge(Option.STRUCTURED_REPLY);
  }

  private Step extendedHeaders(ByteBuffer data) throws MalformedOption {
    requireEmpty(data);
    if (extended) {
      return refuse(
          Option.EXTENDED_HEADERS, OptionReply.INVALID, "extended headers were agreed on before");
    }
    extended = true;
    return acknowledge(Option.EXTENDED_HEADERS);
  }

  private Step metaContexts(int option, ByteBuffer data) throws MalformedOption {
    boolean sets = option == Option.SET_META_CONTEXT;
    if (sets) {
      contexts.clear();
    }
    OptionData.ContextQueries queries = OptionData.contextQueries(data);
    if (sets && !structured && !extended) {
      return refuse(option, OptionReply.INVALID, "structured replies have to be agreed on first");
    }
    if (exports.find(queries.name()) == null) {
      return refuse(option, OptionReply.UNKNOWN, unknown(queries.name()));
    }
    contexts.answer(queries, sets, replies);
    return acknowledge(option);
  }

  private Step info(int option, OptionData.Choice choice) {
    ServedExport export = exports.find(choice.name());
    if (export == null) {
      return refuse(option, OptionReply.UNKNOWN, unknown(choice.name()));
    }
    describe(option, choice, expose(choice.name(), export));
    return acknowledge(option);
  }

  private Step go(OptionData.Choice choice) {
    ServedExport export = exports.find(choice.name());
    if (export == null) {
      return refuse(Option.GO, OptionReply.UNKNOWN, unknown(choice.name()));
    }
    Exposure exposure = expose(choice.name(), export);
    try {
      opener.open(exposure);
    } catch (IOException e) {
      return refuse(Option.GO, OptionReply.UNKNOWN, unknown(choice.name()) + ": " + e.getMessage());
    }
    describe(Option.GO, choice, exposure);
    replies.reply(Option.GO, OptionReply.ACK);
    return Step.TRANSMIT;
  }

  private Step exportName(ByteBuffer data) {
    if (protection == Protection.REQUIRED || extended) {
      return Step.CLOSE;
    }
    try {
      String name = OptionData.name(data);
      ServedExport export = exports.find(name);
      if (export == null) {
        return Step.CLOSE;
      }
      Exposure exposure = expose(name, export);
      opener.open(exposure);
      boolean padded = (clientFlags & Magic.NO_ZEROES) == 0;
      replies.oldStyleExport(exposure.geometry().size(), exposure.flags(), padded);
      return Step.TRANSMIT;
    } catch (MalformedOption | IOException e) {
      return Step.CLOSE;
    }
  }

  private Exposure expose(String name, ServedExport export) {
    ReplyStyle style =
        extended ? ReplyStyle.EXTENDED : structured ? ReplyStyle.STRUCTURED : ReplyStyle.SIMPLE;
    return new Exposure(
        export,
        export.device().geometry(),
        export.flags(style.hasChunks()),
        style,
        style.hasChunks() && contexts.areSelectedFor(name),
        largest);
  }

  private void describe(int option, OptionData.Choice choice, Exposure exposure) {
    Geometry geometry = exposure.geometry();
    replies.exportInfo(option, geometry.size(), exposure.flags());
    if (choice.infos().contains(OptionReply.INFO_NAME)) {
      String name = exposure.export().description().name();
      replies.info(option, OptionReply.INFO_NAME, name);
    }
    String description = exposure.export().description().description();
    if (choice.infos().contains(OptionReply.INFO_DESCRIPTION) && !description.isEmpty()) {
      replies.info(option, OptionReply.INFO_DESCRIPTION, description);
    }
    // Also unasked: a client that takes the hint sends nothing that we have to refuse.
    int blocks = Math.max(geometry.logicalBlockSize(), geometry.physicalBlockSize());
    int preferred = Math.max(4096, Math.min(blocks, largest));
    // Any byte may be written, also where the device has blocks.
    replies.blockSizes(option, 1, preferred, largest);
  }

  private Step acknowledge(int option) {
    replies.reply(option, OptionReply.ACK);
    return countOption();
  }

  private Step refuse(int option, int error, String reason) {
    replies.text(option, error, reason);
    return countOption();
  }

  private Step countOption() {
    optionsLeft--;
    return optionsLeft > 0 ? Step.GO_ON : Step.CLOSE;
  }

  private static void requireEmpty(ByteBuffer data) throws MalformedOption {
    if (data.hasRemaining()) {
      throw new MalformedOption(data.remaining() + " bytes of data, expected none");
    }
  }

  private static String unknown(String name) {
    return "export \"" + name + "\" is not known";
  }
}
