package dev.jebena.server.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Runs commands in this process, with streams that are strings. */
final class Cli {

  /** The repository. */
  static final Path HOME = Path.of("..").toAbsolutePath().normalize();

  /** A model of 260 thousand parameters with a context of 512 tokens. */
  static final String TINY = HOME.resolve("models/src/test/resources/stories260K/stories260K-f32.gguf").toString();

  private static final ObjectMapper JSON = new ObjectMapper();

  private Cli() {}

  /** What a command left. */
  record Result(int status, String out, String err) {

    JsonNode json() {
      return parse(out);
    }

    List<JsonNode> jsonLines() {
      return out.lines().map(Cli::parse).toList();
    }
  }

  static Result run(String... arguments) {
    return run("", Map.of(), arguments);
  }

  static Result run(String input, Map<String, String> environment, String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Surroundings surroundings = new Surroundings(
        new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        Set.of(),
        environment,
        Optional.of(HOME),
        Clock.fixed(Instant.parse("2026-11-24T10:00:00Z"), ZoneOffset.UTC));
    int status = JebenaCommand.execute(surroundings, arguments);
    return new Result(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  static JsonNode parse(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
