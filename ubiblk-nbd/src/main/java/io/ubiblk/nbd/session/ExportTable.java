package io.ubiblk.nbd.session;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.nbd.NbdExport;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The exports of a server by name, in the order in which they were added. Thread-safe. */
public final class ExportTable {

  private final Map<String, ServedExport> exports = new LinkedHashMap<>();
  private final String defaultName;

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
    ServedExport export = new ServedExport(description);
    exports.put(name, export);
    return export;
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
