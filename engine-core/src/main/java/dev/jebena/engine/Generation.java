package dev.jebena.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A generation under way, read by one thread at a time; {@link #cancel} may come from any thread. Detokenising and the search for stop
 * strings happen on the reader's thread. Closing a generation that has not ended cancels it.
 */
public final class Generation implements AutoCloseable {

  private final ActiveRequest request;
  private final CompletionText completion;
  private final StringBuilder text = new StringBuilder();
  private final List<GeneratedToken> tokens = new ArrayList<>();
  private GenerationResult.@Nullable Finish finish;

  Generation(ActiveRequest request, CompletionText completion) {
    this.request = request;
    this.completion = completion;
  }

  /** The request's id. */
  public String id() {
    return request.request().id();
  }

  /** The prompt's token ids. */
  public int[] promptTokens() {
    return request.prompt().clone();
  }

  /**
   * Waits for what comes next.
   *
   * @return everything that is ready, at least one token but for a last chunk; empty when the generation has ended
   * @throws GenerationException if the request's row failed in a step
   * @throws GenerationInterruptedException if the thread was interrupted
   */
  public Optional<GenerationChunk> next() {
    while (finish == null) {
      StringBuilder piece = new StringBuilder();
      List<GeneratedToken> sampled = new ArrayList<>();
      for (ActiveRequest.Event event : take()) {
        take(event, piece, sampled);
      }
      if (!sampled.isEmpty() || !piece.isEmpty()) {
        text.append(piece);
        tokens.addAll(sampled);
        return Optional.of(new GenerationChunk(piece.toString(), sampled));
      }
    }
    if (finish.reason() == FinishReason.ERROR) {
      throw new GenerationException("request '" + id() + "' failed: " + finish.detail().orElse("no reason was given"));
    }
    return Optional.empty();
  }

  private List<ActiveRequest.Event> take() {
    try {
      return request.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new GenerationInterruptedException(id());
    }
  }

  private void take(ActiveRequest.Event event, StringBuilder piece, List<GeneratedToken> sampled) {
    if (finish != null) {
      // a stop string was found: what the engine sampled since is not part of the completion
      return;
    }
    switch (event) {
      case ActiveRequest.Event.Sampled(GeneratedToken token, boolean stops) -> {
        piece.append(completion.append(token.id(), stops));
        sampled.add(token);
        endAtStopString();
      }
      case ActiveRequest.Event.Ended(GenerationResult.Finish end) -> {
        piece.append(completion.finish());
        endAtStopString();
        if (finish == null) {
          finish = end;
        }
      }
    }
  }

  private void endAtStopString() {
    completion.stopString().ifPresent(stop -> {
      request.abort(new ActiveRequest.AbortCause.StopString(stop));
      finish = new GenerationResult.Finish(FinishReason.STOP, Optional.of(stop), OptionalInt.empty(), Optional.empty());
    });
  }

  /**
   * Reads to the end and returns the whole, what was read before included.
   *
   * @throws GenerationException if the request's row failed in a step
   * @throws GenerationInterruptedException if the thread was interrupted
   */
  public GenerationResult result() {
    while (next().isPresent()) {
      // next() collects
    }
    GenerationResult.Finish end = java.util.Objects.requireNonNull(finish);
    return new GenerationResult(id(), text.toString(), tokens, end, request.promptInfo());
  }

  /** Ends the generation early: its blocks are free within a step. Does nothing if it has ended. Safe for any thread; does not wait. */
  public void cancel() {
    request.abort(new ActiveRequest.AbortCause.Cancelled("cancelled by its reader"));
  }

  @Override
  public void close() {
    cancel();
  }
}
