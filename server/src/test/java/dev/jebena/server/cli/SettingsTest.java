package dev.jebena.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {

  private static final Map<String, String> ENVIRONMENT = Map.of("JEBENA_MAX_TOKENS", "3");

  @TempDir
  private Path folder;

  private int tokens(Map<String, String> environment, String... more) {
    String[] arguments = {"run", Cli.TINY, "Once upon a time", "--raw", "--json", "--ignore-eos", "--backend", "reference"};
    String[] all = java.util.stream.Stream.concat(java.util.Arrays.stream(arguments), java.util.Arrays.stream(more)).toArray(String[]::new);
    Cli.Result result = Cli.run("", environment, all);
    assertEquals(ExitCode.DONE, result.status(), result.err());
    return result.json().get("token_ids").size();
  }

  private String file(String content) throws IOException {
    return Files.writeString(folder.resolve("settings with space.yaml"), content).toString();
  }

  @Test
  void anOptionIsStrongerThanTheEnvironmentAndThatThanTheFile() throws IOException {
    String file = file("max_tokens: 2\n");
    assertEquals(2, tokens(Map.of(), "--config", file));
    assertEquals(2, tokens(Map.of("JEBENA_CONFIG", file)));
    assertEquals(3, tokens(ENVIRONMENT, "--config", file));
    assertEquals(4, tokens(ENVIRONMENT, "--config=" + file, "--max-tokens", "4"));
  }

  @Test
  void aFileMayHaveOptionsOfOtherCommands() throws IOException {
    assertEquals(2, tokens(Map.of(), "--config", file("max-tokens: 2\nport: 8001\nserved-model-name: [a, b]\n")));
  }

  @Test
  void aKeyThatNoCommandKnowsIsAnError() throws IOException {
    Cli.Result result = Cli.run("run", "hi", "--config", file("max-tokenz: 2\n"));
    assertEquals(ExitCode.USAGE, result.status());
    assertTrue(result.err().contains("max-tokenz"), result.err());
  }

  @Test
  void aFileThatIsNotYamlOrNotThereIsAnError() throws IOException {
    assertEquals(ExitCode.USAGE, Cli.run("run", "hi", "--config", file("a: [")).status());
    assertEquals(ExitCode.USAGE, Cli.run("run", "hi", "--config", folder.resolve("none.yaml").toString()).status());
  }

  @Test
  void aValueOfTheEnvironmentIsCheckedLikeAnOption() {
    Cli.Result result = Cli.run("", Map.of("JEBENA_MAX_TOKENS", "many"), "run", "hi");
    assertEquals(ExitCode.USAGE, result.status());
    assertTrue(result.err().contains("many"), result.err());
  }
}
