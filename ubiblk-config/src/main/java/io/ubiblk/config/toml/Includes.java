package io.ubiblk.config.toml;

import io.ubiblk.config.ConfigurationException;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Puts a file and the files that it includes together. Tables merge, however deep; any other key
 * may be in one file only.
 */
public final class Includes {

  private static final String KEY = "include";

  private Includes() {}

  /**
   * Reads a file and what it includes.
   *
   * @param root the file
   * @return the content of all of them, without {@code include}
   * @throws ConfigurationException if one cannot be read, is not TOML or does not fit the others
   */
  public static TomlNode.Table read(Path root) throws ConfigurationException {
    try {
      return merge(TomlFile.read(root), directory(root));
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(root, 0, "", "does not exist, expected a configuration");
    } catch (ConfigurationException e) {
      throw e;
    } catch (IOException e) {
      throw new ConfigurationException(
          root, 0, "", "cannot be read, expected a configuration: " + e.getMessage());
    }
  }

  /**
   * Returns the directory that relative paths of a configuration count from.
   *
   * @param root the configuration's root file
   * @return its parent as written, empty for a bare file name
   */
  public static Path directory(Path root) {
    Path parent = root.getParent();
    return parent == null ? Path.of("") : parent;
  }

  /**
   * Merges what a file includes into it.
   *
   * @param root content of the file
   * @param directory what the paths of included files count from
   * @return the content of all of them, without {@code include}
   * @throws ConfigurationException if one cannot be read, is not TOML or does not fit the others
   */
  public static TomlNode.Table merge(TomlNode.Table root, Path directory)
      throws ConfigurationException {
    TomlNode include = root.entries().get(KEY);
    Map<String, TomlNode> rest = new LinkedHashMap<>(root.entries());
    rest.remove(KEY);
    TomlNode.Table merged = new TomlNode.Table(rest, root.position());
    if (include == null) {
      return merged;
    }
    if (!(include instanceof TomlNode.Array list)) {
      throw include.position().refuse(KEY, "is not an array, expected an array of file names");
    }
    for (TomlNode entry : list.values()) {
      merged = mergeFile(merged, entry, directory);
    }
    return merged;
  }

  private static TomlNode.Table mergeFile(TomlNode.Table root, TomlNode entry, Path directory)
      throws ConfigurationException {
    if (!(entry instanceof TomlNode.Scalar(Object value, Position position))
        || !(value instanceof String text)) {
      throw entry.position().refuse(KEY, "holds a value that is no string, expected file names");
    }
    boolean optional = text.endsWith("?");
    String name = optional ? text.substring(0, text.length() - 1) : text;
    Path file = directory.resolve(checked(name, position));
    TomlNode.Table included;
    try {
      included = TomlFile.read(file);
    } catch (NoSuchFileException e) {
      if (optional) {
        return root;
      }
      throw position.refuse(KEY, Values.show(text) + " does not exist, expected a file at " + file);
    } catch (ConfigurationException e) {
      throw e;
    } catch (IOException e) {
      throw position.refuse(
          KEY,
          Values.show(text)
              + " cannot be read, expected a file at "
              + file
              + ": "
              + e.getMessage());
    }
    TomlNode nested = included.entries().get(KEY);
    if (nested != null) {
      throw nested.position().refuse(KEY, "is in an included file, expected it in the root only");
    }
    return mergeTables(root, included, "");
  }

  private static Path checked(String name, Position position) throws ConfigurationException {
    String expected = ", expected a relative path without \"..\"";
    Path path;
    try {
      path = Path.of(name);
    } catch (InvalidPathException e) {
      throw position.refuse(KEY, Values.show(name) + " is no path" + expected);
    }
    if (name.isBlank()) {
      throw position.refuse(KEY, Values.show(name) + " is empty" + expected);
    }
    if (path.isAbsolute()) {
      throw position.refuse(KEY, Values.show(name) + " is absolute" + expected);
    }
    for (Path part : path) {
      if (part.toString().equals("..")) {
        throw position.refuse(KEY, Values.show(name) + " leads out of the directory" + expected);
      }
    }
    return path;
  }

  private static TomlNode.Table mergeTables(TomlNode.Table into, TomlNode.Table from, String name)
      throws ConfigurationException {
    Map<String, TomlNode> merged = new LinkedHashMap<>(into.entries());
    for (Map.Entry<String, TomlNode> entry : from.entries().entrySet()) {
      String key = Values.dotted(name, entry.getKey());
      TomlNode there = merged.get(entry.getKey());
      TomlNode added = entry.getValue();
      if (there == null) {
        merged.put(entry.getKey(), added);
      } else if (there instanceof TomlNode.Table a && added instanceof TomlNode.Table b) {
        merged.put(entry.getKey(), mergeTables(a, b, key));
      } else {
        throw added.position().refuse(key, collision(there));
      }
    }
    return new TomlNode.Table(merged, into.position());
  }

  private static String collision(TomlNode there) {
    return "is also in "
        + there.position().file()
        + ", line "
        + there.position().line()
        + ", expected it in one file only";
  }
}
