/** A ublk server: serves a device to the kernel of this machine, as a block device file. */
@org.jspecify.annotations.NullMarked
module io.ubiblk.ublk {
  requires transitive io.ubiblk.api;
  requires transitive io.ubiblk.core;
  requires static transitive org.jspecify;
  requires org.slf4j;

  exports io.ubiblk.ublk;
}
