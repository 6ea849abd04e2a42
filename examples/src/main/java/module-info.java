/**
 * Programs that show the library at work, and the programs of ubiblk. {@link
 * io.ubiblk.examples.Main} starts them; {@link io.ubiblk.examples.cli} reads their command lines.
 */
@org.jspecify.annotations.NullMarked
module io.ubiblk.examples {
  requires io.ubiblk.api;
  requires io.ubiblk.config;
  requires io.ubiblk.core;
  requires io.ubiblk.crypto;
  requires io.ubiblk.nbd;
  requires io.ubiblk.testkit;
  requires io.ubiblk.ublk;
  requires io.ubiblk.vhost;
  requires static transitive org.jspecify;
  requires org.slf4j;

  exports io.ubiblk.examples.cli;

  provides org.slf4j.spi.SLF4JServiceProvider with
      io.ubiblk.examples.logging.LineLogging;
}
