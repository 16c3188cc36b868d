package dev.jebena.cpu;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A team of threads that walks a list of stages together; the caller is worker 0.
 *
 * <p>Between two stages stands a barrier that spins for a bounded time and then yields, and parks when a stage is long. Within a stage each
 * worker takes chunks from the front of its own part and, when that is empty, from the back of the others': the partition is stable from
 * step to step, yet a disturbed core does not stall the step. Results do not depend on who computes a chunk. Nothing is allocated.
 */
final class Team implements AutoCloseable {

  /** Work that is cut into chunks. */
  interface Stage {

    /** Chunks of the current step; the same answer for every worker. */
    int chunks();

    /** Computes the chunks {@code [from, to)}. */
    void run(int from, int to, int worker);
  }

  /** A list of stages. */
  interface Work {

    int stages();

    Stage stage(int index);
  }

  private static final int SPINS = 20_000;
  private static final int YIELDS = 200;
  private static final int PAD = 16;
  private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);
  private static final AtomicInteger TEAMS = new AtomicInteger();

  private final int size;
  private final Thread[] threads;
  /** For each worker, in a cache line of its own: the chunks left of its part, begin in the upper and end in the lower half. */
  private final long[] parts;
  private final long[] arrived;
  private final boolean spinning;
  private volatile long generation;
  private volatile long phase;
  private volatile @Nullable Work work;
  private volatile @Nullable Throwable failure;
  private volatile boolean closed;
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicInteger parked = new AtomicInteger();

  Team(int size) {
    this.size = size;
    this.parts = new long[(size + 1) * PAD];
    this.arrived = new long[3 * PAD];
    this.spinning = size <= Runtime.getRuntime().availableProcessors();
    this.threads = new Thread[size - 1];
    int team = TEAMS.incrementAndGet();
    for (int i = 1; i < size; i++) {
      int worker = i;
      threads[i - 1] = Thread.ofPlatform().daemon(true).name("jebena-cpu-" + team + "-" + worker).start(() -> serve(worker));
    }
  }

  int size() {
    return size;
  }

  /** Walks the stages with all workers; returns when the last is done, or rethrows what a worker threw. One caller at a time. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // only the caller, worker 0, writes it
  void run(Work newWork) {
    if (closed) {
      throw new IllegalStateException("the team is closed");
    }
    failure = null;
    work = newWork;
    generation++;
    if (parked.get() > 0) {
      for (Thread thread : threads) {
        LockSupport.unpark(thread);
      }
    }
    walk(newWork, 0);
    work = null;
    Throwable thrown = failure;
    if (thrown != null) {
      throw thrown instanceof RuntimeException runtime ? runtime : new IllegalStateException("a worker failed", thrown);
    }
  }

  /** Runs one stage. */
  void run(Stage stage) {
    run(new Work() {
      @Override
      public int stages() {
        return 1;
      }

      @Override
      public Stage stage(int index) {
        return stage;
      }
    });
  }

  private void serve(int worker) {
    long seen = 0;
    while (true) {
      int idle = 0;
      while (generation == seen) {
        if (closed) {
          return;
        }
        if (spinning && idle < SPINS) {
          idle++;
          Thread.onSpinWait();
        } else {
          parked.incrementAndGet();
          if (generation == seen && !closed) {
            LockSupport.park(this);
          }
          parked.decrementAndGet();
        }
      }
      seen = generation;
      Work current = work;
      if (current != null) {
        walk(current, worker);
      }
    }
  }

  private void walk(Work current, int worker) {
    int stages = current.stages();
    for (int i = 0; i < stages; i++) {
      Stage stage = current.stage(i);
      int chunks = stage.chunks();
      long mine = phase;
      part(worker, chunks);
      if (failure == null) {
        try {
          takeChunks(stage, worker);
        } catch (Throwable thrown) {
          failure = thrown;
        }
      }
      barrier(mine, worker);
    }
  }

  /** Publishes this worker's part of the stage; until then others find the empty part of the stage before, and steal nothing. */
  private void part(int worker, int chunks) {
    long from = (long) chunks * worker / size;
    long to = (long) chunks * (worker + 1) / size;
    LONGS.setRelease(parts, worker * PAD, from << 32 | to);
  }

  private void takeChunks(Stage stage, int worker) {
    int chunk = takeFirst(worker);
    while (chunk >= 0) {
      stage.run(chunk, chunk + 1, worker);
      chunk = takeFirst(worker);
    }
    for (int other = 1; other < size; other++) {
      int victim = (worker + other) % size;
      chunk = takeLast(victim);
      while (chunk >= 0) {
        stage.run(chunk, chunk + 1, worker);
        chunk = takeLast(victim);
      }
    }
  }

  private int takeFirst(int worker) {
    int at = worker * PAD;
    while (true) {
      long part = (long) LONGS.getAcquire(parts, at);
      int from = (int) (part >>> 32);
      if (from >= (int) part) {
        return -1;
      }
      if (LONGS.compareAndSet(parts, at, part, part + (1L << 32))) {
        return from;
      }
    }
  }

  private int takeLast(int victim) {
    int at = victim * PAD;
    while (true) {
      long part = (long) LONGS.getAcquire(parts, at);
      int to = (int) part;
      if ((int) (part >>> 32) >= to) {
        return -1;
      }
      if (LONGS.compareAndSet(parts, at, part, part - 1)) {
        return to - 1;
      }
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // between spinning and parking; nothing relies on it
  private void barrier(long mine, int worker) {
    if (size == 1) {
      return;
    }
    long count = (long) LONGS.getAndAdd(arrived, PAD, 1L) + 1;
    if (count == size) {
      LONGS.setRelease(arrived, PAD, 0L);
      phase = mine + 1;
      if (waiting.get() > 0) {
        for (Thread thread : threads) {
          LockSupport.unpark(thread);
        }
        Thread caller = callerThread;
        if (caller != null) {
          LockSupport.unpark(caller);
        }
      }
      return;
    }
    int spins = spinning ? SPINS : 16;
    for (int i = 0; i < spins; i++) {
      if (phase != mine) {
        return;
      }
      Thread.onSpinWait();
    }
    for (int i = 0; i < YIELDS; i++) {
      if (phase != mine) {
        return;
      }
      Thread.yield();
    }
    if (worker == 0) {
      callerThread = Thread.currentThread();
    }
    waiting.incrementAndGet();
    while (phase == mine) {
      LockSupport.parkNanos(this, 200_000);
    }
    waiting.decrementAndGet();
  }

  private volatile @Nullable Thread callerThread;

  /** Ends the threads and waits for them. */
  @Override
  public void close() {
    closed = true;
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
    }
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
