package io.ubiblk.core.lazy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The work that is under way, by stripe. An open hash table, because looking up by a boxed number
 * would allocate for each request that waits.
 */
final class StripeWorks {

  private static final int LEAST = 64;
  private static final int GOLDEN = 0x9e3779b9;

  private @Nullable StripeWork[] table = new StripeWork[LEAST];
  private int size;

  int size() {
    return size;
  }

  @Nullable StripeWork get(int stripe) {
    for (int i = home(stripe); ; i = next(i)) {
      StripeWork work = table[i];
      if (work == null || work.stripe == stripe) {
        return work;
      }
    }
  }

  /** Adds the work on a stripe that has none. */
  void add(StripeWork work) {
    if (2 * (size + 1) > table.length) {
      grow();
    }
    insert(work);
    size++;
  }

  /** Removes the work on a stripe, if there is any. */
  void remove(int stripe) {
    for (int i = home(stripe); ; i = next(i)) {
      StripeWork work = table[i];
      if (work == null) {
        return;
      }
      if (work.stripe == stripe) {
        table[i] = null;
        size--;
        closeGap(i);
        return;
      }
    }
  }

  List<StripeWork> all() {
    List<StripeWork> all = new ArrayList<>(size);
    for (StripeWork work : table) {
      if (work != null) {
        all.add(work);
      }
    }
    return all;
  }

  void clear() {
    Arrays.fill(table, null);
    size = 0;
  }

  /** Puts what follows a gap where it is found again: nothing may lie behind an empty place. */
  private void closeGap(int gap) {
    for (int i = next(gap); ; i = next(i)) {
      StripeWork work = table[i];
      if (work == null) {
        return;
      }
      table[i] = null;
      insert(work);
    }
  }

  private void insert(StripeWork work) {
    int i = home(work.stripe);
    while (table[i] != null) {
      i = next(i);
    }
    table[i] = work;
  }

  private void grow() {
    List<StripeWork> all = all();
    table = new StripeWork[table.length * 2];
    all.forEach(this::insert);
  }

  /** Scatters stripes in a row: what is removed from among many neighbours moves them all. */
  private int home(int stripe) {
    return (stripe * GOLDEN) >>> Integer.numberOfLeadingZeros(table.length - 1);
  }

  private int next(int i) {
    return (i + 1) & (table.length - 1);
  }
}
