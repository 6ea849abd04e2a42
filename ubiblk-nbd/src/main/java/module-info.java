/** An NBD server: serves devices to the kernel, to QEMU and to every other client of NBD. */
@org.jspecify.annotations.NullMarked
module io.ubiblk.nbd {
  requires transitive io.ubiblk.api;
  requires transitive io.ubiblk.core;
  requires static transitive org.jspecify;
  requires org.slf4j;

  exports io.ubiblk.nbd;
}
