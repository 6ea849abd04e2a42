package io.ubiblk.examples.programs;

import java.util.function.IntPredicate;

/** Prints indices: separated by commas, runs of three or more as the first and the last. */
final class IndexList {

  private static final int SHORTEST_RUN = 3;

  private IndexList() {}

  /** Returns the indices below a limit that are wanted. */
  static String of(int limit, IntPredicate wanted) {
    StringBuilder text = new StringBuilder();
    int index = 0;
    while (index < limit) {
      int begin = index;
      while (index < limit && wanted.test(index)) {
        index++;
      }
      if (index - begin >= SHORTEST_RUN) {
        add(text, begin).append('-').append(index - 1);
      } else {
        for (int single = begin; single < index; single++) {
          add(text, single);
        }
      }
      index++;
    }
    return text.toString();
  }

  private static StringBuilder add(StringBuilder text, int index) {
    return text.append(text.isEmpty() ? "" : ", ").append(index);
  }
}
