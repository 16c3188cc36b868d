package dev.jebena.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.RowStatus;
import dev.jebena.engine.tck.fake.FakeModel;
import dev.jebena.engine.tck.fake.FakeOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class EngineLifeTest {

  private static GenerationRequest endless(int... prompt) {
    return GenerationRequest.builder(Prompt.tokens(prompt)).ignoreEos().build();
  }

  private static GenerationRequest tokens(int count, int... prompt) {
    return GenerationRequest.builder(Prompt.tokens(prompt)).ignoreEos().maxTokens(count).build();
  }

  @Test
  void aCancelledGenerationEndsAndFreesItsBlocks() {
    FakeOptions slow = FakeOptions.DEFAULTS.withStepTime(Duration.ofMillis(1)).withPipelineDepth(2);
    try (Engine engine = FakeEngines.load(EngineConfig.DEFAULTS, slow)) {
      Generation generation = engine.submit(endless('a', 'b'));
      assertTrue(generation.next().isPresent());
      generation.cancel();
      GenerationResult result = generation.result();
      assertEquals(FinishReason.ABORT, result.finishReason());
      assertTrue(result.finish().detail().orElseThrow().contains("cancelled"));
      FakeEngines.awaitAllFree(engine);
      generation.close();
      assertEquals(1L, finished(engine, FinishReason.ABORT));
    }
  }

  private static long finished(Engine engine, FinishReason reason) {
    return engine.statistics().counters().finished().get(reason);
  }

  @Test
  void aWaitingGenerationCanBeCancelled() {
    FakeOptions slow = FakeOptions.DEFAULTS.withStepTime(Duration.ofMillis(1));
    try (Engine engine = FakeEngines.load(EngineConfig.builder().maxSequences(1).build(), slow)) {
      Generation running = engine.submit(endless('a'));
      Generation waiting = engine.submit(endless('b'));
      waiting.cancel();
      GenerationResult result = waiting.result();
      assertEquals(FinishReason.ABORT, result.finishReason());
      assertEquals(0, result.tokens().size());
      running.close();
      FakeEngines.awaitAllFree(engine);
    }
  }

  @Test
  void whoStopsReadingIsAborted() {
    FakeOptions slow = FakeOptions.DEFAULTS.withStepTime(Duration.ofMillis(5));
    try (Engine engine = FakeEngines.load(EngineConfig.builder().readTimeout(Duration.ofMillis(100)).build(), slow)) {
      Generation unread = engine.submit(endless('a', 'b'));
      FakeEngines.await("aborted", () -> finished(engine, FinishReason.ABORT) == 1);
      FakeEngines.awaitAllFree(engine);
      GenerationResult result = unread.result();
      assertEquals(FinishReason.ABORT, result.finishReason());
      assertTrue(result.finish().detail().orElseThrow().contains("readTimeout"));
      assertTrue(result.tokens().size() > 1);
    }
  }

  @Test
  void aFullQueueRefusesAndTakesAgainWhenThereIsRoom() {
    Semaphore steps = new Semaphore(0);
    FakeOptions gated = FakeOptions.DEFAULTS.withPause(steps::acquireUninterruptibly);
    try (Engine engine = FakeEngines.load(EngineConfig.builder().maxSequences(2).maxWaiting(3).build(), gated)) {
      List<Generation> held = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        held.add(engine.submit(tokens(2, 'a', i)));
      }
      QueueFullException full = assertThrows(QueueFullException.class, () -> engine.submit(tokens(2, 'z')));
      assertFalse(full.retryAfter().isNegative() || full.retryAfter().isZero());
      assertThrows(QueueFullException.class, () -> engine.submit(tokens(2, 'z')));
      steps.release(1_000_000);
      held.forEach(each -> assertEquals(2, each.result().tokens().size()));
      FakeEngines.awaitAllFree(engine);
      assertEquals(2, engine.generate(tokens(2, 'z')).tokens().size());
    }
  }

  @Test
  void manyWhoLeaveAtOnceWhileTheEngineIsBusyAreAllHeard() {
    Semaphore steps = new Semaphore(0);
    AtomicBoolean gate = new AtomicBoolean();
    FakeOptions gated = FakeOptions.DEFAULTS.withPause(() -> {
      if (gate.get()) {
        steps.acquireUninterruptibly();
      }
    });
    try (Engine engine = FakeEngines.load(EngineConfig.builder().maxSequences(2).maxWaiting(2).build(), gated)) {
      List<Generation> over = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        Generation generation = engine.submit(tokens(1, 'a', i));
        generation.result();
        over.add(generation);
      }
      FakeEngines.awaitAllFree(engine);
      gate.set(true);
      Generation running = engine.submit(endless('x'));
      FakeEngines.await("running", () -> engine.statistics().running() == 1 || steps.hasQueuedThreads());
      over.forEach(Generation::close);
      Generation second = engine.submit(endless('y'));
      running.cancel();
      second.cancel();
      gate.set(false);
      steps.release(1_000_000);
      assertEquals(FinishReason.ABORT, running.result().finishReason());
      assertEquals(FinishReason.ABORT, second.result().finishReason());
      FakeEngines.awaitAllFree(engine);
    }
  }

  @Test
  void aDrainLetsThoseInFlightFinishAndTakesNoMore() {
    FakeOptions slow = FakeOptions.DEFAULTS.withStepTime(Duration.ofMillis(1));
    try (Engine engine = FakeEngines.load(EngineConfig.DEFAULTS, slow)) {
      List<Generation> generations = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        generations.add(engine.submit(tokens(20, 'a', i)));
      }
      assertEquals(10, engine.drain(Duration.ZERO));
      assertThrows(EngineClosedException.class, () -> engine.submit(tokens(1, 'a')));
      assertEquals(0, engine.drain(Duration.ofSeconds(30)));
      generations.forEach(each -> assertEquals(20, each.result().tokens().size()));
    }
  }

  @Test
  void aCloseGivesEveryReaderAnEndAndEverythingBack() throws Exception {
    for (int depth = 1; depth <= 2; depth++) {
      FakeOptions slow = FakeOptions.DEFAULTS.withStepTime(Duration.ofMillis(1)).withPipelineDepth(depth);
      FakeEngines.Watched provider = new FakeEngines.Watched(slow);
      Engine engine = Engine.loader(new FakeModel(FakeEngines.CONTEXT))
          .config(EngineConfig.builder().maxSequences(8).build())
          .backend(provider)
          .load();
      assertTrue(provider.budget().get().reservedBytes() > 0);
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<GenerationResult>> results = new ArrayList<>();
        CountDownLatch submitted = new CountDownLatch(50);
        for (int i = 0; i < 50; i++) {
          int number = i;
          results.add(threads.submit(() -> {
            Generation generation = engine.submit(endless('a', number));
            submitted.countDown();
            return generation.result();
          }));
        }
        submitted.await();
        engine.close();
        for (Future<GenerationResult> result : results) {
          assertEquals(FinishReason.ABORT, result.get().finishReason());
        }
      }
      engine.close();
      assertThrows(EngineClosedException.class, () -> engine.submit(tokens(1, 'a')));
      assertEquals(0, provider.budget().get().reservedBytes());
      assertEquals(0, engine.drain(Duration.ZERO));
      assertTrue(Thread.getAllStackTraces().keySet().stream().noneMatch(each -> each.getName().equals("jebena-engine")));
    }
  }

  @Test
  void aCloseRacingWithSubmittersLeavesNobodyWaiting() throws Exception {
    for (int round = 0; round < 100; round++) {
      Engine engine = FakeEngines.load(EngineConfig.DEFAULTS);
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        CountDownLatch first = new CountDownLatch(4);
        List<Future<?>> submitters = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          int number = i;
          submitters.add(threads.submit(() -> {
            while (true) {
              try {
                engine.generate(tokens(3, 'a', number));
                first.countDown();
              } catch (EngineClosedException e) {
                first.countDown();
                return;
              }
            }
          }));
        }
        first.await();
        engine.close();
        for (Future<?> submitter : submitters) {
          submitter.get();
        }
      }
    }
  }

  @Test
  void thousandsOfThreadsAreServedAtOnce() throws Exception {
    EngineConfig config = EngineConfig.builder().maxWaiting(4000).kvCacheBytes(300 * FakeEngines.BLOCK_BYTES).build();
    Map<String, Integer> finished = new ConcurrentHashMap<>();
    EngineListener listener = new EngineListener() {
      @Override
      public void finished(RequestTimings timings) {
        finished.merge(timings.requestId(), 1, Integer::sum);
      }
    };
    try (Engine engine = Engine.loader(new FakeModel(FakeEngines.CONTEXT))
            .config(config)
            .listener(listener)
            .backend(new FakeEngines.Watched(FakeOptions.DEFAULTS.withPipelineDepth(2)))
            .load();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<int[]>> answers = new ArrayList<>();
      for (int i = 0; i < 3000; i++) {
        int number = i;
        answers.add(threads.submit(() -> {
          try (Generation generation = engine.submit(tokens(20, 'a', number % 256, number / 256))) {
            if (number % 3 == 0) {
              generation.next();
              generation.cancel();
              return new int[0];
            }
            return generation.result().tokenIds();
          }
        }));
      }
      for (int i = 0; i < answers.size(); i++) {
        if (i % 3 != 0) {
          assertArrayEquals(FakeEngines.answer(new int[] {'a', i % 256, i / 256}, 0, 20), answers.get(i).get());
        }
      }
      FakeEngines.awaitAllFree(engine);
      FakeEngines.await("all told", () -> finished.size() == 3000);
      finished.forEach((id, times) -> assertEquals(1, times, id));
    }
  }

  @Test
  void aFailingRowEndsAlone() {
    FakeOptions failing = FakeOptions.DEFAULTS.withPipelineDepth(2).withRowFailure(
        (settings, position) -> settings.promptTokens() == 3 && position == 8 ? Optional.of(RowStatus.NON_FINITE) : Optional.empty());
    try (Engine engine = FakeEngines.load(EngineConfig.DEFAULTS, failing)) {
      Generation good = engine.submit(tokens(50, 'a', 'b'));
      Generation bad = engine.submit(tokens(50, 'a', 'b', 'c'));
      GenerationException thrown = assertThrows(GenerationException.class, bad::result);
      assertTrue(thrown.getMessage().contains("not numbers"), thrown.getMessage());
      assertArrayEquals(FakeEngines.answer(new int[] {'a', 'b'}, 0, 50), good.result().tokenIds());
      FakeEngines.awaitAllFree(engine);
      assertEquals(1L, finished(engine, FinishReason.ERROR));
      assertEquals(5, engine.generate(tokens(5, 'a')).tokens().size());
    }
  }

  @Test
  void aFailingStepEndsEverybodyAndTheEngineRefusesMore() {
    for (int depth = 1; depth <= 2; depth++) {
      for (Throwable failure : new Throwable[] {new BackendException("the device is gone"), new AssertionError("the device is gone")}) {
        AtomicBoolean broken = new AtomicBoolean();
        FakeOptions failing = FakeOptions.DEFAULTS.withPipelineDepth(depth).withPause(() -> {
          LockSupport.parkNanos(1_000_000);
          if (broken.get()) {
            sneakyThrow(failure);
          }
        });
        FakeEngines.Watched provider = new FakeEngines.Watched(failing);
        Engine engine = Engine.loader(new FakeModel(FakeEngines.CONTEXT))
            .config(EngineConfig.builder().maxSequences(4).build())
            .backend(provider)
            .load();
        try (engine) {
          List<Generation> generations = new ArrayList<>();
          for (int i = 0; i < 8; i++) {
            generations.add(engine.submit(endless('a', i)));
          }
          broken.set(true);
          for (Generation generation : generations) {
            GenerationException thrown = assertThrows(GenerationException.class, generation::result);
            assertTrue(thrown.getMessage().contains("the device is gone"), thrown.getMessage());
          }
          EngineClosedException refused = assertThrows(EngineClosedException.class, () -> engine.submit(tokens(1, 'a')));
          assertTrue(refused.getMessage().contains("the device is gone"), refused.getMessage());
          FakeEngines.await("counted", () -> finished(engine, FinishReason.ERROR) == 8);
          assertEquals(0, engine.drain(Duration.ofSeconds(10)));
        }
        assertEquals(0, provider.budget().get().reservedBytes());
      }
    }
  }

  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void sneakyThrow(Throwable thrown) throws T {
    throw (T) thrown;
  }

  @Test
  void anInterruptedReaderCanReadOn() throws Exception {
    FakeOptions slow = FakeOptions.DEFAULTS.withStepTime(Duration.ofMillis(1));
    try (Engine engine = FakeEngines.load(EngineConfig.DEFAULTS, slow)) {
      Generation generation = engine.submit(tokens(30, 'a'));
      Thread.currentThread().interrupt();
      assertThrows(GenerationInterruptedException.class, generation::result);
      assertTrue(Thread.interrupted());
      assertArrayEquals(FakeEngines.answer(new int[] {'a'}, 0, 30), generation.result().tokenIds());
    }
  }
}
