package dev.jebena.engine;

import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendReport;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.model.Model;
import dev.jebena.engine.parallel.CollectiveCounters;
import dev.jebena.engine.parallel.ShardedBackend;
import dev.jebena.tokenizer.EncodeOptions;
import dev.jebena.tokenizer.template.Conversation;
import dev.jebena.tokenizer.template.TemplateException;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A loaded model that answers, to any number of threads at once.
 *
 * <pre>{@code
 * try (Engine engine = Engine.load(model)) {
 *   System.out.println(engine.generate("Once upon a time").text());
 * }
 * }</pre>
 *
 * <p>The engine does not own the model: close the model after the engine.
 */
public final class Engine implements AutoCloseable {

  private final LoadedEngine loaded;
  private final Admission admission;
  private final EngineLoop loop;

  Engine(LoadedEngine loaded, EngineListener listener) {
    this.loaded = loaded;
    this.loop = new EngineLoop(loaded, listener);
    this.admission = new Admission(loaded, loop);
  }

  /**
   * Loads a model's weights on the best backend available.
   *
   * @throws EngineLoadException if no backend is available or memory does not suffice
   */
  public static Engine load(Model model) {
    return load(model, EngineConfig.DEFAULTS);
  }

  /**
   * Loads a model's weights.
   *
   * @throws EngineLoadException if the backend is not available or memory does not suffice
   */
  public static Engine load(Model model, EngineConfig config) {
    return loader(model).config(config).load();
  }

  /**
   * Computes as ranks of another process's engine, the one of node 0 of the cluster that the configuration names; returns when that closes.
   *
   * @throws EngineLoadException if this node is refused, or the backend is not available
   * @throws dev.jebena.engine.parallel.RankException naming the rank that failed, if one does
   */
  public static void follow(Model model, EngineConfig config) {
    LoadedEngine.follow(model, config, BackendSelection.select(config.compute().backend()));
  }

  /** Collects what an engine needs besides its model. */
  public static Loader loader(Model model) {
    return new Loader(model);
  }

  /** Collects what an engine needs besides its model. */
  public static final class Loader {

    private final Model model;
    private EngineConfig config = EngineConfig.DEFAULTS;
    private Optional<BackendProvider> backend = Optional.empty();
    private EngineListener listener = EngineListener.NONE;
    private LoadProgress progress = LoadProgress.SILENT;

    private Loader(Model model) {
      this.model = model;
    }

    public Loader config(EngineConfig value) {
      config = value;
      return this;
    }

    /** Takes this backend instead of looking for one. */
    public Loader backend(BackendProvider value) {
      backend = Optional.of(value);
      return this;
    }

    public Loader listener(EngineListener value) {
      listener = value;
      return this;
    }

    public Loader progress(LoadProgress value) {
      progress = value;
      return this;
    }

    /**
     * Loads.
     *
     * @throws EngineLoadException if the backend is not available or memory does not suffice
     */
    public Engine load() {
      BackendSelection selection = backend
          .map(provider -> BackendSelection.choose(EngineConfig.AUTO, BackendSelection.probe(List.of(provider))))
          .orElseGet(() -> BackendSelection.select(config.compute().backend()));
      return new Engine(LoadedEngine.load(model, config, selection, progress), listener);
    }
  }

  /**
   * Queues a request. The prompt is encoded on this thread; nothing waits.
   *
   * @throws RequestException naming the field that does not fit the model
   * @throws QueueFullException if the engine holds as many requests as it was configured for
   * @throws EngineClosedException if the engine is draining or closed
   */
  public Generation submit(GenerationRequest request) {
    return admission.admit(request);
  }

  /** Generates and waits for the end; throws what {@link #submit} and {@link Generation#result} throw. */
  public GenerationResult generate(GenerationRequest request) {
    try (Generation generation = submit(request)) {
      return generation.result();
    }
  }

  /** Continues a text greedily until the model ends it; throws what {@link #submit} and {@link Generation#result} throw. */
  public GenerationResult generate(String prompt) {
    return generate(GenerationRequest.builder(Prompt.text(prompt)).build());
  }

  /** Answers a conversation greedily; throws what {@link #submit} and {@link Generation#result} throw. */
  public GenerationResult chat(List<ChatMessage> messages) {
    return generate(GenerationRequest.builder(chatPrompt(messages)).build());
  }

  /**
   * Renders a conversation with the model's chat template, up to where the assistant speaks.
   *
   * @throws RequestException if the model has no chat template, or the template refuses the messages
   */
  public Prompt chatPrompt(List<ChatMessage> messages) {
    Model model = model();
    if (model.chatTemplate().isEmpty()) {
      throw new RequestException(
          "messages", "model '" + model.name() + "' has no chat template: use a raw prompt, or a model that was made for chats");
    }
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    model.tokenizer().ifPresent(tokenizer -> {
      tokenizer.specialTokens().beginning().ifPresent(id -> tokenizer.tokenText(id).ifPresent(text -> variables.put("bos_token", text)));
      tokenizer.specialTokens().end().ifPresent(id -> tokenizer.tokenText(id).ifPresent(text -> variables.put("eos_token", text)));
    });
    Conversation conversation =
        new Conversation(messages.stream().map(ChatMessage::variables).toList(), Conversation.Turn.ASSISTANT, variables);
    String text;
    try {
      text = conversation.render(model.chatTemplate().get(), Clock.system(ZoneId.systemDefault()));
    } catch (TemplateException e) {
      throw new RequestException("messages", "the model's chat template refuses the messages: " + e.getMessage());
    }
    return new Prompt.Text(text, EncodeOptions.TEMPLATE);
  }

  public Model model() {
    return loaded.model();
  }

  public EngineConfig config() {
    return loaded.config();
  }

  /** The most tokens of a sequence, prompt and completion together. */
  public int maxContext() {
    return loaded.maxContext();
  }

  /** Which backend runs and what the others answered. */
  public BackendSelection backendSelection() {
    return loaded.selection();
  }

  /** What the backend found and chose. */
  public BackendReport backendReport() {
    return loaded.backend().report();
  }

  /** What its ranks have spent on speaking with each other, as the first one sees it; empty if there is one only. */
  public Optional<CollectiveCounters> collectives() {
    return loaded.backend() instanceof ShardedBackend sharded ? Optional.of(sharded.collectives()) : Optional.empty();
  }

  /** What it is doing and has done. */
  public EngineStatistics statistics() {
    return loop.statistics();
  }

  /** Completes if a step fails as a whole, or a rank is gone: all requests have ended then, and no more are taken. */
  public CompletionStage<Throwable> failure() {
    return loop.failed();
  }

  /**
   * Takes no more requests and waits until those it has are ended.
   *
   * @return how many had not ended when the time was up; they go on
   */
  public int drain(Duration limit) {
    return loop.drain(limit);
  }

  /** Aborts what still runs and gives everything back. */
  @Override
  public void close() {
    loop.close();
  }
}
