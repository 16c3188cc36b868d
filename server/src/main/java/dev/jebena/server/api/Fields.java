package dev.jebena.server.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Reads the fields of a JSON object and refuses, by name, those of a wrong type or out of range. A field that is null counts as absent,
 * a field that nobody asks for is tolerated.
 */
public final class Fields {

  private final ObjectNode object;
  private final String prefix;

  /** The fields of a whole body. */
  public Fields(ObjectNode object) {
    this(object, "");
  }

  private Fields(ObjectNode object, String prefix) {
    this.object = object;
    this.prefix = prefix;
  }

  /** The fields of an object that lies within another; messages name them with the path in front. */
  public static Fields within(JsonNode node, String path) {
    if (node instanceof ObjectNode object) {
      return new Fields(object, path + ".");
    }
    throw wrongType(path, node, "an object");
  }

  /** The path that messages give a field. */
  public String path(String name) {
    return prefix + name;
  }

  /** The value as it stands; empty if it is absent or null. */
  public Optional<JsonNode> node(String name) {
    JsonNode node = object.get(name);
    return node == null || node.isNull() ? Optional.empty() : Optional.of(node);
  }

  /** A string. */
  public Optional<String> string(String name) {
    return node(name).map(node -> {
      if (!node.isTextual()) {
        throw wrongType(path(name), node, "a string");
      }
      return node.textValue();
    });
  }

  /** A string that has to be there. */
  public String requiredString(String name) {
    return string(name).orElseThrow(() -> missing(path(name)));
  }

  /** A flag; false if it is absent. */
  public boolean flag(String name) {
    return flag(name, false);
  }

  /** A flag. */
  public boolean flag(String name, boolean absent) {
    return node(name).map(node -> {
      if (!node.isBoolean()) {
        throw wrongType(path(name), node, "true or false");
      }
      return node.booleanValue();
    }).orElse(absent);
  }

  /** An integer in a range. */
  public OptionalInt integer(String name, int from, int to) {
    OptionalLong value = longInteger(name, from, to);
    return value.isPresent() ? OptionalInt.of((int) value.getAsLong()) : OptionalInt.empty();
  }

  /** An integer in a range. */
  public OptionalLong longInteger(String name, long from, long to) {
    Optional<JsonNode> node = node(name);
    if (node.isEmpty()) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(integerValue(node.get(), path(name), from, to));
  }

  private static long integerValue(JsonNode node, String path, long from, long to) {
    boolean whole = node.isIntegralNumber() || node.isDouble() && node.doubleValue() == Math.rint(node.doubleValue());
    if (!whole) {
      throw wrongType(path, node, "an integer");
    }
    if (!node.canConvertToLong() || node.longValue() < from || node.longValue() > to) {
      throw ApiException.invalid(path, path + " is " + abbreviate(node) + ": use an integer from " + from + " to " + to);
    }
    return node.longValue();
  }

  /** A number in a range, its ends included. */
  public OptionalDouble number(String name, double from, double to) {
    Optional<JsonNode> node = node(name);
    return node.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(numberValue(node.get(), path(name), from, to));
  }

  /** A number in a range, its ends included. */
  public static double numberValue(JsonNode node, String path, double from, double to) {
    if (!node.isNumber()) {
      throw wrongType(path, node, "a number");
    }
    double value = node.doubleValue();
    if (!(value >= from && value <= to)) {
      throw ApiException.invalid(path, path + " is " + abbreviate(node) + ": use a number from " + from + " to " + to);
    }
    return value;
  }

  /** Strings; one alone may stand without an array. */
  public List<String> strings(String name) {
    Optional<JsonNode> node = node(name);
    if (node.isEmpty()) {
      return List.of();
    }
    if (node.get().isTextual()) {
      return List.of(node.get().textValue());
    }
    List<String> values = new ArrayList<>();
    for (JsonNode element : array(node.get(), path(name), "a string or an array of strings")) {
      if (!element.isTextual()) {
        throw wrongType(path(name), element, "a string or an array of strings");
      }
      values.add(element.textValue());
    }
    return values;
  }

  /** Integers in a range; empty if the field is absent. */
  public int[] integers(String name, int from, int to) {
    Optional<JsonNode> node = node(name);
    return node.isEmpty() ? new int[0] : integerValues(node.get(), path(name), from, to);
  }

  /** Integers in a range. */
  public static int[] integerValues(JsonNode node, String path, int from, int to) {
    ArrayNode array = array(node, path, "an array of integers");
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (int) integerValue(array.get(i), path, from, to);
    }
    return values;
  }

  /** An object. */
  public Optional<Fields> fields(String name) {
    return node(name).map(node -> within(node, path(name)));
  }

  /** Every field there is, whoever knows it. */
  public ObjectNode object() {
    return object;
  }

  /**
   * Refuses a field that this server knows of but does not honour, unless its value asks for nothing.
   *
   * @param harmless the values that ask for nothing
   */
  public void refuse(String name, Predicate<JsonNode> harmless, String remedy) {
    node(name).filter(harmless.negate()).ifPresent(node -> {
      throw ApiException.unsupported(path(name), path(name) + " is not supported by this server: " + remedy);
    });
  }

  /** Refuses these fields unless they are null, false, or empty. */
  public void refuseAll(Set<String> names) {
    for (String name : names) {
      refuse(name, Fields::asksForNothing, "leave it out");
    }
  }

  private static boolean asksForNothing(JsonNode node) {
    return node.isBoolean() && !node.booleanValue() || node.isContainerNode() && node.isEmpty()
        || node.isTextual() && node.textValue().isEmpty();
  }

  /** What is thrown when a field has to be there and is not. */
  public static ApiException missing(String path) {
    return ApiException.invalid(path, path + " is missing");
  }

  /** What is thrown when a value has the wrong type. */
  public static ApiException wrongType(String path, JsonNode node, String expected) {
    return ApiException.invalid(path, path + " is " + abbreviate(node) + ": use " + expected);
  }

  private static ArrayNode array(JsonNode node, String path, String expected) {
    if (node instanceof ArrayNode array) {
      return array;
    }
    throw wrongType(path, node, expected);
  }

  private static String abbreviate(JsonNode node) {
    if (node.isContainerNode()) {
      return node.isArray() ? "an array" : "an object";
    }
    String text = Json.write(node);
    return text.length() <= 60 ? text : text.substring(0, 60) + "...";
  }
}
