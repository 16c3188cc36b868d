package dev.jebena.server.cli;

import dev.jebena.engine.Engine;
import dev.jebena.engine.EngineListener;
import dev.jebena.engine.GeneratedToken;
import dev.jebena.engine.Generation;
import dev.jebena.engine.GenerationRequest;
import dev.jebena.engine.Prompt;
import dev.jebena.models.ModelOptions;
import dev.jebena.tokenizer.EncodeOptions;
import dev.jebena.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Scores a text, each token given the true ones before it. */
@Command(
    name = "perplexity",
    header = "Scores a text.",
    description = {
      "Scores a text: how well the model predicts each token from the true ones before it.",
      "The text is encoded once, with the tokens that the model wants around it. If it fits into the context, every token but the",
      "first is scored. Otherwise it is cut into windows of --context tokens, a rest is left out, and the second half of each window",
      "is scored, so that every score has at least half a context before it; a window's first token is replaced by the",
      "beginning-of-sequence token where the model wants one. (llama.cpp cuts a text in the same way.)"
    })
final class PerplexityCommand implements Callable<Integer> {

  private final Surroundings surroundings;

  @Mixin
  @SuppressWarnings("unused")
  private final CommonOptions common = new CommonOptions();

  @Mixin
  private final EngineOptions engineOptions = new EngineOptions();

  @Mixin
  private final TokenizerFlags tokenizerFlags = new TokenizerFlags();

  @Parameters(paramLabel = "MODEL", description = "A GGUF file, or a name such as smollm2:135m.")
  private String model = "";

  @Option(names = {"-f", "--file"}, required = true, paramLabel = "FILE", description = "The text, in UTF-8.")
  private String file = "";

  @Option(names = {"-c", "--context"}, paramLabel = "N", description = "Tokens of the context (as many as the model was made for).")
  private @Nullable Integer context;

  @Option(names = "--per-token", description = "Also give each token's negative log-probability.")
  private boolean perToken;

  @Option(names = "--json", description = "Print {\"tokens\",\"mean_nll\",\"perplexity\"}.")
  private boolean json;

  PerplexityCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException {
    if (context != null && context < 4) {
      throw new UsageException("--context is " + context + ": use 4 or more");
    }
    Path path = new ModelLocator(surroundings).locate(model);
    if (engineOptions.follow(path)) {
      return ExitCode.DONE;
    }
    String text = new String(Files.readAllBytes(Path.of(file)), StandardCharsets.UTF_8);
    try (LoadedEngine loaded = LoadedEngine.load(
        path, ModelOptions.defaults().withTokenizer(tokenizerFlags.options()), engineOptions.config(), EngineListener.NONE, surroundings)) {
      Tokenizer tokenizer = loaded.model().tokenizer().orElseThrow(
          () -> new CommandException(path + " has no tokenizer: score token ids with 'jebena logprobs'"));
      int[] ids = tokenizer.encode(text, EncodeOptions.PROMPT);
      if (ids.length < 2) {
        throw new CommandException(file + " has " + ids.length + " tokens: at least 2 are needed to score one");
      }
      int longest = loaded.engine().maxContext();
      if (context != null && context > longest) {
        throw new UsageException("--context is " + context + ": the model and memory allow " + longest);
      }
      float[] nll = score(loaded.engine(), ids, Math.min(context == null ? longest : context, longest));
      report(nll);
      return ExitCode.DONE;
    }
  }

  /** The text whole, or its windows, computed together. */
  private float[] score(Engine engine, int[] ids, int window) {
    if (ids.length <= window) {
      return scored(List.of(submit(engine, ids)), 1);
    }
    OptionalInt beginning = engine.model().tokenizer().map(tokenizer -> first(tokenizer, ids)).orElse(OptionalInt.empty());
    List<Generation> windows = new ArrayList<>();
    for (int from = 0; from + window <= ids.length; from += window) {
      int[] part = Arrays.copyOfRange(ids, from, from + window);
      part[0] = beginning.orElse(part[0]);
      windows.add(submit(engine, part));
    }
    return scored(windows, window / 2 + 1);
  }

  /** The beginning-of-sequence token, if the text was given one. */
  private static OptionalInt first(Tokenizer tokenizer, int[] ids) {
    OptionalInt beginning = tokenizer.specialTokens().beginning();
    return beginning.isPresent() && beginning.getAsInt() == ids[0] ? beginning : OptionalInt.empty();
  }

  private static Generation submit(Engine engine, int[] ids) {
    return engine.submit(GenerationRequest.builder(Prompt.tokens(ids)).maxTokens(0).promptLogprobs(0).build());
  }

  /** The scores of each window from its token {@code from} on. */
  private float[] scored(List<Generation> windows, int from) {
    float[] nll = new float[0];
    int at = 0;
    try (Progress progress = new Progress(surroundings)) {
      for (Generation generation : windows) {
        progress.say("scored " + at + " tokens");
        List<GeneratedToken> tokens = generation.result().prompt().logprobs();
        nll = Arrays.copyOf(nll, at + tokens.size() - from);
        for (GeneratedToken token : tokens.subList(from, tokens.size())) {
          nll[at++] = -token.logprobs().orElseThrow().logprob();
        }
      }
    }
    return nll;
  }

  private void report(float[] nll) {
    double sum = 0;
    for (float value : nll) {
      sum += value;
    }
    double mean = sum / nll.length;
    if (json) {
      Map<String, Object> value = new LinkedHashMap<>();
      value.put("tokens", nll.length);
      value.put("mean_nll", mean);
      value.put("perplexity", Math.exp(mean));
      if (perToken) {
        value.put("token_nll", nll);
      }
      JsonLines.write(surroundings.out(), value);
      return;
    }
    if (perToken) {
      for (float value : nll) {
        surroundings.out().println(value);
      }
    }
    surroundings.out().printf(
        Locale.ROOT, "perplexity %.4f over %d tokens (mean negative log-probability %.6f)%n", Math.exp(mean), nll.length, mean);
  }
}
