/**
 * Doubles and contract tests: for our own tests and for people who write devices and frontends.
 *
 * <p>{@link io.ubiblk.testkit} is for block devices: the contract that every device passes, and
 * devices that lose power, fail and remember. Begin with {@link
 * io.ubiblk.testkit.BlockDeviceContract}.
 *
 * <p>{@link io.ubiblk.testkit.guest} boots Linux guests for tests that need a kernel of their own.
 *
 * <p>{@link io.ubiblk.testkit.vhost} is a virtual machine without a machine: the frontend side of
 * vhost-user with a virtio-blk driver, well behaved or hostile as a test wishes. It makes native
 * calls: grant native access to {@code io.ubiblk.testkit} and to {@code org.newsclub.net.unix}.
 */
@org.jspecify.annotations.NullMarked
module io.ubiblk.testkit {
  requires static transitive org.jspecify;
  requires transitive io.ubiblk.api;
  requires transitive org.junit.jupiter.api;
  requires org.newsclub.net.unix;
  requires com.kohlschutter.junixsocket.nativecommon;

  exports io.ubiblk.testkit;
  exports io.ubiblk.testkit.guest;
  exports io.ubiblk.testkit.vhost;
}
