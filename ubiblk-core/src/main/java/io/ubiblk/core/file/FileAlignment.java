package io.ubiblk.core.file;

import io.ubiblk.api.Geometry;
import io.ubiblk.api.ScatterList;
import io.ubiblk.core.linux.OpenFile;

/**
 * What transfers have to be aligned to.
 *
 * @param memory alignment of addresses in bytes, a power of two
 * @param offset alignment of offsets and lengths in bytes, a power of two
 */
record FileAlignment(int memory, int offset) {

  /** The page cache takes everything. */
  static final FileAlignment NONE = new FileAlignment(1, 1);

  /** What every storage takes; assumed where the kernel does not say (before Linux 6.1). */
  static final FileAlignment PAGE = new FileAlignment(4096, 4096);

  static FileAlignment ofDirect(OpenFile.Properties properties) {
    return properties.directOffset() == 0
        ? PAGE
        : new FileAlignment(properties.directMemory(), properties.directOffset());
  }

  /** Whether sectors cannot be written without reading their neighbours. */
  boolean isCoarse() {
    return offset > Geometry.SECTOR;
  }

  boolean fitsRange(long from, long length) {
    return ((from | length) & (offset - 1)) == 0;
  }

  boolean fits(long from, ScatterList list) {
    boolean anything = memory == 1 && offset == 1;
    return anything || (fitsRange(from, list.byteSize()) && list.isAligned(memory, offset));
  }

  long down(long position) {
    return position & -offset;
  }

  long up(long position) {
    return (position + offset - 1) & -offset;
  }
}
