/**
 * The stripe metadata file, format 2.0, byte-compatible with ubiblk: a header sector and one byte
 * for each stripe, every sector with a checksum of its own.
 *
 * <pre>
 * sector 0:      magic (9) | major (2) | minor (2) | shift (1) | stripe count (4) | zeros | CRC-32 (4)
 * sector 1 + g:  header bytes of stripes 508 g to 508 g + 507 | zeros                     | CRC-32 (4)
 * </pre>
 *
 * <p>Numbers are little-endian. A stripe has 2<sup>shift</sup> sectors of 512 bytes.
 */
package io.ubiblk.core.metadata;
