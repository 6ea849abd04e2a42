package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** Assertions about failures. */
final class Expect {

  private Expect() {}

  /** Demands that something throws, and that the message has a part. */
  static <T extends Throwable> T failure(Class<T> type, String part, Executable body) {
    T thrown = assertThrows(type, body);
    assertTrue(("" + thrown.getMessage()).contains(part), () -> part + " is not in " + thrown);
    return thrown;
  }
}
