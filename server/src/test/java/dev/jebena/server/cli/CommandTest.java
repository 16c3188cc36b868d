package dev.jebena.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandTest {

  private static final String SHIPPED = "smollm2:135m";

  @TempDir
  private Path folder;

  private String file(String content) throws IOException {
    return Files.writeString(folder.resolve("lines"), content).toString();
  }

  private static Cli.Result done(String input, String... arguments) {
    Cli.Result result = Cli.run(input, Map.of(), arguments);
    assertEquals(ExitCode.DONE, result.status(), result.err());
    return result;
  }

  private static void assertFailsInOneLine(String expected, Cli.Result result) {
    assertEquals(ExitCode.FAILED, result.status());
    assertEquals(1, result.err().lines().count(), result.err());
    assertTrue(result.err().contains(expected), result.err());
  }

  @Test
  void runStreamsTheTextThatItsJsonHas() {
    JsonNode json = done("", "run", Cli.TINY, "Once upon a time", "--raw", "--max-tokens", "20", "--json", "--backend", "reference").json();
    Cli.Result text = done("", "run", Cli.TINY, "Once upon a time", "--raw", "--max-tokens", "20", "--backend", "reference");
    assertEquals(json.get("text").textValue() + System.lineSeparator(), text.out());
    assertEquals(20, json.get("token_ids").size());
    assertEquals("length", json.get("finish_reason").textValue());
    assertTrue(json.get("timings").get("ttft_ms").doubleValue() > 0);
    assertEquals(json.get("timings").get("prompt_tokens").intValue(), json.get("prompt_token_ids").size());
    assertTrue(text.err().contains("20 tokens"), text.err());
  }

  @Test
  void runReadsItsPromptFromStandardInput() {
    String[] arguments = {"run", "--model", Cli.TINY, "--raw", "--max-tokens", "5", "--backend", "reference"};
    assertEquals(
        done("", "run", Cli.TINY, "Once upon a time", "--raw", "--max-tokens", "5", "--backend", "reference").out(),
        done("Once upon a time", arguments).out());
  }

  @Test
  void theSameSeedGivesTheSameText() {
    String[] arguments = {
      "run", Cli.TINY, "Once", "--raw", "--max-tokens", "30", "--temperature", "1", "--seed", "7", "--backend", "reference"
    };
    assertEquals(done("", arguments).out(), done("", arguments).out());
  }

  @Test
  void aModelWithoutATemplateSaysWhatToDo() {
    assertFailsInOneLine("chat template", Cli.run("run", Cli.TINY, "hi", "--backend", "reference"));
  }

  @Test
  void tokenizeEncodesAndDecodesLineByLine() throws IOException {
    String texts = "\"Hello <|im_end|> wörld\\n\"\n\"\"\n\"  two\\u0000\"\n";
    List<JsonNode> plain = done("", "tokenize", SHIPPED, "--jsonl", file(texts)).jsonLines();
    List<JsonNode> parsed = done(texts, "tokenize", SHIPPED, "--no-special", "--parse-special", "--jsonl", "-").jsonLines();
    assertEquals(3, plain.size());
    assertTrue(parsed.get(0).size() < plain.get(0).size(), "a special token is one id");
    assertEquals(0, parsed.get(1).size());
    String ids = parsed.get(0) + "\n" + parsed.get(2) + "\n";
    List<JsonNode> back = done(ids, "tokenize", SHIPPED, "--decode", "--jsonl", "-").jsonLines();
    assertEquals("Hello <|im_end|> wörld\n", back.get(0).textValue());
    assertEquals("  two\u0000", back.get(1).textValue());
  }

  @Test
  void aLineThatDoesNotFitIsNamed() throws IOException {
    assertFailsInOneLine("line 2", Cli.run("tokenize", SHIPPED, "--jsonl", file("\"a\"\n[1\n")));
    assertFailsInOneLine("line 1", Cli.run("tokenize", SHIPPED, "--jsonl", file("7\n")));
    assertFailsInOneLine("line 1", Cli.run("tokenize", SHIPPED, "--decode", "--jsonl", file("[1, 99999999]\n")));
    assertFailsInOneLine("no such file", Cli.run("tokenize", SHIPPED, "--jsonl", folder.resolve("none").toString()));
    assertFailsInOneLine("is a folder", Cli.run("tokenize", Cli.TINY, "--jsonl", folder.toString()));
    assertFailsInOneLine("more follows", Cli.run("tokenize", Cli.TINY, "--jsonl", file("\"a\" \"b\"\n")));
  }

  @Test
  void whatIsNotUtf8IsRefusedAndAByteOrderMarkIsNone() throws IOException {
    Path lines = Files.write(folder.resolve("latin"), new byte[] {'"', 'c', (byte) 0xE9, '"', '\n'});
    assertFailsInOneLine("latin is not UTF-8", Cli.run("tokenize", Cli.TINY, "--jsonl", lines.toString()));
    Path template = Files.write(folder.resolve("latin.jinja"), new byte[] {'c', (byte) 0xE9});
    assertFailsInOneLine("latin.jinja is not UTF-8", Cli.run("template", template.toString(), "--jsonl", lines.toString()));
    assertEquals(
        done("\"a\"\n", "tokenize", Cli.TINY, "--jsonl", "-").out(), done("\uFEFF\"a\"\n", "tokenize", Cli.TINY, "--jsonl", "-").out());
  }

  @Test
  void aTemplateThatIsNoneIsNamed() throws IOException {
    Path template = Files.writeString(folder.resolve("broken.jinja"), "{{ x|frob }}");
    assertFailsInOneLine("broken.jinja: No filter named 'frob'", Cli.run("template", template.toString(), "--jsonl", file("{}")));
  }

  @Test
  void templateRendersOrSaysWhyNot() throws IOException {
    Path template = Files.writeString(folder.resolve("t.jinja"),
        "{% if messages|length > 1 %}{{ raise_exception('too many') }}{% endif %}{{ messages[0].content }} {{ n }} {{ strftime_now('%Y-%m-%d') }}");
    String lines = "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"n\":12}\n{\"messages\":[1,2]}\n";
    List<JsonNode> rendered =
        done("", "template", template.toString(), "--now", "2024-02-29T23:00:00Z", "--jsonl", file(lines)).jsonLines();
    assertEquals("hi 12 2024-02-29", rendered.get(0).get("text").textValue());
    assertTrue(rendered.get(1).get("error").textValue().contains("too many"));
    assertEquals("hi 12 2026-11-24",
        done("", "template", template.toString(), "--jsonl", file(lines)).jsonLines().getFirst().get("text").textValue());
  }

  @Test
  void templateReadsFoldersThatHaveNoWeights() throws IOException {
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"bos_token\":\"<s>\",\"chat_template\":\"{{ bos_token }}{{ x }}\"}");
    assertEquals("<s>5", done("", "template", folder.toString(), "--jsonl", file("{\"x\":5}")).json().get("text").textValue());
  }

  @Test
  void theShippedModelHasItsOwnTemplate() throws IOException {
    String line = "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"add_generation_prompt\":true}\n";
    String text = done("", "template", SHIPPED, "--jsonl", file(line)).json().get("text").textValue();
    assertTrue(text.endsWith("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"), text);
  }

  @Test
  void perplexityAndLogprobsAgree() throws IOException {
    String text = file("Once upon a time, there was a little girl named Lily.");
    JsonNode perplexity = done("", "perplexity", Cli.TINY, "-f", text, "--json", "--per-token", "--backend", "reference").json();
    JsonNode ids = done("\"Once upon a time, there was a little girl named Lily.\"", "tokenize", Cli.TINY, "--jsonl", "-").json();
    assertEquals(ids.size() - 1, perplexity.get("tokens").intValue());
    StringBuilder rest = new StringBuilder();
    for (int i = 1; i < ids.size(); i++) {
      rest.append(i == 1 ? "" : ",").append(ids.get(i));
    }
    String line = "{\"prompt_ids\":[" + ids.get(0) + "],\"continue_ids\":[" + rest + "]}\n";
    JsonNode steps = done(line + line, "logprobs", Cli.TINY, "--top", "3", "--jsonl", "-", "--backend", "reference").jsonLines().getLast().get("steps");
    for (int i = 0; i < steps.size(); i++) {
      assertEquals(ids.get(i + 1).intValue(), steps.get(i).get("token").intValue());
      assertEquals(-perplexity.get("token_nll").get(i).floatValue(), steps.get(i).get("logprob").floatValue(), 1e-5f);
      assertEquals(3, steps.get(i).get("top").size());
    }
    assertEquals(Math.exp(perplexity.get("mean_nll").doubleValue()), perplexity.get("perplexity").doubleValue(), 1e-9);
  }

  @Test
  void aLongTextIsCutIntoWindows() throws IOException {
    String text = file("Lily went to the park. ".repeat(40));
    JsonNode windows = done("", "perplexity", Cli.TINY, "-f", text, "--context", "64", "--json", "--backend", "reference").json();
    assertEquals(0, windows.get("tokens").intValue() % 31, "31 of 64 tokens are scored");
    assertFalse(windows.has("token_nll"));
  }

  @Test
  void logprobsNeedSomethingToContinue() {
    assertFailsInOneLine("prompt_ids is empty", Cli.run(
        "{\"prompt_ids\":[],\"continue_ids\":[1]}", Map.of(), "logprobs", Cli.TINY, "--jsonl", "-", "--backend", "reference"));
  }

  @Test
  void inspectSaysWhatAFileIs() {
    JsonNode json = done("", "inspect", Cli.TINY, "--tensors", "--json").json();
    assertEquals("llama", json.get("architecture").textValue());
    assertEquals(512, json.get("max_context").intValue());
    assertEquals(json.get("tensors").size(), json.get("tensors_by_type").valueStream().mapToInt(JsonNode::intValue).sum());
    assertTrue(json.get("memory").get("weight_bytes").longValue() > 900_000);
    assertTrue(done("", "inspect", SHIPPED).out().contains("Q4_1"));
  }

  @Test
  void planSaysWhatEveryRankNeedsAndRefusesWhatCannotBe() {
    JsonNode json = done("", "plan", Cli.TINY, "--world", "3", "--json").json();
    assertEquals(3, json.get("ranks").size());
    assertEquals("2", json.get("ranks").get(0).get("kv_heads").textValue());
    assertEquals("1", json.get("ranks").get(2).get("kv_heads").textValue());
    assertTrue(json.get("ranks").get(0).get("weight_bytes").longValue() < json.get("weight_bytes_of_one_rank").longValue() / 2);
    assertEquals(12, json.get("ranks").get(0).get("collectives_per_step").intValue());
    assertTrue(done("", "plan", Cli.TINY, "--world", "2").out().contains("12 collectives a step"));
    assertFailsInOneLine("use at most 8", Cli.run("plan", Cli.TINY, "--world", "9"));
    assertFailsInOneLine("--memory-per-rank is 1.0 KiB", Cli.run("plan", Cli.TINY, "--world", "2", "--memory-per-rank", "1K"));
  }

  @Test
  void ranksGiveTheAnswersOfOne() {
    String line = "{\"prompt_ids\":[1,403,407],\"continue_ids\":[261,378,400]}";
    JsonNode alone = done(line, "logprobs", Cli.TINY, "--jsonl", "-", "--backend", "reference").json();
    JsonNode ranks = done(line, "logprobs", Cli.TINY, "--jsonl", "-", "--backend", "reference", "--tensor-parallel-size", "3").json();
    for (int step = 0; step < 3; step++) {
      assertEquals(
          alone.get("steps").get(step).get("logprob").doubleValue(), ranks.get("steps").get(step).get("logprob").doubleValue(), 1e-4);
    }
  }

  @Test
  void aBrokenFileIsRefusedWithItsReason() throws IOException {
    Path broken = Files.write(folder.resolve("broken.gguf"), new byte[] {'G', 'G', 'U', 'F', 3, 0, 0, 0, 9, 9});
    assertFailsInOneLine("broken.gguf", Cli.run("inspect", broken.toString()));
    assertFailsInOneLine("broken.gguf", Cli.run("run", broken.toString(), "hi"));
  }

  @Test
  void benchMeasuresWhatItWasAskedFor() {
    JsonNode rows = done("", "bench", Cli.TINY, "-p", "32", "-n", "8", "-b", "2", "-r", "2", "--json", "--backend", "reference").json();
    assertEquals(List.of("pp32", "tg8", "batch2"), rows.valueStream().map(row -> row.get("test").textValue()).toList());
    for (JsonNode row : rows) {
      assertTrue(row.get("min_tok_s").doubleValue() > 0);
      assertTrue(row.get("median_tok_s").doubleValue() <= row.get("max_tok_s").doubleValue());
    }
  }

  @Test
  void doctorNamesTheBackendThatRuns() {
    JsonNode report = done("", "doctor", "--json", "--threads", "1").json();
    assertTrue(report.get("backends").size() >= 2);
    assertEquals("cpu", report.get("chosen").get("name").textValue());
    assertTrue(report.get("chosen").get("kernels").size() > 0);
    assertTrue(done("", "doctor", "--backend", "reference").out().contains("reference"));
    assertEquals(ExitCode.FAILED, Cli.run("doctor", "--backend", "abacus").status());
  }
}
