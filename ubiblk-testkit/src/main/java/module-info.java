/**
 * Doubles and contract tests: for our own tests and for people who write devices and frontends.
 *
 * <p>{@link io.ubiblk.testkit.vhost} is a virtual machine without a machine: the frontend side of
 * vhost-user with a virtio-blk driver, well behaved or hostile as a test wishes. It makes native
 * calls: grant native access to {@code io.ubiblk.testkit} and to {@code org.newsclub.net.unix}.
 */
@org.jspecify.annotations.NullMarked
module io.ubiblk.testkit {
  requires static transitive org.jspecify;
  requires transitive io.ubiblk.api;
  requires org.newsclub.net.unix;
  requires com.kohlschutter.junixsocket.nativecommon;

  exports io.ubiblk.testkit.vhost;
}
