package io.ubiblk.nbd.session;

import io.ubiblk.api.BlockDevice;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The order of each device that is served, or was and may still have clients: one for all exports
 * and servers of this process. Keeps neither devices nor orders alive. Thread-safe.
 */
final class ChangeOrders {

  private static final List<Entry> ENTRIES = new ArrayList<>();

  private record Entry(WeakReference<BlockDevice> device, WeakReference<ChangeOrder> order) {}

  private ChangeOrders() {}

  /**
   * Returns the order of a device, the same for as long as somebody has it.
   *
   * @param device the device; another object is another device, whatever is behind it
   */
  static ChangeOrder of(BlockDevice device) {
    synchronized (ENTRIES) {
      for (Iterator<Entry> i = ENTRIES.iterator(); i.hasNext(); ) {
        Entry entry = i.next();
        ChangeOrder order = entry.order().get();
        if (order == null) {
          i.remove();
        } else if (entry.device().get() == device) {
          return order;
        }
      }
      ChangeOrder order = new ChangeOrder();
      ENTRIES.add(new Entry(new WeakReference<>(device), new WeakReference<>(order)));
      return order;
    }
  }
}
