package io.ubiblk.vhost.virtqueue;

/** How the descriptors of a request lie. */
public enum ChainShape {
  /** Three descriptors of the ring's own table. */
  DIRECT,
  /** One descriptor that refers to a table of three. */
  INDIRECT
}
