package dev.jebena.benchmarks.compare;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs other programs. */
final class Processes {

  private Processes() {}

  /**
   * Standard output of a program that ends well.
   *
   * @throws IllegalStateException with the end of its standard error if it does not
   */
  static String output(List<String> command) {
    try {
      Path errors = Files.createTempFile("compare", ".err");
      try {
        Process process = new ProcessBuilder(command).redirectError(errors.toFile()).redirectInput(ProcessBuilder.Redirect.from(nothing())).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = process.waitFor();
        if (status != 0) {
          String text = Files.readString(errors);
          throw new IllegalStateException(
              String.join(" ", command) + " ended with " + status + ": " + text.substring(Math.max(0, text.length() - 2000)));
        }
        return output;
      } finally {
        Files.deleteIfExists(errors);
      }
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while " + command.getFirst() + " ran", stopped);
    }
  }

  private static java.io.File nothing() {
    return new java.io.File(System.getProperty("os.name", "").startsWith("Windows") ? "NUL" : "/dev/null");
  }

  /** The lines of an output that are JSON objects; programs print other things as well. */
  static List<JsonNode> jsonLines(String output) {
    List<JsonNode> values = new ArrayList<>();
    for (String line : output.split("\n", -1)) {
      if (line.startsWith("{")) {
        try {
          values.add(Contender.JSON.readTree(line));
        } catch (IOException notJson) {
          // a line that only looks like an object
        }
      }
    }
    return values;
  }
}
