/**
 * Linux access, reactors, raw files, lazily filled stripes, and the builder that assembles a
 * virtual disk of them.
 */
@org.jspecify.annotations.NullMarked
@SuppressWarnings("module") // frontends are compiled after this module
module io.ubiblk.core {
  requires transitive io.ubiblk.api;
  requires static transitive org.jspecify;
  requires org.jctools.core;
  requires org.slf4j;

  exports io.ubiblk.core;
  exports io.ubiblk.core.blocking;
  exports io.ubiblk.core.file;
  exports io.ubiblk.core.layer;
  exports io.ubiblk.core.lazy;
  exports io.ubiblk.core.memory;
  exports io.ubiblk.core.metadata;
  exports io.ubiblk.core.reactor;
  exports io.ubiblk.core.rpc;
  exports io.ubiblk.core.source;
  exports io.ubiblk.core.io to
      io.ubiblk.crypto,
      io.ubiblk.nbd,
      io.ubiblk.ublk,
      io.ubiblk.vhost;
  exports io.ubiblk.core.json to
      io.ubiblk.config,
      io.ubiblk.examples;
  exports io.ubiblk.core.linux to
      io.ubiblk.crypto,
      io.ubiblk.nbd,
      io.ubiblk.ublk,
      io.ubiblk.vhost;
}
