package dev.jebena.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The PTX that is committed is what the sources give. */
class ShippedPtxTest {

  /** The exit status of build-kernels where it finds no nvcc. */
  private static final int NO_COMPILER = 3;

  private static Properties recorded() throws IOException {
    Properties properties = new Properties();
    try (InputStream in = ShippedPtxTest.class.getResourceAsStream("/dev/jebena/cuda/ptx/kernels.properties")) {
      properties.load(Objects.requireNonNull(in, "kernels.properties is not there"));
    }
    return properties;
  }

  private static String hash(byte[] bytes) throws NoSuchAlgorithmException {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  @Test
  void theSourcesHaveTheHashThatTheirPtxWasMadeWith() throws Exception {
    Properties properties = recorded();
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    digest.update((properties.getProperty("flags") + " " + properties.getProperty("ptx.version") + "\n").getBytes(StandardCharsets.UTF_8));
    for (String suffix : List.of(".cu", ".cuh")) {
      for (Path source : sources(suffix)) {
        digest.update((source.getFileName() + "\n").getBytes(StandardCharsets.UTF_8));
        digest.update(Files.readAllBytes(source));
      }
    }
    assertEquals(properties.getProperty("sources.sha256"), HexFormat.of().formatHex(digest.digest()),
        "the kernels' sources changed: run engine-cuda/build-kernels, then CompiledFiguresTest with -Djebena.figures=write");
  }

  private static List<Path> sources(String suffix) throws IOException {
    try (Stream<Path> files = Files.list(Sources.folder())) {
      return files.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
    }
  }

  @Test
  void thePtxIsWhatTheCompilerWroteAndSaysNothingOfItsMachine() throws Exception {
    Properties properties = recorded();
    for (String module : Sources.modules()) {
      String text = KernelBench.text(module);
      assertEquals(properties.getProperty("ptx." + module + ".ptx.sha256"), hash(text.getBytes(StandardCharsets.US_ASCII)), module);
      assertTrue(text.startsWith(".version 8.0\n.target sm_80\n"), module);
      assertFalse(text.contains("//") || text.contains(".loc") || text.contains(".file"), module);
    }
  }

  @Test
  void aCompilerThatIsThereGivesTheSamePtx() throws Exception {
    String version = run("--version");
    Assumptions.assumeFalse(version.isEmpty(), "nvcc is not there: engine-cuda/setup-nvcc brings it");
    String recorded = recorded().getProperty("compiler");
    Assumptions.assumeTrue(version.equals(recorded), () -> "the PTX was made by " + recorded + ", here is " + version);
    assertEquals("", run("--check"));
  }

  /** What build-kernels prints; nothing where there is no compiler. */
  private static String run(String option) throws Exception {
    ProcessBuilder builder = new ProcessBuilder("bash", Sources.module().resolve("build-kernels").toString(), option);
    Process process = builder.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
    assertTrue(process.waitFor(5, TimeUnit.MINUTES), "the compiler does not end");
    return process.exitValue() == NO_COMPILER ? "" : output.substring(0, Math.min(2000, output.length()));
  }
}
