package dev.jebena.server.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.jebena.server.http.Response;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** JSON in and out, within limits: what is read has at most {@link #MAX_DEPTH} levels, and is UTF-8 to the letter. */
public final class Json {

  /** The deepest nesting that is read. */
  public static final int MAX_DEPTH = 100;

  private static final JsonMapper MAPPER = JsonMapper.builder(
          JsonFactory.builder()
              .streamReadConstraints(StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNumberLength(100)
                  .maxNameLength(4096)
                  // the body's own limit bounds the strings in it
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
              .build())
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .build();

  private Json() {}

  /**
   * Reads an object.
   *
   * @throws ApiException with status 400 if the bytes are not UTF-8, not JSON, or not an object
   */
  public static ObjectNode parseObject(byte[] bytes) {
    if (parse(bytes) instanceof ObjectNode object) {
      return object;
    }
    throw ApiException.invalid("the body is JSON but not an object: send {...}");
  }

  private static JsonNode parse(byte[] bytes) {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw ApiException.invalid("the body is not UTF-8: " + e.getMessage());
    }
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      var at = e.getLocation();
      throw ApiException.invalid(
          "the body is not JSON" + (at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr()) + ": "
              + shorten(e.getOriginalMessage()));
    }
  }

  private static String shorten(String message) {
    return message.length() <= 200 ? message : message.substring(0, 200) + "...";
  }

  /** A new object. */
  public static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** A new array. */
  public static ArrayNode array() {
    return JsonNodeFactory.instance.arrayNode();
  }

  /** An array of integers. */
  public static ArrayNode array(int[] values) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode(values.length);
    for (int value : values) {
      array.add(value);
    }
    return array;
  }

  /** A document as text. */
  public static String write(JsonNode node) {
    try {
      // to characters first: a half surrogate that a client sent and that comes back in a message must not make this fail
      return MAPPER.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree is always writable", e);
    }
  }

  /** An error in OpenAI's shape. */
  public static ObjectNode error(ApiException error) {
    ObjectNode body = object();
    body.putObject("error")
        .put("message", error.getMessage())
        .put("type", error.type())
        .put("param", error.param().orElse(null))
        .put("code", error.code().orElse(null));
    return body;
  }

  /** A response that says what is wrong. */
  public static Response errorResponse(ApiException error) {
    Response response = Response.json(error.status(), write(error(error)));
    for (Map.Entry<String, String> header : error.headers().entrySet()) {
      response = response.with(header.getKey(), header.getValue());
    }
    return response;
  }
}
