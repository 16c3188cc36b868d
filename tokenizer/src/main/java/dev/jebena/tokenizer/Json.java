package dev.jebena.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A value of a JSON file with typed access; errors name the place in the file. */
final class Json {
  private static final long MAX_FILE_BYTES = 512L << 20;

  /** Most names in these files are tokens, which occur once: to intern them would take longer than to read them. */
  private static final JsonFactory FACTORY = JsonFactory.builder()
      .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
      .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
      .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(64).build())
      .build();

  private final @Nullable Object value;
  private final @Nullable Json parent;
  private final String name;
  private final int index;

  private Json(@Nullable Object value, @Nullable Json parent, String name, int index) {
    this.value = value;
    this.parent = parent;
    this.name = name;
    this.index = index;
  }

  /** A value that is a file of its own. */
  static Json root(@Nullable Object value, String name) {
    return new Json(value, null, name, -1);
  }

  @Nullable Object value() {
    return value;
  }

  /** Where in the file the value is; put together only when asked for, since there are many values. */
  String place() {
    if (parent == null) {
      return name;
    }
    return index >= 0 ? parent.place() + "[" + index + "]" : parent.place() + "." + name;
  }

  /** A value of an object. */
  Json child(Object key, @Nullable Object child) {
    return new Json(child, this, String.valueOf(key), -1);
  }

  static Json read(Path file) {
    try {
      long bytes = Files.size(file);
      if (bytes > MAX_FILE_BYTES) {
        throw new TokenizerException(file + " has " + bytes + " bytes, more than the " + MAX_FILE_BYTES + " that are read");
      }
    } catch (IOException e) {
      throw new TokenizerException(file + " cannot be read: " + e.getMessage(), e);
    }
    try (JsonParser parser = FACTORY.createParser(file.toFile())) {
      return root(whole(parser), String.valueOf(file.getFileName()));
    } catch (IOException e) {
      throw notJson(file.toString(), e);
    }
  }

  private static TokenizerException notJson(String name, IOException e) {
    String reason = e instanceof JsonProcessingException json && json.getLocation() != null
        ? json.getOriginalMessage() + " (line " + json.getLocation().getLineNr() + ", column " + json.getLocation().getColumnNr() + ")"
        : e.getMessage();
    return new TokenizerException(name + " cannot be read as JSON: " + reason, e);
  }

  /**
   * Reads a text that is in memory already.
   *
   * @param name what errors call it
   */
  static Json parse(byte[] text, String name) {
    try (JsonParser parser = FACTORY.createParser(text)) {
      return root(whole(parser), name);
    } catch (IOException e) {
      throw notJson(name, e);
    }
  }

  private static @Nullable Object whole(JsonParser parser) throws IOException {
    parser.nextToken();
    Object value = value(parser);
    if (parser.nextToken() != null) {
      throw new IOException("more follows the end of the JSON value");
    }
    return value;
  }

  private static @Nullable Object value(JsonParser parser) throws IOException {
    JsonToken token = parser.currentToken();
    if (token == null) {
      throw new TokenizerException("the JSON text is empty");
    }
    return switch (token) {
      case START_OBJECT -> {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String name = parser.currentName();
          parser.nextToken();
          map.put(name, value(parser));
        }
        yield map;
      }
      case START_ARRAY -> {
        List<@Nullable Object> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(parser));
        }
        yield list;
      }
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }

  boolean isNull() {
    return value == null;
  }

  Json at(String name) {
    Object child = value == null ? null : map().get(name);
    return new Json(child, this, name, -1);
  }

  Map<?, ?> map() {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw bad("an object");
  }

  List<Json> list() {
    if (!(value instanceof List<?> list)) {
      throw bad("a list");
    }
    List<Json> items = new ArrayList<>(list.size());
    for (int i = 0; i < list.size(); i++) {
      items.add(new Json(list.get(i), this, "", i));
    }
    return items;
  }

  String string() {
    if (value instanceof String string) {
      return string;
    }
    throw bad("a string");
  }

  String string(String byDefault) {
    return value == null ? byDefault : string();
  }

  /** A string of one character, as its code point. */
  int character() {
    String string = string();
    if (string.isEmpty() || string.codePointCount(0, string.length()) != 1) {
      throw bad("one character");
    }
    return string.codePointAt(0);
  }

  boolean flag(boolean byDefault) {
    if (value == null) {
      return byDefault;
    }
    if (value instanceof Boolean flag) {
      return flag;
    }
    throw bad("true or false");
  }

  int integer() {
    if (value instanceof Double number && number == number.intValue()) {
      return number.intValue();
    }
    throw bad("a whole number");
  }

  /** A token id: a whole number of at least 0. */
  int id() {
    int id = integer();
    if (id < 0 || id == Integer.MAX_VALUE) {
      throw new TokenizerException(place() + " is " + id + ": ids begin at 0");
    }
    return id;
  }

  double number() {
    if (value instanceof Double number) {
      return number;
    }
    throw bad("a number");
  }

  private TokenizerException bad(String wanted) {
    return new TokenizerException(place() + " must be " + wanted);
  }

  TokenizerException unsupported(String what) {
    return new TokenizerException(place() + ": " + what + " is not supported");
  }
}
