package dev.jebena.tokenizer.template;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads JSON into the plain values that templates take. */
final class JsonValues {

  private static final int MAX_DEPTH = 200;

  private JsonValues() {}

  static @Nullable Object parse(String text) throws IOException {
    try (JsonParser json = new JsonFactory().createParser(text)) {
      json.nextToken();
      return value(json, 0);
    }
  }

  /** What is wrong with a text, and where. */
  static String reason(IOException e) {
    return e instanceof JsonProcessingException json && json.getLocation() != null
        ? json.getOriginalMessage() + " (line " + json.getLocation().getLineNr() + ", column " + json.getLocation().getColumnNr() + ")"
        : String.valueOf(e.getMessage());
  }

  private static @Nullable Object value(JsonParser json, int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw new IOException("JSON is nested deeper than " + MAX_DEPTH);
    }
    JsonToken token = json.currentToken();
    if (token == null) {
      throw new IOException("JSON ends too early");
    }
    return switch (token) {
      case START_OBJECT -> {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
          String key = json.currentName();
          json.nextToken();
          map.put(key, value(json, depth + 1));
        }
        yield map;
      }
      case START_ARRAY -> {
        List<@Nullable Object> list = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(json, depth + 1));
        }
        yield list;
      }
      case VALUE_STRING -> json.getText();
      case VALUE_NUMBER_INT ->
          json.getNumberType() == JsonParser.NumberType.BIG_INTEGER ? json.getBigIntegerValue() : (Object) json.getLongValue();
      case VALUE_NUMBER_FLOAT -> json.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }
}
