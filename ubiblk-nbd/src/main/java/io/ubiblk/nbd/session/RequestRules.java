package io.ubiblk.nbd.session;

import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.ExportFlag;
import io.ubiblk.nbd.protocol.ReplyStyle;
import io.ubiblk.nbd.protocol.RequestHeader;
import org.jspecify.annotations.Nullable;

/** Decides whether a request is one that the client may send. */
final class RequestRules {

  private RequestRules() {}

  /** Why the request is refused, or null if it is not. */
  static @Nullable Refusal check(Exposure exposure, RequestHeader request) {
    if (!request.isKnown()) {
      return Refusal.UNKNOWN_COMMAND;
    }
    Refusal refusal = checkFlags(exposure, request);
    if (refusal == null) {
      refusal = checkCommand(exposure, request);
    }
    return refusal != null ? refusal : checkRange(exposure, request);
  }

  private static @Nullable Refusal checkFlags(Exposure exposure, RequestHeader request) {
    int allowed = Command.FLAG_FUA;
    switch (request.command()) {
      case Command.READ -> {
        if (exposure.has(ExportFlag.SEND_DF)) {
          allowed |= Command.FLAG_DF;
        }
      }
      case Command.WRITE -> {
        if (exposure.style() == ReplyStyle.EXTENDED) {
          allowed |= Command.FLAG_PAYLOAD_LEN;
        }
      }
      case Command.WRITE_ZEROES -> allowed |= Command.FLAG_NO_HOLE | fastZero(exposure);
      case Command.BLOCK_STATUS -> allowed |= Command.FLAG_REQ_ONE;
      default -> {}
    }
    return (request.flags() & ~allowed) == 0 ? null : Refusal.FLAGS;
  }

  private static int fastZero(Exposure exposure) {
    // On a read-only export the request is refused for a better reason.
    boolean known = exposure.has(ExportFlag.SEND_FAST_ZERO) || exposure.has(ExportFlag.READ_ONLY);
    return known ? Command.FLAG_FAST_ZERO : 0;
  }

  private static @Nullable Refusal checkCommand(Exposure exposure, RequestHeader request) {
    return switch (request.command()) {
      case Command.WRITE -> exposure.has(ExportFlag.READ_ONLY) ? Refusal.READ_ONLY : null;
      case Command.TRIM -> change(exposure, ExportFlag.SEND_TRIM);
      case Command.WRITE_ZEROES -> change(exposure, ExportFlag.SEND_WRITE_ZEROES);
      case Command.CACHE -> exposure.has(ExportFlag.SEND_CACHE) ? null : Refusal.NOT_OFFERED;
      case Command.BLOCK_STATUS -> exposure.tellsAllocation() ? null : Refusal.NO_CONTEXT;
      case Command.FLUSH ->
          request.offset() == 0 && request.length() == 0 ? null : Refusal.FLUSH_RANGE;
      default -> null;
    };
  }

  private static @Nullable Refusal change(Exposure exposure, int flag) {
    if (exposure.has(ExportFlag.READ_ONLY)) {
      return Refusal.READ_ONLY;
    }
    return exposure.has(flag) ? null : Refusal.NOT_OFFERED;
  }

  private static @Nullable Refusal checkRange(Exposure exposure, RequestHeader request) {
    int command = request.command();
    long offset = request.offset();
    long length = request.length();
    long size = exposure.geometry().size();
    boolean writes = command == Command.WRITE || command == Command.WRITE_ZEROES;
    if (offset < 0 || length < 0 || length > size || offset > size - length) {
      return writes ? Refusal.NO_SPACE : Refusal.OUTSIDE;
    }
    if (length == 0) {
      return command == Command.BLOCK_STATUS ? Refusal.EMPTY : null;
    }
    boolean carriesData = command == Command.READ || command == Command.WRITE;
    return carriesData && length > exposure.largest() ? Refusal.TOO_LONG : null;
  }
}
