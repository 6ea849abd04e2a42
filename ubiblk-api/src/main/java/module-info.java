/**
 * The contracts of ubiblk: what a block device is, how it is accessed, what it is filled from and
 * how it is served. No implementation lives here.
 *
 * <p>Begin with {@link io.ubiblk.api.BlockDevice}.
 */
@org.jspecify.annotations.NullMarked
module io.ubiblk.api {
  requires static transitive org.jspecify;

  exports io.ubiblk.api;
}
