package dev.jebena.server.cli;

import dev.jebena.engine.ChatMessage;
import dev.jebena.engine.Engine;
import dev.jebena.engine.EngineConfig;
import dev.jebena.engine.EngineListener;
import dev.jebena.engine.Prompt;
import dev.jebena.engine.model.Model;
import dev.jebena.models.ModelOptions;
import dev.jebena.models.Models;
import dev.jebena.server.cli.Surroundings.Stream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Answers a prompt, or chats. */
@Command(
    name = "run",
    header = "Answers a prompt, or chats.",
    description = {
      "Answers PROMPT, or standard input. With a terminal and no prompt it is a chat.",
      "The text goes to standard output as it is generated, statistics go to standard error."
    })
final class RunCommand implements Callable<Integer> {

  /** What a conversation may grow to, if the model was made for that much. */
  private static final int CHAT_TOKENS = 8192;

  /** Room for what a chat template puts around a prompt. */
  private static final int TEMPLATE_TOKENS = 256;

  private final Surroundings surroundings;

  @Mixin
  @SuppressWarnings("unused")
  private final CommonOptions common = new CommonOptions();

  @Mixin
  private final EngineOptions engineOptions = new EngineOptions();

  @Mixin
  private final TokenizerFlags tokenizerFlags = new TokenizerFlags();

  @Mixin
  private final SamplingOptions sampling = new SamplingOptions();

  @Parameters(
      arity = "0..2",
      paramLabel = "MODEL|PROMPT",
      hideParamSyntax = true,
      description = "A model (a GGUF file, or a name such as smollm2:135m; without, the one that is installed), and what to answer.")
  private List<String> words = List.of();

  @Option(names = "--model", paramLabel = "MODEL", description = "The model, if it is not the first word.")
  private String modelName = "";

  @Option(names = "--system", paramLabel = "TEXT", description = "What the model is told before the conversation.")
  private Optional<String> system = Optional.empty();

  @Option(names = "--raw", description = "Continue the text as it stands, without the model's chat template.")
  private boolean raw;

  @Option(names = "--json", description = "Print one JSON value at the end instead of the text as it comes.")
  private boolean json;

  RunCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException {
    ModelLocator locator = new ModelLocator(surroundings);
    List<String> rest = new ArrayList<>(words);
    Path path;
    if (!modelName.isEmpty()) {
      path = locator.locate(modelName);
    } else if (!rest.isEmpty() && (rest.size() == 2 || locator.isModel(rest.getFirst()))) {
      path = locator.locate(rest.removeFirst());
    } else {
      path = locator.shipped();
    }
    if (engineOptions.follow(path)) {
      return ExitCode.DONE;
    }
    if (rest.size() > 1) {
      throw new UsageException("there are two prompts: put quotes around a prompt of several words");
    }
    boolean chat = rest.isEmpty() && !json && surroundings.isTerminal(Stream.IN) && surroundings.isTerminal(Stream.OUT);
    if (chat && raw) {
      throw new UsageException("--raw continues one prompt: give it, or pipe it in");
    }
    Optional<String> prompt = chat ? Optional.empty() : Optional.of(rest.isEmpty() ? standardInput() : rest.getFirst());
    sampling.request(Prompt.tokens(0));
    long start = System.nanoTime();
    Model model = Models.open(path, ModelOptions.defaults().withTokenizer(tokenizerFlags.options()));
    try (LoadedEngine loaded = LoadedEngine.load(model, config(model, prompt), EngineListener.NONE, surroundings, start)) {
      if (prompt.isEmpty()) {
        new Chat(surroundings, loaded.engine(), sampling, system).talk();
        return ExitCode.DONE;
      }
      Answer answer = Answer.begin(loaded.engine(), sampling.request(prompt(loaded.engine(), prompt.get())));
      if (json) {
        answer.await();
        JsonLines.write(surroundings.out(), answer.json(loaded.loadNanos()));
      } else {
        answer.stream(surroundings.out());
      }
      surroundings.err().println(answer.statistics() + "; loaded in " + Answer.seconds(loaded.loadNanos()));
      return ExitCode.DONE;
    }
  }

  /** A token is at least a byte of what it was encoded from, so that the bytes bound the tokens; a template adds some. */
  private EngineConfig config(Model model, Optional<String> prompt) {
    if (prompt.isEmpty()) {
      return engineOptions.forOneSequence(model, CHAT_TOKENS);
    }
    long bytes = prompt.get().getBytes(StandardCharsets.UTF_8).length + system.map(text -> text.getBytes(StandardCharsets.UTF_8).length).orElse(0);
    return engineOptions.forOneSequence(model, (int) Math.min(model.maxContext(), TEMPLATE_TOKENS + bytes + sampling.maxTokens()));
  }

  private Prompt prompt(Engine engine, String text) {
    if (raw) {
      return Prompt.text(text);
    }
    List<ChatMessage> messages = new ArrayList<>();
    system.ifPresent(said -> messages.add(ChatMessage.system(said)));
    messages.add(ChatMessage.user(text));
    return engine.chatPrompt(messages);
  }

  private String standardInput() throws IOException {
    String text = new String(surroundings.in().readAllBytes(), StandardCharsets.UTF_8);
    if (!raw) {
      text = text.strip();
    }
    if (text.isEmpty()) {
      throw new UsageException("there is no prompt: give one, or pipe it in");
    }
    return text;
  }
}
