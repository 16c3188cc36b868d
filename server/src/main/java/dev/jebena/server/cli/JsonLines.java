package dev.jebena.server.cli;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads a file of one JSON value a line, and writes JSON. */
final class JsonLines {

  static final ObjectMapper JSON = JsonMapper.builder()
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .enable(DeserializationFeature.USE_LONG_FOR_INTS)
      .build();

  private static final String STANDARD_INPUT = "-";

  /** Some editors begin a file with it. */
  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private JsonLines() {}

  /** Is given a line. */
  @FunctionalInterface
  interface Consumer {
    void accept(int number, JsonNode value);
  }

  /**
   * Gives every line that is not blank to {@code consumer}, in order.
   *
   * @param file a path, or {@code -} for standard input
   * @throws CommandException naming the line that is not JSON
   */
  static void read(Surroundings surroundings, String file, Consumer consumer) {
    try (BufferedReader reader = open(surroundings, file)) {
      int number = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (number == 1 && line.startsWith(BYTE_ORDER_MARK)) {
          line = line.substring(1);
        }
        if (!line.isBlank()) {
          consumer.accept(number, parse(file, number, line));
        }
      }
    } catch (CharacterCodingException e) {
      throw new CommandException(file + " is not UTF-8: convert it", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A reader that replaces nothing: what is not UTF-8 is an error. */
  private static BufferedReader open(Surroundings surroundings, String file) throws IOException {
    if (file.equals(STANDARD_INPUT)) {
      return new BufferedReader(new InputStreamReader(surroundings.in(), StandardCharsets.UTF_8.newDecoder()));
    }
    Path path = Path.of(file);
    if (Files.isDirectory(path)) {
      throw new CommandException(file + " is a folder: give a file of JSON lines");
    }
    return new BufferedReader(new InputStreamReader(Files.newInputStream(path), StandardCharsets.UTF_8.newDecoder()));
  }

  private static JsonNode parse(String file, int number, String line) {
    try {
      return JSON.readTree(line);
    } catch (JacksonException e) {
      String reason = e instanceof MismatchedInputException ? "more follows the end of the value" : e.getOriginalMessage();
      throw new CommandException(file + ", line " + number + ": not a JSON value: " + reason);
    }
  }

  /**
   * The ids of an array.
   *
   * @throws CommandException naming the line if it is not an array of ids
   */
  static int[] ids(int line, String what, JsonNode value) {
    if (!value.isArray()) {
      throw new CommandException("line " + line + ": " + what + " is not an array of token ids");
    }
    int[] ids = new int[value.size()];
    for (int i = 0; i < ids.length; i++) {
      JsonNode id = value.get(i);
      if (!id.isIntegralNumber() || !id.canConvertToInt()) {
        throw new CommandException("line " + line + ": element " + i + " of " + what + " is " + id + ", which is not a token id");
      }
      ids[i] = id.intValue();
    }
    return ids;
  }

  /** Writes a value on a line. */
  static void write(PrintStream out, Object value) {
    try {
      out.print(JSON.writeValueAsString(value) + "\n");
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
