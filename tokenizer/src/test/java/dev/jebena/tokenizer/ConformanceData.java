package dev.jebena.tokenizer;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Where the conformance data lies; tests that need it are skipped, and say so, where it is missing. */
final class ConformanceData {

  private ConformanceData() {}

  static Path require(String relative) {
    String root = System.getProperty("jebena.data", System.getenv().getOrDefault("JEBENA_DATA", "../../shared/data"));
    Path path = Path.of(root, relative);
    Assumptions.assumeTrue(Files.exists(path), () -> "skipped: no conformance data at " + path + "; set jebena.data");
    return path;
  }
}
