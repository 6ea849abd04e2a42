package io.ubiblk.config;

/** How files are read and written. */
public enum IoEngine {
  /** io_uring, or what comes closest to it where the kernel forbids it. */
  IO_URING,
  /** System calls that block, made by a pool of threads. */
  SYNC
}
