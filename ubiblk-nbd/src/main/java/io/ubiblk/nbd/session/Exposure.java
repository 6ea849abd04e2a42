package io.ubiblk.nbd.session;

import io.ubiblk.api.Geometry;
import io.ubiblk.nbd.protocol.ReplyStyle;

/**
 * What a client was told of the export that it has chosen, and holds us to.
 *
 * @param export the export
 * @param geometry its size and blocks at that time
 * @param flags flags of {@link io.ubiblk.nbd.protocol.ExportFlag}
 * @param style how requests and replies look
 * @param tellsAllocation whether the client has selected {@code base:allocation}
 * @param largest longest read or write in bytes
 */
record Exposure(
    ServedExport export,
    Geometry geometry,
    int flags,
    ReplyStyle style,
    boolean tellsAllocation,
    int largest) {

  boolean has(int flag) {
    return (flags & flag) != 0;
  }
}
