package dev.jebena.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code doctor} says about the start-up cache, in JVMs that were started with one. */
@Timeout(300)
class DoctorStartUpCacheTest {

  @TempDir
  private Path folder;

  private static String java(String option, String... words) throws IOException, InterruptedException {
    String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    ProcessBuilder builder = new ProcessBuilder(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(), option, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
        "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp", classPath);
    builder.command().addAll(List.of(words));
    Process process = builder.redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(ExitCode.DONE, process.waitFor(), said);
    return said;
  }

  @Test
  void saysThatACacheIsRefused() throws Exception {
    Path cache = Files.writeString(folder.resolve("damaged.aot"), "no cache");
    String said = java("-XX:AOTCache=" + cache, Main.class.getName(), "doctor");
    assertTrue(said.contains(cache + ", refused by the JVM") && said.contains("delete " + cache), said);
  }
}
