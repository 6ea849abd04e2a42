/** A vhost-user-blk backend: serves a device to the guests of QEMU and Cloud Hypervisor. */
@org.jspecify.annotations.NullMarked
module io.ubiblk.vhost {
  requires transitive io.ubiblk.api;
  requires transitive io.ubiblk.core;
  requires static transitive org.jspecify;
  requires org.newsclub.net.unix;
  requires com.kohlschutter.junixsocket.nativecommon;
  requires org.slf4j;

  exports io.ubiblk.vhost;
}
