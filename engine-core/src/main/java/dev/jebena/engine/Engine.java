package dev.jebena.engine;

import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendReport;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.model.Model;
import java.time.Duration;
import java.util.List;

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

  private Engine() {}

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

  /** Collects what an engine needs besides its model. */
  public static Loader loader(Model model) {
    return new Loader(model);
  }

  /** Collects what an engine needs besides its model. */
  public static final class Loader {

    @SuppressWarnings("unused")
    private Loader(Model model) {}

    public Loader config(EngineConfig value) {
      return this;
    }

    /** Takes this backend instead of looking for one. */
    public Loader backend(BackendProvider value) {
      return this;
    }

    public Loader listener(EngineListener value) {
      return this;
    }

    public Loader progress(LoadProgress value) {
      return this;
    }

    /**
     * Loads.
     *
     * @throws EngineLoadException if the backend is not available or memory does not suffice
     */
    public Engine load() {
      throw new UnsupportedOperationException();
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
    throw new UnsupportedOperationException();
  }

  /** Generates and waits for the end; throws what {@link #submit} and {@link Generation#result} throw. */
  public GenerationResult generate(GenerationRequest request) {
    throw new UnsupportedOperationException();
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
   * @throws RequestException if the model has no chat template
   */
  public Prompt chatPrompt(List<ChatMessage> messages) {
    throw new UnsupportedOperationException();
  }

  public Model model() {
    throw new UnsupportedOperationException();
  }

  public EngineConfig config() {
    throw new UnsupportedOperationException();
  }

  /** The most tokens of a sequence, prompt and completion together. */
  public int maxContext() {
    throw new UnsupportedOperationException();
  }

  /** Which backend runs and what the others answered. */
  public BackendSelection backendSelection() {
    throw new UnsupportedOperationException();
  }

  /** What the backend found and chose. */
  public BackendReport backendReport() {
    throw new UnsupportedOperationException();
  }

  /** What it is doing and has done. */
  public EngineStatistics statistics() {
    throw new UnsupportedOperationException();
  }

  /**
   * Takes no more requests and waits until those it has are ended.
   *
   * @return how many had not ended when the time was up; they go on
   */
  public int drain(Duration limit) {
    throw new UnsupportedOperationException();
  }

  /** Aborts what still runs and gives everything back. */
  @Override
  public void close() {}
}
