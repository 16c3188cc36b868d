package dev.jebena.engine;

import dev.jebena.engine.backend.StepResult;
import dev.jebena.engine.schedule.Sequence;
import dev.jebena.engine.schedule.SequenceEnd;
import dev.jebena.engine.schedule.SequenceOutput;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A request between the engine's thread, which writes what its sequence gives, and its reader. What is queued is bounded by the request's
 * own maximum of tokens.
 */
final class ActiveRequest implements SequenceOutput {

  /** What the reader gets. */
  sealed interface Event {

    /** A token was sampled; {@code stops} if it ended the sequence. */
    record Sampled(GeneratedToken token, boolean stops) implements Event {}

    /** Nothing more comes. */
    record Ended(GenerationResult.Finish finish) implements Event {}
  }

  /** Why somebody asks the engine to end a request. */
  sealed interface AbortCause {

    /** The reader found a stop string. */
    record StopString(String text) implements AbortCause {}

    /** Somebody cancelled it, or it was given up. */
    record Cancelled(String detail) implements AbortCause {}
  }

  private final GenerationRequest request;
  private final int[] prompt;
  private final Set<Integer> stopIds;
  private final Set<Integer> endTokens;
  private final int maxGenerated;
  private final EngineLoop loop;
  private final AtomicReference<@Nullable AbortCause> abortCause = new AtomicReference<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final Queue<Event> events = new ArrayDeque<>();
  private long oldestUnreadNanos;

  // written by the engine's thread only
  private final List<GeneratedToken> promptLogprobs = new ArrayList<>();
  private @Nullable Sequence sequence;
  private final long arrivalNanos = System.nanoTime();
  private OptionalLong scheduledNanos = OptionalLong.empty();
  private OptionalLong firstTokenNanos = OptionalLong.empty();
  private OptionalLong lastTokenNanos = OptionalLong.empty();
  private volatile int cachedTokens;
  private int generated;

  ActiveRequest(GenerationRequest request, int[] prompt, Set<Integer> endTokens, int maxGenerated, EngineLoop loop) {
    this.request = request;
    this.prompt = prompt;
    this.stopIds = request.ending().stopIds();
    this.endTokens = endTokens;
    this.maxGenerated = maxGenerated;
    this.loop = loop;
    if (request.output().promptLogprobs().isPresent()) {
      promptLogprobs.add(new GeneratedToken(prompt[0], Optional.empty()));
    }
  }

  GenerationRequest request() {
    return request;
  }

  int[] prompt() {
    return prompt;
  }

  void sequence(Sequence value) {
    sequence = value;
  }

  Sequence sequence() {
    return java.util.Objects.requireNonNull(sequence);
  }

  /** Asks the engine to end it; only the first cause counts. */
  void abort(AbortCause cause) {
    if (abortCause.compareAndSet(null, cause)) {
      loop.abort(this);
    }
  }

  /** Waits until something is queued and takes all of it. */
  List<Event> take() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (events.isEmpty()) {
        arrived.await();
      }
      List<Event> taken = new ArrayList<>(events);
      events.clear();
      oldestUnreadNanos = 0;
      return taken;
    } finally {
      lock.unlock();
    }
  }

  private void put(Event event) {
    lock.lock();
    try {
      if (events.isEmpty()) {
        oldestUnreadNanos = System.nanoTime();
      }
      events.add(event);
      arrived.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Whether something has waited for its reader since before {@code limitNanos} ago. */
  boolean isUnreadSince(long nowNanos, long limitNanos) {
    lock.lock();
    try {
      return !events.isEmpty() && nowNanos - oldestUnreadNanos > limitNanos;
    } finally {
      lock.unlock();
    }
  }

  GenerationResult.PromptInfo promptInfo() {
    return new GenerationResult.PromptInfo(prompt, cachedTokens, promptLogprobs);
  }

  @Override
  public void started(int cached) {
    cachedTokens = cached;
    scheduledNanos = OptionalLong.of(System.nanoTime());
  }

  @Override
  public void promptScored(StepResult result, int row) {
    promptLogprobs.add(token(result, row));
  }

  @Override
  public void sampled(StepResult result, int row) {
    long now = System.nanoTime();
    generated++;
    if (lastTokenNanos.isPresent()) {
      loop.listener().interToken(now - lastTokenNanos.getAsLong());
    } else {
      firstTokenNanos = OptionalLong.of(now);
      loop.listener().firstToken(request.id(), now - arrivalNanos);
    }
    lastTokenNanos = OptionalLong.of(now);
    boolean stops = generated > request.ending().minTokens() && endTokens.contains(result.token(row));
    put(new Event.Sampled(token(result, row), stops));
  }

  private static GeneratedToken token(StepResult result, int row) {
    if (result.rank(row) == 0) {
      return new GeneratedToken(result.token(row), Optional.empty());
    }
    List<TokenLogprobs.Alternative> top = new ArrayList<>(result.topCount(row));
    for (int i = 0; i < result.topCount(row); i++) {
      top.add(new TokenLogprobs.Alternative(result.topToken(row, i), result.topLogprob(row, i)));
    }
    return new GeneratedToken(result.token(row), Optional.of(new TokenLogprobs(result.logprob(row), result.rank(row), top)));
  }

  @Override
  public void ended(SequenceEnd end) {
    GenerationResult.Finish finish = finish(end);
    put(new Event.Ended(finish));
    loop.ended(
        finish.reason(),
        new EngineListener.RequestTimings(
            request.id(),
            finish.reason(),
            new EngineListener.Tokens(prompt.length, cachedTokens, generated, maxGenerated, sequence().preemptions()),
            arrivalNanos,
            scheduledNanos,
            firstTokenNanos,
            lastTokenNanos,
            System.nanoTime()));
  }

  private GenerationResult.Finish finish(SequenceEnd end) {
    return switch (end) {
      case SequenceEnd.Stop(int token) ->
          finish(FinishReason.STOP, Optional.empty(), stopIds.contains(token) ? OptionalInt.of(token) : OptionalInt.empty(), Optional.empty());
      case SequenceEnd.Length() -> finish(FinishReason.LENGTH, Optional.empty(), OptionalInt.empty(), Optional.empty());
      case SequenceEnd.Aborted() -> switch (abortCause.get()) {
        case AbortCause.StopString(String text) ->
            finish(FinishReason.STOP, Optional.of(text), OptionalInt.empty(), Optional.empty());
        case AbortCause.Cancelled(String detail) ->
            finish(FinishReason.ABORT, Optional.empty(), OptionalInt.empty(), Optional.of(detail));
        case null -> finish(FinishReason.ABORT, Optional.empty(), OptionalInt.empty(), Optional.of("the engine was closed"));
      };
      case SequenceEnd.Failed(var status) -> finish(
          FinishReason.ERROR, Optional.empty(), OptionalInt.empty(), Optional.of(switch (status) {
            case NON_FINITE -> "the model computed logits that are infinite or not numbers: its weights may be damaged";
            case NO_ALLOWED_TOKEN -> "logit_bias and min_tokens leave no token to choose";
            case OK -> "the row failed";
          }));
      case SequenceEnd.StepFailed(String message) ->
          finish(FinishReason.ERROR, Optional.empty(), OptionalInt.empty(), Optional.of(message));
    };
  }

  private static GenerationResult.Finish finish(
      FinishReason reason, Optional<String> stopString, OptionalInt stopToken, Optional<String> detail) {
    return new GenerationResult.Finish(reason, stopString, stopToken, detail);
  }
}
