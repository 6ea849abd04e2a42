package io.ubiblk.nbd.session;

import io.ubiblk.api.BlockDeviceException;
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
   * @param export the export
   * @throws BlockDeviceException.Busy if there is one of that name
   */
  public synchronized void add(ServedExport export) throws BlockDeviceException.Busy {
    String name = export.description().name();
    if (exports.putIfAbsent(name, export) != null) {
      throw new BlockDeviceException.Busy("an export named \"" + name + "\" is served already");
    }
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
