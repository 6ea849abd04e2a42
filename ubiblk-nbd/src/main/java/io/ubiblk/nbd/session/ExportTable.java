package io.ubiblk.nbd.session;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.nbd.NbdExport;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The exports of a server by name, in the order in which they were added. Thread-safe. */
public final class ExportTable {

  private final Map<String, ServedExport> exports = new LinkedHashMap<>();
  private final String defaultName;

  /** Exports that are served, or were and may still have clients. */
  private final List<WeakReference<ServedExport>> known = new ArrayList<>();

  /**
   * Creates an empty table.
   *
   * @param defaultName name of the export that clients get who ask for none
   */
  public ExportTable(String defaultName) {
    this.defaultName = defaultName;
  }

  /**
   * Adds an export.
   *
   * @param description the export
   * @return the export, served from now on
   * @throws BlockDeviceException.Busy if there is one of that name
   */
  public synchronized ServedExport add(NbdExport description) throws BlockDeviceException.Busy {
    String name = description.name();
    if (exports.containsKey(name)) {
      throw new BlockDeviceException.Busy("an export named \"" + name + "\" is served already");
    }
    ServedExport export = new ServedExport(description, orderOf(description.device()));
    exports.put(name, export);
    known.add(new WeakReference<>(export));
    return export;
  }

  /** Exports of one device share an order, also with those whose clients are still leaving. */
  private ChangeOrder orderOf(BlockDevice device) {
    ChangeOrder order = null;
    for (Iterator<WeakReference<ServedExport>> i = known.iterator(); i.hasNext(); ) {
      ServedExport export = i.next().get();
      if (export == null) {
        i.remove();
      } else if (export.description().device() == device) {
        order = export.order();
      }
    }
    return order == null ? new ChangeOrder() : order;
  }

  /**
   * Removes an export.
   *
   * @param name its name
   * @return the export, or null if there is none
   */
  public synchronized @Nullable ServedExport remove(String name) {
    return exports.remove(name);
  }

  /**
   * Removes an export if it is still the one that goes by its name.
   *
   * @param export the export
   * @return whether it was
   */
  public synchronized boolean remove(ServedExport export) {
    return exports.remove(export.description().name(), export);
  }

  /** {@return all exports} */
  public synchronized List<ServedExport> all() {
    return List.copyOf(exports.values());
  }

  /** The export that a client gets by a name, or null if there is none. */
  synchronized @Nullable ServedExport find(String name) {
    ServedExport exact = exports.get(name);
    return exact == null && name.isEmpty() ? exports.get(defaultName) : exact;
  }
}
