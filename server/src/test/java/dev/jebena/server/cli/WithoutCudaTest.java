package dev.jebena.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The commands on a machine without any file of CUDA: JCuda is not on the class path, and there is no driver. */
class WithoutCudaTest {

  private static Process jebena(String... arguments) throws IOException {
    String classPath = Arrays.stream(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")).split(File.pathSeparator))
        .filter(entry -> !Path.of(entry).getFileName().toString().startsWith("jcu"))
        .collect(Collectors.joining(File.pathSeparator));
    List<String> command = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
        "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp", classPath, Main.class.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  private static String all(Process process) throws IOException {
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void doctorSaysWhatIsMissingAndGoesOn() throws Exception {
    Process doctor = jebena("doctor");
    String said = all(doctor);
    assertEquals(ExitCode.DONE, doctor.waitFor(), said);
    assertTrue(said.contains("JCuda is not on the class path") && said.contains("docs/cuda.md"), said);
  }

  @Test
  void cudaThatIsAskedForIsRefusedWithTheReason() throws Exception {
    Process server = jebena("serve", Cli.TINY, "--backend", "cuda", "--host", "127.0.0.1", "--port", "0");
    String said = all(server);
    assertNotEquals(ExitCode.DONE, server.waitFor(), said);
    assertTrue(said.contains("JCuda is not on the class path"), said);
    assertTrue(!said.contains("\tat "), "no stack trace: " + said);
  }

  @Test
  @Timeout(120)
  void theServerListens() throws Exception {
    Process server = jebena("serve", Cli.TINY, "--host", "127.0.0.1", "--port", "0", "--threads", "1");
    StringBuilder said = new StringBuilder();
    try (BufferedReader lines = server.inputReader()) {
      String line = lines.readLine();
      while (line != null && !line.contains("Listening on ")) {
        said.append(line).append('\n');
        line = lines.readLine();
      }
      assertTrue(line != null, () -> "it does not listen: " + said);
    } finally {
      server.destroy();
      server.waitFor();
    }
  }
}
