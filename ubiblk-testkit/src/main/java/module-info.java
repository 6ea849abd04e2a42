/**
 * Doubles and contract tests: for our own tests and for people who write devices and frontends.
 *
 * <p>{@link io.ubiblk.testkit} is for block devices: the contract that every device passes, and
 * devices that lose power, fail and remember. Begin with {@code BlockDeviceContract}.
 */
@org.jspecify.annotations.NullMarked
module io.ubiblk.testkit {
  requires static transitive org.jspecify;
  requires transitive io.ubiblk.api;
  requires transitive org.junit.jupiter.api;

  exports io.ubiblk.testkit;
}
