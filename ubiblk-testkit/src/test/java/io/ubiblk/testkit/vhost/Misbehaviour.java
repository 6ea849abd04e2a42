package io.ubiblk.testkit.vhost;

/** What a fake device does wrong. */
enum Misbehaviour {
  NONE,
  USED_TWICE,
  UNKNOWN_HEAD,
  TOO_LONG,
  NO_CALL,
  NO_STATUS
}
