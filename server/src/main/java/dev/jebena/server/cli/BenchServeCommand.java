package dev.jebena.server.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Loads a server and measures what its clients see. */
@Command(
    name = "serve",
    header = "Loads a server and measures what its clients see.",
    description = {
      "Sends requests to a server of OpenAI's API and measures what its clients see, with vLLM's figures:",
      "time to the first token (TTFT), time per output token after it (TPOT), between tokens (ITL), and of the whole request (E2EL)."
    })
final class BenchServeCommand implements Callable<Integer> {

  /** Common words, each a token or two in most vocabularies. */
  private static final List<String> WORDS = List.of(
      "time", "water", "house", "light", "people", "world", "music", "river", "stone", "green", "paper", "morning", "winter", "letter",
      "garden", "window", "number", "story", "market", "silver", "bridge", "summer", "teacher", "mountain");

  private static final int LOWEST_ID = 100;

  private final Surroundings surroundings;

  @Mixin
  @SuppressWarnings("unused")
  private final CommonOptions common = new CommonOptions();

  @Option(names = {"--url", "--base-url"}, paramLabel = "URL", defaultValue = "http://localhost:8000", description = "The server (${DEFAULT-VALUE}).")
  private String url = "http://localhost:8000";

  @Option(names = "--endpoint", paramLabel = "PATH", defaultValue = "/v1/completions",
      description = "/v1/completions, which gets token ids unless --prompts gives texts, or /v1/chat/completions (${DEFAULT-VALUE}).")
  private String endpoint = LoadClient.COMPLETIONS;

  @Option(names = "--model", paramLabel = "NAME", description = "The model's name (the first that the server lists).")
  private String model = "";

  @Option(names = "--api-key", paramLabel = "KEY", description = "The key to send. OPENAI_API_KEY is read too.")
  private String apiKey = "";

  @Option(names = "--num-prompts", paramLabel = "N", defaultValue = "100", description = "Requests in all (${DEFAULT-VALUE}).")
  private int requests = 100;

  @Option(names = "--num-warmups", paramLabel = "N", defaultValue = "1", description = "Requests before that are not counted (${DEFAULT-VALUE}).")
  private int warmUps = 1;

  @Option(names = "--request-rate", paramLabel = "R", defaultValue = "inf",
      description = "Requests a second, at random moments (Poisson); inf: all at once (${DEFAULT-VALUE}).")
  private String requestRate = "inf";

  @Option(names = "--max-concurrency", paramLabel = "N", description = "Requests at once (no limit).")
  private @Nullable Integer maxConcurrency;

  @Option(names = "--prompts", paramLabel = "FILE", description = "Prompts, a JSON string a line, used in turn, instead of random ones.")
  private String prompts = "";

  @Option(names = {"--random-input-len", "--input-len"}, paramLabel = "N", defaultValue = "128", description = "Tokens of a random prompt, words in a chat (${DEFAULT-VALUE}).")
  private int inputTokens = 128;

  @Option(names = {"--random-output-len", "--output-len"}, paramLabel = "N", defaultValue = "64", description = "max_tokens of a request (${DEFAULT-VALUE}).")
  private int outputTokens = 64;

  @Option(names = "--vocabulary", paramLabel = "N", defaultValue = "10000", description = "Random token ids are below this (${DEFAULT-VALUE}).")
  private int vocabulary = 10_000;

  @Option(names = "--ignore-eos", description = "Ask the server to generate until max_tokens (an extension of vLLM's and of ours).")
  private boolean ignoreEos;

  @Option(names = "--goodput", paramLabel = "NAME:MS", arity = "1..*", split = Settings.SEPARATOR, hideParamSyntax = true,
      description = "Limits in milliseconds, such as ttft:500 tpot:50 e2el:5000; goodput counts the requests that keep all of them.")
  private List<String> goodput = List.of();

  @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Of prompts and moments (${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--json", description = "Print one JSON value with vLLM's names.")
  private boolean json;

  BenchServeCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    requireRanges();
    double rate = rate();
    Map<String, Double> limits = limits();
    String key = apiKey.isEmpty() ? surroundings.environment().getOrDefault("OPENAI_API_KEY", "") : apiKey;
    try (LoadClient client = new LoadClient(URI.create(url.replaceAll("/+$", "")), endpoint, key)) {
      String name = model.isEmpty() ? client.firstModel() : model;
      List<LoadClient.Body> bodies = bodies(name);
      for (int i = 0; i < warmUps; i++) {
        LoadRecord record = client.send(bodies.getFirst());
        if (!record.error().isEmpty()) {
          throw new CommandException("the first request to " + url + endpoint + " failed: " + record.error());
        }
      }
      long start = System.nanoTime();
      List<LoadRecord> records;
      try (Progress progress = new Progress(surroundings)) {
        records = new LoadRun(client, rate, maxConcurrency == null ? Integer.MAX_VALUE : maxConcurrency, new SplittableRandom(seed))
            .run(bodies, done -> progress.say(done + " of " + bodies.size() + " requests answered"));
      }
      LoadFigures figures = new LoadFigures(records, System.nanoTime() - start, limits);
      Map<String, Object> values = figures.json(name, endpoint, rate, maxConcurrency);
      if (json) {
        JsonLines.write(surroundings.out(), values);
      } else {
        print(values);
      }
      figures.firstError().ifPresent(error -> surroundings.err().println("jebena bench serve: a request failed: " + error));
      return figures.completed() == 0 ? ExitCode.FAILED : ExitCode.DONE;
    }
  }

  private void requireRanges() {
    requireAtLeast("--num-prompts", requests, 1);
    requireAtLeast("--num-warmups", warmUps, 0);
    requireAtLeast("--random-input-len", inputTokens, 1);
    requireAtLeast("--random-output-len", outputTokens, 1);
    requireAtLeast("--max-concurrency", maxConcurrency == null ? 1 : maxConcurrency, 1);
    requireAtLeast("--vocabulary", vocabulary, LOWEST_ID + 1);
    if (!endpoint.equals(LoadClient.COMPLETIONS) && !endpoint.equals(LoadClient.CHAT)) {
      throw new UsageException("--endpoint is '" + endpoint + "': use " + LoadClient.COMPLETIONS + " or " + LoadClient.CHAT);
    }
  }

  private static void requireAtLeast(String option, int value, int least) {
    if (value < least) {
      throw new UsageException(option + " is " + value + ": use " + least + " or more");
    }
  }

  private double rate() {
    try {
      double rate = requestRate.equals("inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(requestRate);
      if (rate > 0) {
        return rate;
      }
    } catch (NumberFormatException e) {
      // reported below
    }
    throw new UsageException("--request-rate is '" + requestRate + "': use a number over 0, or inf");
  }

  private Map<String, Double> limits() {
    return goodput.stream().collect(Collectors.toMap(limit -> limit.replaceFirst(":.*", ""), limit -> {
      if (!limit.matches("(ttft|tpot|e2el):\\d+(\\.\\d+)?")) {
        throw new UsageException("--goodput is '" + limit + "': use ttft, tpot or e2el, a colon and milliseconds");
      }
      return Double.parseDouble(limit.replaceFirst(".*:", ""));
    }));
  }

  private List<LoadClient.Body> bodies(String name) {
    SplittableRandom random = new SplittableRandom(seed);
    List<String> texts = new ArrayList<>();
    if (!prompts.isEmpty()) {
      JsonLines.read(surroundings, prompts, (line, value) -> texts.add(requireText(line, value)));
      if (texts.isEmpty()) {
        throw new CommandException(prompts + " has no prompts");
      }
    }
    List<LoadClient.Body> bodies = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      Object prompt;
      if (!texts.isEmpty()) {
        prompt = texts.get(i % texts.size());
      } else if (endpoint.equals(LoadClient.CHAT)) {
        prompt = random.ints(inputTokens, 0, WORDS.size()).mapToObj(WORDS::get).collect(Collectors.joining(" "));
      } else {
        prompt = random.ints(inputTokens, LOWEST_ID, vocabulary).toArray();
      }
      bodies.add(LoadClient.body(endpoint, name, prompt, outputTokens, ignoreEos ? LoadClient.Ending.FULL : LoadClient.Ending.OWN));
    }
    return bodies;
  }

  private static String requireText(int line, JsonNode value) {
    if (!value.isTextual()) {
      throw new CommandException("line " + line + " of the prompts is not a JSON string");
    }
    return value.textValue();
  }

  private void print(Map<String, Object> values) {
    PrintStream out = surroundings.out();
    int width = values.keySet().stream().mapToInt(String::length).max().orElse(1);
    values.forEach((key, value) -> out.println(
        key + " ".repeat(width + 2 - key.length()) + (value instanceof Double number ? String.format(Locale.ROOT, "%.2f", number) : value)));
  }
}
