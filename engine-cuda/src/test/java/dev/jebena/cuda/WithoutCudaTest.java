package dev.jebena.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.cuda.emulator.EmulatedCuda;
import dev.jebena.engine.backend.Probe;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** What is missing of CUDA is said by a process that has nothing else. */
class WithoutCudaTest {

  /** Prints what the provider finds. */
  static final class Prober {

    private Prober() {}

    public static void main(String[] arguments) {
      System.out.println(switch (new CudaBackendProvider().probe()) {
        case Probe.Unavailable(String reason) -> "unavailable: " + reason;
        case Probe.Available available -> "available: " + available.facts();
      });
    }
  }

  private static String probe(Predicate<String> wanted) throws IOException, InterruptedException {
    String classPath = Arrays.stream(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")).split(File.pathSeparator))
        .filter(wanted)
        .collect(Collectors.joining(File.pathSeparator));
    Process process = new ProcessBuilder(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED", "-cp", classPath,
        Prober.class.getName()).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertEquals(0, process.waitFor(), said);
    return said;
  }

  private static boolean isJcuda(String entry) {
    return Path.of(entry).getFileName().toString().startsWith("jcu");
  }

  @Test
  void withoutJcudaItSaysWhichJarsAreMissingAndHowToGetThem() throws Exception {
    String said = probe(entry -> !isJcuda(entry));
    assertTrue(said.startsWith("unavailable: JCuda is not on the class path") && said.contains("jcuda-12.6.0.jar"), said);
  }

  @Test
  void withoutItsNativesTheyAreNamed() throws Exception {
    String said = probe(entry -> !isJcuda(entry) || !entry.contains("natives"));
    assertTrue(said.startsWith("unavailable: JCuda's natives") && said.contains("linux-x86_64"), said);
  }

  @Test
  void withoutADriverOneIsAskedFor() throws Exception {
    Assumptions.assumeTrue(EmulatedCuda.unsupported().isEmpty(), "skipped: JCuda has natives for Linux amd64 only");
    Assumptions.assumeTrue(
        !Files.exists(Path.of("/proc/driver/nvidia")) && !Files.exists(Path.of("/usr/lib/x86_64-linux-gnu/libcuda.so.1")), "skipped: there is a driver");
    String said = probe(entry -> true);
    assertTrue(said.startsWith("unavailable: there is no NVIDIA driver") && said.contains("CUDA 12"), said);
  }
}
