package dev.jebena.server.openai;

import dev.jebena.engine.EngineException;
import dev.jebena.engine.Generation;
import dev.jebena.engine.GenerationResult;
import dev.jebena.engine.Prompt;
import dev.jebena.server.api.ApiException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The generations that answer one HTTP request: every choice of every prompt. Closing it cancels those that have not ended. */
final class Generations implements AutoCloseable {

  /**
   * One generation.
   *
   * @param index of the choice in the answer
   * @param promptIndex which prompt it continues
   */
  record Choice(int index, int promptIndex, Generation generation) {}

  private final List<Choice> choices;

  private Generations(List<Choice> choices) {
    this.choices = choices;
  }

  /**
   * Queues all of them, or none.
   *
   * @throws ApiException if a prompt does not fit the context, or the engine refuses
   */
  static Generations submit(ServedModel model, String id, List<int[]> prompts, Scores scores, CommonFields fields) {
    for (int[] prompt : prompts) {
      requireFits(prompt.length, fields.ending().maxTokens(), model.engine().maxContext());
    }
    List<Choice> choices = new ArrayList<>();
    Generations generations = new Generations(choices);
    try {
      for (int p = 0; p < prompts.size(); p++) {
        Prompt prompt = Prompt.tokens(prompts.get(p));
        for (int i = 0; i < fields.choices(); i++) {
          int index = choices.size();
          choices.add(new Choice(index, p, model.engine().submit(fields.request(id + "-" + index, prompt, i, scores))));
        }
      }
      return generations;
    } catch (EngineException e) {
      generations.close();
      throw Errors.of(e);
    } catch (RuntimeException | Error e) {
      generations.close();
      throw e;
    }
  }

  private static void requireFits(int promptTokens, OptionalInt maxTokens, int maxContext) {
    if (promptTokens == 0) {
      throw ApiException.invalid("prompt", "the prompt has no tokens: send at least one");
    }
    if (promptTokens + (long) maxTokens.orElse(0) > maxContext || promptTokens == maxContext && maxTokens.orElse(1) > 0) {
      throw ApiException.contextExceeded(
          promptTokens >= maxContext ? "prompt" : "max_tokens",
          "this model's maximum context length is " + maxContext + " tokens, but the prompt has " + promptTokens
              + (maxTokens.isPresent() ? " and max_tokens is " + maxTokens.getAsInt() : "") + ": shorten one or the other");
    }
  }

  int size() {
    return choices.size();
  }

  /** Reads each generation on a thread of its own, because one that nobody reads is given up; throws what the first of them threw. */
  void readAll(Consumer<Choice> reader) {
    if (choices.size() == 1) {
      read(reader, choices.getFirst());
      return;
    }
    AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
    List<Thread> threads = choices.stream()
        .map(choice -> Thread.ofVirtual().name("http-choice").start(() -> {
          try {
            read(reader, choice);
          } catch (RuntimeException e) {
            failure.compareAndSet(null, e);
            close();
          }
        }))
        .toList();
    for (Thread thread : threads) {
      join(thread);
    }
    RuntimeException first = failure.get();
    if (first != null) {
      throw first;
    }
  }

  private static void read(Consumer<Choice> reader, Choice choice) {
    try {
      reader.accept(choice);
    } catch (EngineException e) {
      throw Errors.of(e);
    }
  }

  private void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      close();
      Thread.currentThread().interrupt();
      throw ApiException.unavailable("the server is closing");
    }
  }

  /** Waits for all of them, in the order of the answer. */
  List<GenerationResult> results() {
    GenerationResult[] results = new GenerationResult[choices.size()];
    readAll(choice -> results[choice.index()] = Errors.requireAnswer(choice.generation().result()));
    return List.of(results);
  }

  /** Cancels what has not ended. Does not wait. */
  @Override
  public void close() {
    for (Choice choice : choices) {
      choice.generation().close();
    }
  }
}
