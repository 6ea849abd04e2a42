/** The TOML configuration as records, and the disk that it describes. */
@org.jspecify.annotations.NullMarked
@SuppressWarnings("requires-automatic") // the TOML library and what it stands on are not modules
module io.ubiblk.config {
  requires transitive io.ubiblk.api;
  requires transitive io.ubiblk.core;
  requires transitive io.ubiblk.crypto;
  requires static transitive org.jspecify;
  requires org.slf4j;
  requires org.tomlj;

  exports io.ubiblk.config;
  exports io.ubiblk.config.secret;
}
