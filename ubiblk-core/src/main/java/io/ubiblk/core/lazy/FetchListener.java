package io.ubiblk.core.lazy;

/** Is told how filling a disk goes on. */
@FunctionalInterface
public interface FetchListener {

  /**
   * Something has changed: stripes have arrived, or a fetch was given up. Called on a reactor's
   * thread: it must return soon.
   *
   * @param progress how far the disk has been filled
   */
  void progressed(FetchProgress progress);
}
