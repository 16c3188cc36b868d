package dev.jebena.server.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.jebena.engine.EngineListener;
import dev.jebena.engine.GeneratedToken;
import dev.jebena.engine.Generation;
import dev.jebena.engine.GenerationRequest;
import dev.jebena.engine.Prompt;
import dev.jebena.engine.RequestException;
import dev.jebena.engine.TokenLogprobs;
import dev.jebena.models.ModelOptions;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Scores given continuations. */
@Command(
    name = "logprobs",
    header = "Scores continuations given as token ids.",
    description = {
      "Scores continuations: each line of a file is {\"prompt_ids\":[...],\"continue_ids\":[...]}, and each step of the continuation",
      "gets the log-probability of its token and of the most likely ones. Needs no tokenizer."
    })
final class LogprobsCommand implements Callable<Integer> {

  /** Lines that are computed together; their answers wait in memory for the first. */
  private static final int IN_FLIGHT = 32;

  private final Surroundings surroundings;

  @Mixin
  @SuppressWarnings("unused")
  private final CommonOptions common = new CommonOptions();

  @Mixin
  private final EngineOptions engineOptions = new EngineOptions();

  @Parameters(paramLabel = "MODEL", description = "A GGUF file, or a name such as smollm2:135m.")
  private String model = "";

  @Option(names = "--jsonl", required = true, paramLabel = "FILE", description = "The lines; - is standard input.")
  private String file = "";

  @Option(names = "--top", paramLabel = "K", defaultValue = "5", description = "How many of the most likely tokens to show (${DEFAULT-VALUE}).")
  private int top = 5;

  LogprobsCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  private record Scoring(int promptTokens, Generation generation) {}

  @Override
  public Integer call() {
    if (top < 0 || top > GenerationRequest.MAX_LOGPROBS) {
      throw new UsageException("--top is " + top + ": use a number from 0 to " + GenerationRequest.MAX_LOGPROBS);
    }
    Path path = new ModelLocator(surroundings).locate(model);
    if (engineOptions.follow(path)) {
      return ExitCode.DONE;
    }
    try (LoadedEngine loaded = LoadedEngine.load(
        path, ModelOptions.idsOnly(), engineOptions.config(), EngineListener.NONE, surroundings)) {
      Deque<Scoring> waiting = new ArrayDeque<>();
      JsonLines.read(surroundings, file, (number, line) -> {
        waiting.add(submit(loaded, number, line));
        if (waiting.size() >= IN_FLIGHT) {
          write(waiting.remove());
        }
      });
      while (!waiting.isEmpty()) {
        write(waiting.remove());
      }
    }
    return ExitCode.DONE;
  }

  private Scoring submit(LoadedEngine loaded, int number, JsonNode line) {
    int[] prompt = JsonLines.ids(number, "prompt_ids", line.path("prompt_ids"));
    int[] continuation = JsonLines.ids(number, "continue_ids", line.path("continue_ids"));
    if (prompt.length == 0) {
      throw new CommandException("line " + number + ": prompt_ids is empty, and nothing predicts a first token: give at least one id");
    }
    int[] all = new int[prompt.length + continuation.length];
    System.arraycopy(prompt, 0, all, 0, prompt.length);
    System.arraycopy(continuation, 0, all, prompt.length, continuation.length);
    try {
      return new Scoring(prompt.length, loaded.engine().submit(
          GenerationRequest.builder(Prompt.tokens(all)).maxTokens(0).promptLogprobs(top).build()));
    } catch (RequestException e) {
      throw new CommandException("line " + number + ": " + e.getMessage(), e);
    }
  }

  private void write(Scoring scoring) {
    List<GeneratedToken> tokens = scoring.generation().result().prompt().logprobs();
    ObjectNode answer = JsonLines.JSON.createObjectNode();
    ArrayNode steps = answer.putArray("steps");
    for (GeneratedToken token : tokens.subList(scoring.promptTokens(), tokens.size())) {
      TokenLogprobs logprobs = token.logprobs().orElseThrow();
      ObjectNode step = steps.addObject().put("token", token.id()).put("logprob", logprobs.logprob());
      ArrayNode alternatives = step.putArray("top");
      for (TokenLogprobs.Alternative alternative : logprobs.top().subList(0, Math.min(top, logprobs.top().size()))) {
        alternatives.addArray().add(alternative.token()).add(alternative.logprob());
      }
    }
    JsonLines.write(surroundings.out(), answer);
  }
}
