package io.ubiblk.config.toml;

import io.ubiblk.config.ConfigurationException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A table that is read key by key. It remembers which keys were asked for, so that {@link #end} can
 * refuse the others. Refusals say file, line, key, value and what was expected.
 */
public final class Section {

  private final TomlNode.Table table;
  private final String name;
  private final Path directory;
  private final boolean confidential;
  private final Set<String> known = new LinkedHashSet<>();

  private Section(TomlNode.Table table, String name, Path directory, boolean confidential) {
    this.table = table;
    this.name = name;
    this.directory = directory;
    this.confidential = confidential;
  }

  /**
   * Begins with a whole configuration.
   *
   * @param table the configuration, includes merged
   * @param directory what its relative paths count from
   * @return the section without a name
   */
  public static Section root(TomlNode.Table table, Path directory) {
    return new Section(table, "", directory, false);
  }

  /** {@return the keys of this section in the order of the file} */
  public Set<String> keys() {
    return table.entries().keySet();
  }

  /**
   * Makes a key known to {@link #end} that is read later.
   *
   * @param key the key
   */
  public void expect(String key) {
    known.add(key);
  }

  /** {@return the dotted name of this section} */
  public String name() {
    return name;
  }

  /**
   * Finds a section inside this one.
   *
   * @param key its key
   * @return the section, or null if there is none
   * @throws ConfigurationException if the value is no table
   */
  public @Nullable Section table(String key) throws ConfigurationException {
    return table(key, confidential);
  }

  /**
   * Finds a section whose values are never shown.
   *
   * @param key its key
   * @return the section, or null if there is none
   * @throws ConfigurationException if the value is no table
   */
  public @Nullable Section confidentialTable(String key) throws ConfigurationException {
    return table(key, true);
  }

  private @Nullable Section table(String key, boolean hidden) throws ConfigurationException {
    TomlNode node = get(key);
    if (node == null) {
      return null;
    }
    if (node instanceof TomlNode.Table inner) {
      return new Section(inner, dotted(key), directory, hidden);
    }
    throw refuse(node, key, hidden, "a table");
  }

  /**
   * Reads a string.
   *
   * @param key its key
   * @return the string, or null if there is none
   * @throws ConfigurationException if the value is no string
   */
  public @Nullable String string(String key) throws ConfigurationException {
    TomlNode node = get(key);
    if (node == null) {
      return null;
    }
    if (node instanceof TomlNode.Scalar scalar && scalar.value() instanceof String text) {
      return text;
    }
    throw refuse(node, key, confidential, "a string");
  }

  /**
   * Reads a path.
   *
   * @param key its key
   * @return the path, counted from the configuration's directory, or null if there is none
   * @throws ConfigurationException if the value is no path
   */
  public @Nullable Path path(String key) throws ConfigurationException {
    String text = string(key);
    if (text == null) {
      return null;
    }
    try {
      if (!text.isEmpty()) {
        return directory.resolve(text);
      }
    } catch (InvalidPathException e) {
      // Refused below like an empty one.
    }
    throw refuse(key, "a path");
  }

  /**
   * Reads a boolean that is false unless set.
   *
   * @param key its key
   * @return the value
   * @throws ConfigurationException if the value is no boolean
   */
  public boolean flag(String key) throws ConfigurationException {
    TomlNode node = get(key);
    if (node == null) {
      return false;
    }
    if (node instanceof TomlNode.Scalar scalar && scalar.value() instanceof Boolean value) {
      return value;
    }
    throw refuse(node, key, confidential, "true or false");
  }

  /**
   * Reads an integer.
   *
   * @param key its key
   * @param unless the value if there is none
   * @param least smallest value accepted
   * @param most largest value accepted
   * @return the value
   * @throws ConfigurationException if the value is no integer of that range
   */
  public long integer(String key, long unless, long least, long most)
      throws ConfigurationException {
    TomlNode node = get(key);
    return node == null ? unless : integer(node, key, least, most);
  }

  /**
   * Reads an array of integers.
   *
   * @param key its key
   * @param least smallest value accepted
   * @param most largest value accepted
   * @return the values, or null if there is no array
   * @throws ConfigurationException if the value is no array of integers of that range
   */
  public @Nullable List<Long> integers(String key, long least, long most)
      throws ConfigurationException {
    TomlNode node = get(key);
    if (node == null) {
      return null;
    }
    if (!(node instanceof TomlNode.Array array)) {
      throw refuse(node, key, confidential, "an array of integers");
    }
    List<Long> values = new ArrayList<>();
    for (TomlNode value : array.values()) {
      values.add(integer(value, key, least, most));
    }
    return values;
  }

  private long integer(TomlNode node, String key, long least, long most)
      throws ConfigurationException {
    if (node instanceof TomlNode.Scalar scalar
        && scalar.value() instanceof Long value
        && value >= least
        && value <= most) {
      return value;
    }
    String range =
        most == Long.MAX_VALUE ? "of at least " + least : "from " + least + " to " + most;
    throw refuse(node, key, confidential, "an integer " + range);
  }

  /**
   * Reads one of a few words.
   *
   * @param <T> what the words stand for
   * @param key its key
   * @param words what each word stands for, in the order to name them in
   * @return the choice, or null if there is none
   * @throws ConfigurationException if the value is none of the words
   */
  public <T> @Nullable T choice(String key, Map<String, T> words) throws ConfigurationException {
    String text = string(key);
    if (text == null) {
      return null;
    }
    T chosen = words.get(text);
    if (chosen == null) {
      throw refuse(key, choices(words.keySet()));
    }
    return chosen;
  }

  /**
   * Reads a reference to a secret: a table with the key {@code ref} alone.
   *
   * @param key its key
   * @return the secret's name, or null if there is no reference
   * @throws ConfigurationException if the value is no reference
   */
  public @Nullable String reference(String key) throws ConfigurationException {
    TomlNode node = get(key);
    if (node == null) {
      return null;
    }
    // Whoever forgets ".ref" may have put the secret itself there.
    if (!(node instanceof TomlNode.Table inner)) {
      throw refuse(
          node, key, true, "a table with the name of a secret: " + key + ".ref = \"NAME\"");
    }
    Section section = new Section(inner, dotted(key), directory, true);
    String secret = section.required("ref", section.string("ref"), "the name of a secret");
    section.end();
    return secret;
  }

  /**
   * Insists on a value.
   *
   * @param <T> type of the value
   * @param key its key
   * @param value the value, or null if there is none
   * @param expected what the value should be
   * @return the value
   * @throws ConfigurationException if there is none
   */
  public <T> T required(String key, @Nullable T value, String expected)
      throws ConfigurationException {
    if (value == null) {
      throw table.position().refuse(dotted(key), "is missing, expected " + expected);
    }
    return value;
  }

  /**
   * Ends the section.
   *
   * @throws ConfigurationException if it has a key that nobody asked for
   */
  public void end() throws ConfigurationException {
    for (Map.Entry<String, TomlNode> entry : table.entries().entrySet()) {
      if (!known.contains(entry.getKey())) {
        String what = name.isEmpty() ? "section or key" : "key";
        throw entry
            .getValue()
            .position()
            .refuse(
                dotted(entry.getKey()), "is an unknown " + what + ", expected " + choices(known));
      }
    }
  }

  /**
   * Makes the exception for a value that is not as it should be.
   *
   * @param key its key; there may be no value
   * @param expected what the value should be
   * @return the exception, not thrown
   */
  public ConfigurationException refuse(String key, String expected) {
    TomlNode node = table.entries().get(key);
    if (node == null) {
      return table.position().refuse(dotted(key), "is missing, expected " + expected);
    }
    return refuse(node, key, confidential, expected);
  }

  /**
   * Makes the exception for something wrong with a key, without its value.
   *
   * @param key the key; there may be no value
   * @param problem what was found and what was expected
   * @return the exception, not thrown
   */
  public ConfigurationException problem(String key, String problem) {
    TomlNode node = table.entries().getOrDefault(key, table);
    return node.position().refuse(key.isEmpty() ? name : dotted(key), problem);
  }

  private ConfigurationException refuse(
      TomlNode node, String key, boolean hidden, String expected) {
    return node.position()
        .refuse(dotted(key), Values.show(node, hidden) + ", expected " + expected);
  }

  private @Nullable TomlNode get(String key) {
    known.add(key);
    return table.entries().get(key);
  }

  private String dotted(String key) {
    return Values.dotted(name, key);
  }

  private static String choices(Set<String> words) {
    return words.size() == 1 ? words.iterator().next() : "one of " + String.join(", ", words);
  }
}
