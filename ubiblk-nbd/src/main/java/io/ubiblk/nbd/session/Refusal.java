package io.ubiblk.nbd.session;

import io.ubiblk.nbd.protocol.WireError;

/** Reasons for which a request is refused before the device sees it. */
enum Refusal {
  UNKNOWN_COMMAND(WireError.EINVAL, "unknown command"),
  FLAGS(WireError.EINVAL, "flag that is unknown, not offered or not for this command"),
  READ_ONLY(WireError.EPERM, "export is read-only"),
  NOT_OFFERED(WireError.EINVAL, "command that the export does not offer"),
  NO_CONTEXT(WireError.EINVAL, "no metadata context is selected"),
  FLUSH_RANGE(WireError.EINVAL, "flush with offset or length, expected 0"),
  EMPTY(WireError.EINVAL, "block status of 0 bytes"),
  OUTSIDE(WireError.EINVAL, "range ends behind the export"),
  NO_SPACE(WireError.ENOSPC, "range ends behind the export"),
  TOO_LONG(WireError.EINVAL, "request is longer than the largest block size"),
  NOT_FAST(WireError.ENOTSUP, "zeroing would not be fast"),
  ENDING(WireError.ESHUTDOWN, "server or export is ending"),
  FAILED(WireError.EIO, "device has failed");

  private final int error;
  private final String text;

  Refusal(int error, String text) {
    this.error = error;
    this.text = text;
  }

  /** The error of the reply. */
  int error() {
    return error;
  }

  /** What the reply says, at most 80 characters of ASCII. */
  String text() {
    return text;
  }
}
