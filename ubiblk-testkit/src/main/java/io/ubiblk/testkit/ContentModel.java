package io.ubiblk.testkit;

/**
 * Something that knows what a device must hold, and is told of every request of a {@link
 * RandomLoad}.
 */
public interface ContentModel {

  /** {@return position of the first byte on the device that the model covers} */
  long start();

  /** {@return number of bytes that the model covers} */
  int length();

  /**
   * A request is about to be issued.
   *
   * @param request the request
   * @param content what a write will write; empty for all others
   */
  void issued(IoRequest request, byte[] content);

  /**
   * A request has succeeded.
   *
   * @param request the request
   * @param content what a write has written or a read has read; empty for all others
   * @throws AssertionError if a read has read what the device must not hold
   */
  void completed(IoRequest request, byte[] content);
}
