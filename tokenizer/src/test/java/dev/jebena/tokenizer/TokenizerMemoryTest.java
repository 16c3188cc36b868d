package dev.jebena.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokenizerMemoryTest {

  private static final int SOURCES = 12;

  @Test
  void everySourcesTokenizerHoldsLessThanThreeTimesItsText() throws Exception {
    Path data = ConformanceData.require("tokenizers").resolveSibling(".").normalize();
    // threads take memory in buffers, which count as used; small ones keep that out of the figures
    Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-XX:MarkSweepAlwaysCompactCount=1",
            "-XX:TLABSize=4k", "-XX:-ResizeTLAB", "-Xmx1500m", "-cp", System.getProperty("java.class.path"),
            TokenizerMemory.class.getName(), data.toString())
        .redirectErrorStream(true)
        .start();
    List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    assertEquals(0, process.waitFor(), String.join("\n", lines));
    for (String line : lines) {
      String[] fields = line.split(" ");
      double share = Double.parseDouble(fields[1]) / Double.parseDouble(fields[2]);
      System.out.printf("%s: %s bytes of heap, %.2f times the %s bytes of its text%n", fields[0], fields[1], share, fields[2]);
      assertTrue(Double.parseDouble(fields[1]) < 3 * Double.parseDouble(fields[2]), line);
    }
    assertEquals(SOURCES, lines.size());
  }
}
