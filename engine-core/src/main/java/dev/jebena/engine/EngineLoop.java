package dev.jebena.engine;

import dev.jebena.engine.backend.StepHandle;
import dev.jebena.engine.backend.StepResult;
import dev.jebena.engine.schedule.BlockPool;
import dev.jebena.engine.schedule.ScheduledStep;
import dev.jebena.engine.schedule.Scheduler;
import dev.jebena.engine.schedule.SchedulerCounters;
import dev.jebena.engine.schedule.SchedulerLimits;
import dev.jebena.engine.schedule.Sequence;
import dev.jebena.engine.schedule.SequenceEnd;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The engine's thread: it alone touches scheduler, block pool and executable. Commands come in through one queue; a request sends at
 * most two of them (itself, and the wish to end), and how many requests are held is bounded, so the queue needs no bound of its own.
 */
final class EngineLoop implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(Engine.class.getName());
  private static final long LOOK_AT_READERS_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
  private static final Duration MOST_RETRY_AFTER = Duration.ofSeconds(60);

  /** What other threads ask of the engine's. */
  private sealed interface Command {

    record Submit(ActiveRequest request) implements Command {}

    record Abort(ActiveRequest request) implements Command {}

    record Close() implements Command {}
  }

  private final LoadedEngine loaded;
  private final EngineListener listener;
  private final BlockPool pool;
  private final Scheduler scheduler;
  private final StepPace pace;
  private final BlockingQueue<Command> commands = new LinkedBlockingQueue<>();
  private final int maxHeld;
  private final AtomicInteger held = new AtomicInteger();
  private final Set<ActiveRequest> live = new HashSet<>();
  private final ArrayDeque<StepHandle> handles = new ArrayDeque<>();
  private final ArrayDeque<InFlight> inFlight = new ArrayDeque<>();
  private final Map<FinishReason, Long> finished = new EnumMap<>(FinishReason.class);
  private final Thread thread;
  private final Object drained = new Object();
  private volatile EngineStatistics statistics;
  private volatile boolean draining;
  private volatile boolean stopped;
  private volatile @Nullable Throwable failure;
  private final CompletableFuture<Throwable> failed = new CompletableFuture<>();
  private volatile long nanosBetweenEnds = TimeUnit.SECONDS.toNanos(1);
  private long lastEndNanos = System.nanoTime();
  private long lastStepNanos = System.nanoTime();
  private boolean closing;

  /** What is remembered of a step until it is awaited. */
  private record InFlight(int tokens, int sequences, long scheduleNanos, long startNanos) {}

  EngineLoop(LoadedEngine loaded, EngineListener listener) {
    this.loaded = loaded;
    this.listener = listener;
    EngineConfig.Scheduling scheduling = loaded.config().scheduling();
    this.pool = new BlockPool(loaded.cache().blocks());
    this.scheduler = new Scheduler(
        new SchedulerLimits(
            scheduling.maxSequences(),
            loaded.limits().maxTokens(),
            loaded.limits().maxOutputRows(),
            loaded.blockTokens(),
            scheduling.chunkedPrefill() == EngineConfig.Switch.ON ? SchedulerLimits.Chunking.CHUNKED : SchedulerLimits.Chunking.WHOLE,
            loaded.config().cache().prefixCaching() == EngineConfig.Switch.ON
                ? SchedulerLimits.Prefixes.SHARED
                : SchedulerLimits.Prefixes.SEPARATE),
        pool);
    this.pace = new StepPace(scheduling.targetStepMillis(), loaded.limits().maxTokens());
    this.maxHeld = scheduling.maxSequences() + scheduling.maxWaiting();
    for (FinishReason reason : FinishReason.values()) {
      finished.put(reason, 0L);
    }
    this.statistics = snapshot();
    this.thread = Thread.ofPlatform().name("jebena-engine").daemon(true).start(this::run);
  }

  EngineListener listener() {
    return listener;
  }

  EngineStatistics statistics() {
    return statistics;
  }

  /** Completes when the engine has failed. */
  CompletionStage<Throwable> failed() {
    return failed.minimalCompletionStage();
  }

  /** Takes a request, or says why not. */
  void submit(ActiveRequest request) {
    int now = held.incrementAndGet();
    if (draining) {
      release();
      Throwable cause = failure;
      throw cause == null
          ? new EngineClosedException("the engine takes no more requests: it is draining or closed")
          : new EngineClosedException("the engine takes no more requests: a step failed: " + cause.getMessage(), cause);
    }
    if (now > maxHeld) {
      release();
      Duration estimate = Duration.ofNanos(nanosBetweenEnds).plusSeconds(1);
      throw new QueueFullException(now - 1, maxHeld, estimate.compareTo(MOST_RETRY_AFTER) > 0 ? MOST_RETRY_AFTER : estimate);
    }
    Command command = new Command.Submit(request);
    commands.add(command);
    if (stopped) {
      // nobody takes commands any more; either this thread or the one that closes finds this one
      synchronized (thread) {
        if (commands.remove(command)) {
          request.ended(new SequenceEnd.Aborted());
        }
      }
    }
  }

  /** A request is not held any more. */
  private void release() {
    if (held.decrementAndGet() == 0) {
      synchronized (drained) {
        drained.notifyAll();
      }
    }
  }

  void abort(ActiveRequest request) {
    commands.add(new Command.Abort(request));
  }

  /** A request has ended; called on the engine's thread. */
  void ended(FinishReason reason, EngineListener.RequestTimings timings) {
    finished.merge(reason, 1L, Long::sum);
    long now = System.nanoTime();
    nanosBetweenEnds = (3 * nanosBetweenEnds + (now - lastEndNanos)) / 4;
    lastEndNanos = now;
    listener.finished(timings);
    release();
  }

  private void run() {
    try {
      long nextLook = System.nanoTime();
      while (!closing) {
        takeCommands();
        boolean worked = step();
        statistics = snapshot();
        long now = System.nanoTime();
        if (now - nextLook > 0) {
          nextLook = now + LOOK_AT_READERS_NANOS;
          abortUnread(now);
        }
        if (!worked && !closing) {
          loaded.executable().requireAlive();
          waitForCommand();
        }
      }
      endAll(new SequenceEnd.Aborted());
    } catch (Throwable thrown) {
      LOG.log(System.Logger.Level.ERROR, "a step failed; the engine takes no more requests", thrown);
      failure = thrown;
      draining = true;
      endAll(new SequenceEnd.StepFailed("a step failed as a whole: " + thrown.getMessage()));
      statistics = snapshot();
      failed.complete(thrown);
      serveUntilClosed();
    }
    statistics = snapshot();
  }

  /** After a failure: whatever still comes ends at once. */
  private void serveUntilClosed() {
    while (!closing) {
      try {
        switch (commands.take()) {
          case Command.Submit(ActiveRequest request) -> request.ended(new SequenceEnd.StepFailed("the engine has failed: " + failure));
          case Command.Abort abort -> {}
          case Command.Close close -> closing = true;
        }
      } catch (InterruptedException e) {
        closing = true;
      }
    }
  }

  private void waitForCommand() {
    try {
      Command command = commands.poll(live.isEmpty() ? 1_000 : 20, TimeUnit.MILLISECONDS);
      if (command != null) {
        obey(command);
      }
    } catch (InterruptedException e) {
      closing = true;
    }
  }

  private void takeCommands() {
    for (Command command = commands.poll(); command != null; command = commands.poll()) {
      obey(command);
    }
  }

  private void obey(Command command) {
    switch (command) {
      case Command.Submit(ActiveRequest request) -> {
        live.add(request);
        scheduler.add(request.sequence());
        listener.queued(request.request().id());
      }
      case Command.Abort(ActiveRequest request) -> scheduler.end(request.sequence(), new SequenceEnd.Aborted());
      case Command.Close close -> closing = true;
    }
  }

  /** Submits what fits into the pipeline and awaits one step; false if there was nothing to do. */
  private boolean step() {
    scheduler.prefillBudget(pace.budget());
    while (handles.size() < loaded.executable().pipelineDepth()) {
      long start = System.nanoTime();
      Optional<ScheduledStep> step = scheduler.schedule();
      if (step.isEmpty()) {
        break;
      }
      long scheduled = System.nanoTime();
      inFlight.add(new InFlight(step.get().plan().totalTokens(), step.get().plan().runCount(), scheduled - start, start));
      handles.add(loaded.executable().submit(step.get().plan(), loaded.cache()));
    }
    StepHandle handle = handles.poll();
    if (handle == null) {
      return false;
    }
    StepResult result = handle.await();
    InFlight step = inFlight.remove();
    scheduler.update(result);
    live.removeIf(request -> request.sequence().hasEnded());
    long now = System.nanoTime();
    // a step that was submitted while another ran takes from the end of that one
    long nanos = now - Math.max(step.startNanos, lastStepNanos);
    lastStepNanos = now;
    pace.stepped(step.tokens, step.sequences, nanos);
    listener.step(new EngineListener.StepTimings(step.tokens, step.sequences, step.scheduleNanos, nanos));
    return true;
  }

  private void abortUnread(long now) {
    long limit = loaded.config().scheduling().readTimeout().toNanos();
    live.removeIf(request -> request.sequence().hasEnded());
    for (ActiveRequest request : live) {
      if (request.isUnreadSince(now, limit)) {
        request.abort(
            new ActiveRequest.AbortCause.Cancelled(
                "nobody read it for " + loaded.config().scheduling().readTimeout() + " (readTimeout)"));
      }
    }
  }

  private void endAll(SequenceEnd why) {
    boolean ordered = failure == null;
    while (!handles.isEmpty()) {
      try {
        StepResult result = handles.remove().await();
        if (ordered) {
          scheduler.update(result);
        }
      } catch (RuntimeException | Error e) {
        // the scheduler still waits for this step: it must not be handed the result of a later one
        ordered = false;
        LOG.log(System.Logger.Level.DEBUG, "a step in flight failed while the engine ended", e);
      }
    }
    takeCommandsUntilEmpty();
    for (Sequence sequence : scheduler.live()) {
      scheduler.end(sequence, why);
    }
    for (ActiveRequest request : live) {
      if (!request.sequence().hasEnded()) {
        // the scheduler refused it, or never saw it
        request.ended(why);
      }
    }
    live.clear();
  }

  private void takeCommandsUntilEmpty() {
    for (Command command = commands.poll(); command != null; command = commands.poll()) {
      switch (command) {
        case Command.Submit(ActiveRequest request) -> live.add(request);
        case Command.Abort abort -> {}
        case Command.Close close -> closing = true;
      }
    }
  }

  private EngineStatistics snapshot() {
    SchedulerCounters counters = scheduler.counters();
    return new EngineStatistics(
        scheduler.runningCount(),
        scheduler.waitingCount(),
        pool.blocks(),
        scheduler.usedBlocks(),
        new EngineStatistics.Counters(
            counters.steps(),
            counters.promptTokens(),
            counters.generatedTokens(),
            counters.prefixQueryTokens(),
            counters.prefixHitTokens(),
            counters.preemptions(),
            Map.copyOf(finished)));
  }

  /** Waits until no request is held any more. */
  int drain(Duration limit) {
    draining = true;
    long deadline = System.nanoTime() + limit.toNanos();
    synchronized (drained) {
      while (held.get() > 0) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          break;
        }
        try {
          TimeUnit.NANOSECONDS.timedWait(drained, Math.max(left, TimeUnit.MILLISECONDS.toNanos(1)));
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          break;
        }
      }
    }
    return held.get();
  }

  @Override
  public void close() {
    draining = true;
    synchronized (thread) {
      if (thread.isAlive()) {
        commands.add(new Command.Close());
        boolean interrupted = false;
        while (thread.isAlive()) {
          try {
            thread.join();
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
      stopped = true;
      // a request that was counted after the last look, and whose command came after it
      for (Command command : List.copyOf(commands)) {
        if (command instanceof Command.Submit(ActiveRequest request) && commands.remove(command)) {
          request.ended(new SequenceEnd.Aborted());
        }
      }
      loaded.close();
    }
  }
}
