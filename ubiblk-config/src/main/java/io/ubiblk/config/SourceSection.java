package io.ubiblk.config;

import java.nio.file.Path;

/** Where stripes come from that the disk does not hold yet: the section {@code stripe_source}. */
public sealed interface SourceSection {

  /** {@return whether everything is fetched in the background} */
  boolean autofetch();

  /**
   * A raw image file.
   *
   * @param imagePath the image
   * @param autofetch whether everything is fetched in the background
   * @param copyOnRead whether reading a stripe brings it to the disk
   */
  record Raw(Path imagePath, boolean autofetch, boolean copyOnRead) implements SourceSection {}

  /**
   * An archive.
   *
   * @param storage where the archive is
   * @param autofetch whether everything is fetched in the background
   */
  record Archive(ArchiveStorage storage, boolean autofetch) implements SourceSection {}

  /**
   * A remote stripe server.
   *
   * @param connection how to reach the server
   * @param autofetch whether everything is fetched in the background
   */
  record Remote(RemoteConnection connection, boolean autofetch) implements SourceSection {}
}
