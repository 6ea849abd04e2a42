package io.ubiblk.core.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.testkit.Seeds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "true",
        "false",
        "0",
        "-0",
        "18446744073709551615",
        "-1.5e+10",
        "1E-2",
        "\"\"",
        "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001fé😀/\"",
        "[]",
        "{}",
        "[1,[],{\"a\":[null]}]",
        "{\"b\":1,\"a\":{\"\":true}}"
      })
  void textComesBackAsItWas(String text) throws JsonException {
    assertEquals(text, JsonParser.parse(text).toString());
    assertEquals(text, JsonParser.parse(" \t\r\n" + text + " ").toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "nul",
        "nulll",
        "True",
        "01",
        "-",
        "+1",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x1",
        "NaN",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\n\"",
        "'a'",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,]",
        "[1 2]",
        "]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "{\"a\" 1}",
        "{\"a\":1}}",
        "{\"a\":1,\"a\":1}",
        "1 1",
        "[]x",
        "/*c*/1",
        "\u0000",
        "1\u0000",
        "\uFEFF1",
        "\u00a01"
      })
  void everythingElseIsRefused(String text) {
    JsonException e = assertThrows(JsonException.class, () -> JsonParser.parse(text));
    assertTrue(String.valueOf(e.getMessage()).contains("column"), e.getMessage());
  }

  @Test
  void escapesAreUnderstood() throws JsonException {
    assertEquals(
        "a/é\uD83D\uDE00", JsonParser.parse("\"\\u0061\\/\\u00E9\\ud83D\\ude00\"").asString());
  }

  @Test
  void deepNestingIsRefused() throws JsonException {
    String deepest = "[".repeat(32) + "]".repeat(32);
    assertEquals(deepest, JsonParser.parse(deepest).toString());
    for (String text :
        new String[] {
          "[" + deepest + "1]",
          "[".repeat(1_000_000),
          "{\"a\":".repeat(1_000_000),
          "[{\"a\":".repeat(99)
        }) {
      assertThrows(JsonException.class, () -> JsonParser.parse(text));
    }
  }

  @Test
  void theWrongKindIsNamed() throws JsonException {
    JsonValue value = JsonParser.parse("{\"a\":[1,\"x\",1.5,99999999999999999999]}");
    JsonValue array = value.member("a");
    assertEquals(1, array.asList().getFirst().asLong());
    assertEquals("x", array.asList().get(1).asString());
    assertThrows(JsonException.class, () -> value.member("b"));
    assertThrows(JsonException.class, () -> array.member("b"));
    assertThrows(JsonException.class, array::asString);
    assertThrows(JsonException.class, array::asLong);
    assertThrows(JsonException.class, array::asMap);
    assertThrows(JsonException.class, value::asList);
    assertThrows(JsonException.class, () -> array.asList().get(2).asLong());
    assertThrows(JsonException.class, () -> array.asList().get(3).asLong());
  }

  @Test
  void randomTextIsRefusedOrAValue() {
    String alphabet = "{}[]\",:\\u0019aeE+-. \ttruefalsn\u0000\u00e9\ud800";
    Seeds.check(
        random -> {
          for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.between(0, 12); n > 0; n--) {
              text.append(alphabet.charAt(random.between(0, alphabet.length() - 1)));
            }
            try {
              JsonValue value = JsonParser.parse(text.toString());
              assertEquals(value, JsonParser.parse(value.toString()));
            } catch (JsonException refused) {
              assertTrue(String.valueOf(refused.getMessage()).contains("column"));
            }
          }
        });
  }
}
