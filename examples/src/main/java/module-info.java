/**
 * Programs that show the library at work. {@link io.ubiblk.examples.Main} starts them; {@link
 * io.ubiblk.examples.cli} reads their command lines.
 */
@org.jspecify.annotations.NullMarked
module io.ubiblk.examples {
  requires io.ubiblk.api;
  requires io.ubiblk.core;
  requires io.ubiblk.testkit;
  requires io.ubiblk.vhost;
  requires static transitive org.jspecify;

  exports io.ubiblk.examples.cli;
}
