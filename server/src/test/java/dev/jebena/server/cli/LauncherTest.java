package dev.jebena.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the launcher over what the last {@code package} built, as the README and scripts do. */
class LauncherTest {

  private static final Pattern README_COMMAND = Pattern.compile("^\\./jebena (run) \"(.*)\"$", Pattern.MULTILINE);
  private static final int LIMIT_SECONDS = 120;

  @TempDir
  private Path folder;

  @BeforeEach
  void needsAnEarlierBuild() {
    File[] jars = Cli.HOME.resolve("server/target").toFile().listFiles((at, name) -> name.matches("jebena-server-.*\\.jar"));
    assumeTrue(
        jars != null && jars.length > 0 && Files.isDirectory(Cli.HOME.resolve("server/target/lib")),
        "the launcher is tested over a built tree: run mvn package first");
  }

  private Process start(Path directory, String... words) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(words).directory(directory.toFile());
    builder.environment().put("JEBENA_NO_BUILD", "1");
    builder.redirectError(folder.resolve("err").toFile());
    return builder.start();
  }

  private String run(Path directory, String... words) throws IOException, InterruptedException {
    Process process = start(directory, words);
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), Files.readString(folder.resolve("err")));
    return out;
  }

  @Test
  void theReadmesFirstCommandExplainsTheSky() throws IOException, InterruptedException {
    Matcher command = README_COMMAND.matcher(Files.readString(Cli.HOME.resolve("README.md")));
    assertTrue(command.find(), "the README shows the command");
    assertTrue(run(Cli.HOME, "./jebena", command.group(1), command.group(2)).contains("Rayleigh scattering"));
  }

  @Test
  void itIsFoundThroughLinksWithSpacesFromAnywhere() throws IOException, InterruptedException {
    Path link = Files.createSymbolicLink(
        Files.createDirectory(folder.resolve("a folder")).resolve("my jebena"), Cli.HOME.resolve("jebena"));
    Path second = Files.createSymbolicLink(folder.resolve("second"), Path.of("a folder", "my jebena"));
    assertTrue(run(folder, second.toString(), "--version").startsWith("jebena "));
    assertTrue(run(link.getParent(), "./my jebena", "inspect", "smollm2:135m").contains("llama"));
  }

  @Test
  void serveSaysWhereItListensAndEndsWellWhenToldTo() throws IOException, InterruptedException {
    Process process = start(folder, Cli.HOME.resolve("jebena").toString(), "serve", "--port", "0", "--host", "127.0.0.1", "--max-model-len", "1k");
    List<String> lines = new ArrayList<>();
    try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
      lines.add(reader.readLine());
      process.toHandle().destroy(); // unlike Process.destroy, this leaves the streams open
      reader.lines().forEach(lines::add);
    }
    assertTrue(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS));
    assertEquals(1, lines.size(), lines.toString());
    assertTrue(String.valueOf(lines.getFirst()).matches("Listening on http://127\\.0\\.0\\.1:\\d+"), lines.toString());
    assertEquals(0, process.exitValue(), Files.readString(folder.resolve("err")));
  }
}
