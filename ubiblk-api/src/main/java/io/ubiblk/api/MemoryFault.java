package io.ubiblk.api;

/**
 * Makes accesses to memory that is not there any more fail where they were made.
 *
 * <p>A process that shares memory with this one can cut short the file behind it. The JVM skips an
 * access that faults, and throws an {@link InternalError} when the thread next looks whether it is
 * wanted, at a safepoint poll. Between the two there may be the work of any number of other queues,
 * which compiled code has put into one piece. So whoever has touched such memory calls {@link
 * #surface} inside of the {@code try} that is to catch the error, and acts on nothing that it has
 * read before that. The copying methods of {@link ScatterList} do so themselves.
 *
 * <p>Calling it costs a load from memory and a poll: about a nanosecond.
 */
public final class MemoryFault {

  /** Always zero, which the compiler cannot know. */
  private static volatile int end;

  private MemoryFault() {}

  /**
   * Throws the error of an access to shared memory that the calling thread has made.
   *
   * @throws InternalError if there was one
   */
  public static void surface() {
    // The rounds of a loop that the compiler cannot count each have a safepoint poll.
    int rounds = 1;
    while (rounds > end) {
      rounds--;
    }
  }
}
