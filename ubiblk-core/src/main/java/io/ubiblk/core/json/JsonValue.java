package io.ubiblk.core.json;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A JSON value. {@code toString()} is its text, without white space. */
public sealed interface JsonValue {

  /**
   * Makes a string.
   *
   * @param text the text
   * @return the value
   */
  static JsonValue of(String text) {
    return new Text(text);
  }

  /**
   * Makes a number.
   *
   * @param number the number
   * @return the value
   */
  static JsonValue of(long number) {
    return new Numeral(Long.toString(number));
  }

  /**
   * Finds a member of an object.
   *
   * @param name the member's name
   * @return its value
   * @throws JsonException if this is no object or has no such member
   */
  default JsonValue member(String name) throws JsonException {
    if (this instanceof Struct(Map<String, JsonValue> members)) {
      JsonValue value = members.get(name);
      if (value != null) {
        return value;
      }
      throw new JsonException("no member \"" + name + "\" in an object of " + members.keySet());
    }
    throw new JsonException(kind() + ", expected an object with the member \"" + name + "\"");
  }

  /**
   * Returns a string's text.
   *
   * @return the text
   * @throws JsonException if this is no string
   */
  default String asString() throws JsonException {
    if (this instanceof Text(String text)) {
      return text;
    }
    throw new JsonException(kind() + ", expected a string");
  }

  /**
   * Returns a number's value.
   *
   * @return the value
   * @throws JsonException if this is no integer of 64 bits
   */
  default long asLong() throws JsonException {
    if (this instanceof Numeral(String text)) {
      try {
        return Long.parseLong(text);
      } catch (NumberFormatException e) {
        throw new JsonException("a number that is no integer of 64 bits, expected one");
      }
    }
    throw new JsonException(kind() + ", expected an integer");
  }

  /**
   * Returns an array's values.
   *
   * @return the values, immutable
   * @throws JsonException if this is no array
   */
  default List<JsonValue> asList() throws JsonException {
    if (this instanceof Sequence(List<JsonValue> values)) {
      return values;
    }
    throw new JsonException(kind() + ", expected an array");
  }

  /**
   * Returns an object's members.
   *
   * @return the members, immutable
   * @throws JsonException if this is no object
   */
  default Map<String, JsonValue> asMap() throws JsonException {
    if (this instanceof Struct(Map<String, JsonValue> members)) {
      return members;
    }
    throw new JsonException(kind() + ", expected an object");
  }

  /** {@return what kind of value this is, in words} */
  default String kind() {
    return switch (this) {
      case Struct s -> "an object";
      case Sequence s -> "an array";
      case Text t -> "a string";
      case Numeral n -> "a number";
      case Literal l -> l.toString();
    };
  }

  /**
   * An object.
   *
   * @param members the members in order
   */
  record Struct(Map<String, JsonValue> members) implements JsonValue {
    /** Copies the map and keeps its order. */
    public Struct {
      members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
    }

    /**
     * Makes an object of one member.
     *
     * @param name the member's name
     * @param value the member's value
     * @return the object
     */
    public static Struct of(String name, JsonValue value) {
      return new Struct(Map.of(name, value));
    }

    @Override
    public String toString() {
      return JsonText.of(this);
    }
  }

  /**
   * An array.
   *
   * @param values the values in order
   */
  record Sequence(List<JsonValue> values) implements JsonValue {
    /** Copies the list. */
    public Sequence {
      values = List.copyOf(values);
    }

    @Override
    public String toString() {
      return JsonText.of(this);
    }
  }

  /**
   * A string.
   *
   * @param text the text
   */
  record Text(String text) implements JsonValue {
    @Override
    public String toString() {
      return JsonText.of(this);
    }
  }

  /**
   * A number.
   *
   * @param text the number as it is written
   */
  record Numeral(String text) implements JsonValue {
    @Override
    public String toString() {
      return text;
    }
  }

  /** One of the words that JSON knows. */
  enum Literal implements JsonValue {
    /** The value {@code null}. */
    NULL("null"),
    /** The value {@code true}. */
    TRUE("true"),
    /** The value {@code false}. */
    FALSE("false");

    private final String text;

    Literal(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
