package dev.jebena.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.models.file.FileMappings;
import dev.jebena.models.gguf.GgufFile;
import dev.jebena.models.gguf.GgufValue;
import dev.jebena.models.gguf.GgufWriter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code --pre-tokenizer} on a tiny model of byte pairs whose file names one that nobody knows: 12 is a token, if the digits stay together. */
class PreTokenizerOptionTest {

  private static final Pattern ADDRESS = Pattern.compile("Listening on (http://\\S+)");
  private static final int TOKENS = 512;

  @TempDir
  private Path folder;

  private String model = "";

  @BeforeEach
  void writeModel() {
    Path file = folder.resolve("bytes.gguf");
    List<String> tokens = new ArrayList<>(List.of("1", "2", "12"));
    while (tokens.size() < TOKENS) {
      tokens.add("word" + tokens.size());
    }
    try (GgufFile tiny = GgufFile.open(Path.of(Cli.TINY), new FileMappings())) {
      GgufWriter writer = new GgufWriter();
      tiny.metadata().values().forEach((key, value) -> {
        if (!key.startsWith("tokenizer.")) {
          writer.metadata(key, value);
        }
      });
      writer.metadata("tokenizer.ggml.model", GgufValue.of("gpt2"))
          .metadata("tokenizer.ggml.pre", GgufValue.of("nobody-knows"))
          .metadata("tokenizer.ggml.tokens", GgufValue.ofStrings(tokens))
          .metadata("tokenizer.ggml.merges", GgufValue.ofStrings(List.of("1 2")))
          .metadata("tokenizer.chat_template", GgufValue.of("{{ messages[0].content }}"));
      tiny.tensors().values().forEach(tensor -> writer.tensor(tensor.name(), tensor.type(), tensor.dimensions(), tensor.data()));
      writer.write(file);
    }
    model = file.toString();
  }

  private static void assertRefused(String name, Cli.Result result) {
    assertEquals(ExitCode.FAILED, result.status(), result.err());
    assertEquals(1, result.err().lines().count(), result.err());
    assertTrue(result.err().contains("'" + name + "'") && result.err().contains("qwen2"), result.err());
  }

  private String promptIds(String... more) {
    List<String> arguments = new ArrayList<>(List.of("run", model, "12", "--max-tokens", "1", "--json", "--backend", "reference"));
    arguments.addAll(List.of(more));
    Cli.Result result = Cli.run(arguments.toArray(String[]::new));
    assertEquals(ExitCode.DONE, result.status(), result.err());
    return result.json().get("prompt_token_ids").toString();
  }

  @Test
  void runCutsAPromptAsChosen() {
    assertRefused("nobody-knows", Cli.run("run", model, "12", "--backend", "reference"));
    assertRefused("nor-this", Cli.run("run", model, "12", "--pre-tokenizer", "nor-this", "--backend", "reference"));
    assertEquals("[2]", promptIds("--pre-tokenizer", "gpt-2"));
    assertEquals("[0,1]", promptIds("--raw", "--pre-tokenizer", "qwen2"));
  }

  @Test
  void aVocabularyThatIsNotCutRefusesAChoice() {
    Cli.Result result = Cli.run("run", Cli.TINY, "12", "--raw", "--pre-tokenizer", "qwen2", "--backend", "reference");
    assertEquals(ExitCode.FAILED, result.status(), result.err());
    assertTrue(result.err().contains("'qwen2' cannot be chosen") && result.err().contains("'llama'"), result.err());
  }

  @Test
  @Timeout(60)
  void serveCutsAPromptAsChosen() throws Exception {
    assertRefused("nor-this", serve(new ByteArrayOutputStream(), "--pre-tokenizer", "nor-this"));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Thread server = Thread.ofPlatform().daemon().start(() -> serve(out, "--pre-tokenizer", "qwen2"));
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest request = HttpRequest.newBuilder(URI.create(address(server, out) + "/tokenize"))
          .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString("{\"prompt\": \"12\"}")).build();
      String answer = client.send(request, HttpResponse.BodyHandlers.ofString()).body();
      assertEquals("[0,1]", Cli.parse(answer).path("tokens").toString(), answer);
    } finally {
      server.interrupt();
      server.join();
    }
  }

  private Cli.Result serve(ByteArrayOutputStream out, String... more) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    List<String> arguments = new ArrayList<>(List.of("serve", model, "--host", "127.0.0.1", "--port", "0", "--backend", "reference"));
    arguments.addAll(List.of(more));
    int status = JebenaCommand.execute(
        new Surroundings(
            new ByteArrayInputStream(new byte[0]), new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8), Set.of(), Map.of(), Optional.of(Cli.HOME), Clock.systemUTC()),
        arguments.toArray(String[]::new));
    return new Cli.Result(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private static String address(Thread server, ByteArrayOutputStream out) throws InterruptedException {
    while (true) {
      Matcher matcher = ADDRESS.matcher(out.toString(StandardCharsets.UTF_8));
      if (matcher.find()) {
        return matcher.group(1);
      }
      assertTrue(server.isAlive(), "the server has ended");
      Thread.sleep(20);
    }
  }
}
