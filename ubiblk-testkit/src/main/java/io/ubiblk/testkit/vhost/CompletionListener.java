package io.ubiblk.testkit.vhost;

/** Receives requests that came back, on the thread that polls. */
@FunctionalInterface
public interface CompletionListener {

  /**
   * A request came back. The listener may submit further requests.
   *
   * @param tag the request's
   * @param status a status of {@link BlkRequest}, or whatever the device wrote, 0 to 255
   * @param usedLength how many bytes the device says it wrote, the status included
   */
  void completed(long tag, int status, long usedLength);
}
