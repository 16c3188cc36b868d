package dev.jebena.server.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/** Sends requests at their moments, a virtual thread each. */
final class LoadRun {

  private final LoadClient client;
  private final double requestsPerSecond;
  private final Semaphore slots;
  private final SplittableRandom random;

  LoadRun(LoadClient client, double requestsPerSecond, int maxConcurrency, SplittableRandom random) {
    this.client = client;
    this.requestsPerSecond = requestsPerSecond;
    this.slots = new Semaphore(maxConcurrency);
    this.random = random;
  }

  /** Sends all and waits for their answers. */
  List<LoadRecord> run(List<LoadClient.Body> bodies, IntConsumer progress) throws InterruptedException {
    AtomicInteger done = new AtomicInteger();
    List<Future<LoadRecord>> answers = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      double moment = System.nanoTime();
      for (LoadClient.Body body : bodies) {
        pauseUntil((long) moment);
        answers.add(threads.submit(() -> {
          slots.acquire();
          try {
            return client.send(body);
          } finally {
            slots.release();
            progress.accept(done.incrementAndGet());
          }
        }));
        // gaps between independent arrivals are distributed exponentially
        moment += Double.isInfinite(requestsPerSecond) ? 0 : -Math.log(1 - random.nextDouble()) / requestsPerSecond * 1e9;
      }
      List<LoadRecord> records = new ArrayList<>();
      for (Future<LoadRecord> answer : answers) {
        records.add(answer.get());
      }
      return records;
    } catch (ExecutionException e) {
      throw new CommandException("a request could not be sent: " + e.getCause(), e);
    }
  }

  private static void pauseUntil(long moment) throws InterruptedException {
    long left = moment - System.nanoTime();
    if (left > 0) {
      Thread.sleep(Duration.ofNanos(left));
    }
  }
}
