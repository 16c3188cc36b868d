package dev.jebena.benchmarks;

import dev.jebena.engine.model.Model;
import dev.jebena.models.Models;
import dev.jebena.tokenizer.DecodeOptions;
import dev.jebena.tokenizer.EncodeOptions;
import dev.jebena.tokenizer.StreamDecoder;
import dev.jebena.tokenizer.Tokenizer;
import dev.jebena.tokenizer.TokenizerOptions;
import dev.jebena.tokenizer.template.ChatTemplate;
import dev.jebena.tokenizer.template.ChatTemplates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Encoding, decoding and the chat template of a model, over the text of its own licence. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TextBenchmark {

  /** The model, by a path from the repository's root. */
  @Param("models/weights/SmolLM2-135M-Instruct.Q4_1.gguf")
  public String model = "";

  @Param("LICENSE")
  public String text = "";

  /** A chat template's file; without one, the model's own. */
  @Param("")
  public String chatTemplate = "";

  @SuppressWarnings("NullAway.Init")
  private Tokenizer tokenizer;

  @SuppressWarnings("NullAway.Init")
  private ChatTemplate template;

  @SuppressWarnings("NullAway.Init")
  private String content;

  @SuppressWarnings("NullAway.Init")
  private int[] ids;

  private final Map<String, Object> conversation = Map.of("messages", messages(), "add_generation_prompt", true, "bos_token", "<s>");

  private static List<Map<String, String>> messages() {
    List<Map<String, String>> messages = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      messages.add(Map.of("role", i % 2 == 0 ? "user" : "assistant", "content", ("Message number " + i + ", a sentence or two. ").repeat(5)));
    }
    return messages;
  }

  @Setup
  public void open() throws IOException {
    content = Files.readString(Path.of(text));
    try (Model opened = Models.open(Path.of(model))) {
      tokenizer = opened.tokenizer().orElseThrow();
      template = chatTemplate.isEmpty()
          ? opened.chatTemplate().orElseThrow()
          : ChatTemplates.compile(Files.readString(Path.of(chatTemplate)));
    }
    ids = tokenizer.encode(content, EncodeOptions.PROMPT);
  }

  /** The whole text. */
  @Benchmark
  public int[] encode() {
    return tokenizer.encode(content, EncodeOptions.PROMPT);
  }

  /** The whole text, token by token. */
  @Benchmark
  public int decodeStream() {
    StreamDecoder decoder = tokenizer.streamDecoder(DecodeOptions.SKIP_SPECIALS);
    int characters = 0;
    for (int id : ids) {
      characters += decoder.append(id).length();
    }
    return characters + decoder.finish().length();
  }

  /** A conversation of fifty messages. */
  @Benchmark
  public String template() {
    return template.render(conversation, Clock.systemUTC());
  }

  /** Reading the vocabulary of the file. */
  @Benchmark
  public Tokenizer loadTokenizer() {
    return Models.tokenizer(Path.of(model), TokenizerOptions.NONE);
  }
}
