package dev.jebena.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A decoding step of a whole model allocates nothing once the JIT has compiled it: neither by the caller nor by the team. Each case has a JVM of its own, as a
 * server has: what other tests did with the same code would decide what the JIT inlines.
 */
class StepAllocationTest {

  @ParameterizedTest
  @CsvSource({"Q4_1, F32, 1, 1", "Q4_1, F16, 2, 1", "Q8_0, Q8_0, 2, 3"})
  void compiledStepsAllocateNothing(String weights, String cache, String threads, String sequences) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")), StepAllocation.class.getName(), weights, cache, threads,
            sequences)
        .redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertEquals(0, process.waitFor(), output);
    assertTrue(output.endsWith("\n0") || output.equals("0"), () -> "bytes of some steps: " + output);
  }
}
