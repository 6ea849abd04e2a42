package io.ubiblk.config.toml;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A value of a TOML file that knows where it stands. */
public sealed interface TomlNode {

  /** {@return where the value stands} */
  Position position();

  /**
   * A table.
   *
   * @param entries the values by key, in the order of the file
   * @param position where the table begins
   */
  record Table(Map<String, TomlNode> entries, Position position) implements TomlNode {
    /** Copies the map. */
    public Table {
      entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
    }
  }

  /**
   * An array.
   *
   * @param values the values in order
   * @param position where the array's key stands
   */
  record Array(List<TomlNode> values, Position position) implements TomlNode {
    /** Copies the list. */
    public Array {
      values = List.copyOf(values);
    }
  }

  /**
   * A value that holds no other.
   *
   * @param value a String, Long, Double, Boolean or something of {@code java.time}
   * @param position where the value's key stands
   */
  record Scalar(Object value, Position position) implements TomlNode {
    /** Prints the position only: the value may be a secret. */
    @Override
    public String toString() {
      return "Scalar[" + position + "]";
    }
  }
}
