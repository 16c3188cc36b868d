package dev.jebena.cpu;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A team of threads that walks a list of stages together; the caller is worker 0.
 *
 * <p>A stage is over when its chunks are done, not when its workers have arrived: who finishes the last chunk opens the next stage, and a
 * worker that has lost its core is missed only if it holds a chunk. A stage of a single chunk is run by that finisher at once, so that it
 * costs no waiting at all. Within a stage each worker takes chunks from the front of its own part, a quarter of what is left at a time, and
 * when that is empty from the back of the others': the partition is stable from step to step, which keeps memory with the worker that
 * touched it first. Results do not depend on who computes a chunk. Workers wait spinning for a bounded time, then yield, then park. Nothing
 * is allocated.
 *
 * <p>A part is one word: the number of its stage (so that a worker that comes late takes nothing of another stage), first chunk, end.
 */
final class Team implements AutoCloseable {

  /** Work that is cut into chunks. */
  interface Stage {

    /** Chunks of the current step, at most {@value Team#MAX_CHUNKS}; the same answer for every worker. */
    int chunks();

    /** Computes the chunks {@code [from, to)}. */
    void run(int from, int to, int worker);

    /** What it does, for profiles. */
    default String name() {
      return getClass().getSimpleName();
    }
  }

  /** A list of stages. */
  interface Work {

    int stages();

    /** A stage; asked for once a run, when the stage before is done, by any worker. */
    Stage stage(int index);
  }

  private static final int CHUNK_BITS = 22;
  private static final int MAX_CHUNKS = (1 << CHUNK_BITS) - 1;
  private static final int STAGE_BITS = 64 - 2 * CHUNK_BITS;
  private static final int SPINS = 20_000;
  private static final int YIELDS = 200;
  private static final int PAD = 16;
  private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);
  private static final AtomicInteger TEAMS = new AtomicInteger();

  private final int size;
  private final Thread[] threads;
  /** For each worker, in a cache line of its own: its part. Behind them the chunks that are not yet done. */
  private final long[] parts;
  private final int left;
  private final int spins;
  /** Number of the stage that is open; changes last when one opens. */
  private volatile long phase;
  private volatile @Nullable Stage open;
  private volatile boolean running;
  private volatile @Nullable Thread caller;
  private volatile @Nullable Throwable failure;
  private volatile boolean closed;
  private final AtomicInteger parked = new AtomicInteger();
  // only who opens stages touches these; the order of openings orders the accesses
  private @Nullable Work work;
  private int next;

  Team(int size) {
    this.size = size;
    this.parts = new long[(size + 2) * PAD];
    this.left = (size + 1) * PAD;
    this.spins = size <= Runtime.getRuntime().availableProcessors() ? SPINS : 16;
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
  void run(Work newWork) {
    if (closed) {
      throw new IllegalStateException("the team is closed");
    }
    failure = null;
    work = newWork;
    next = 0;
    caller = Thread.currentThread();
    running = true;
    long seen = phase;
    openNext(0);
    while (running) {
      seen = takePart(seen, 0);
    }
    work = null;
    caller = null;
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
    while (!closed) {
      seen = takePart(seen, worker);
    }
  }

  /** Waits for a stage other than {@code seen}, works in it until no chunk is left to take, and returns its number. */
  private long takePart(long seen, int worker) {
    await(seen, worker);
    long now = phase;
    // read after the number: should it be a later stage already, the parts carry that one's number, and none is taken
    Stage stage = open;
    if (now != seen && stage != null) {
      takeChunks(stage, now, worker);
    }
    return now;
  }

  /** Opens the next stage that has more than one chunk; runs those of one chunk. Called by who finished the stage before. */
  private void openNext(int worker) {
    try {
      if (openShared(worker)) {
        return;
      }
    } catch (Throwable thrown) {
      failure = thrown;
    }
    open = null;
    running = false;
    wake();
  }

  /** Opens the next stage whose chunks are shared out; false if there is none. */
  private boolean openShared(int worker) {
    Work current = work;
    while (current != null && next < current.stages()) {
      Stage stage = current.stage(next++);
      int chunks = stage.chunks();
      if (chunks > MAX_CHUNKS) {
        throw new IllegalStateException(stage.name() + " has " + chunks + " chunks: at most " + MAX_CHUNKS + " can be shared out");
      }
      if (chunks == 1 || size == 1 && chunks > 0) {
        runChunks(stage, 0, chunks, worker);
      } else if (chunks > 1) {
        long number = phase + 1;
        LONGS.setRelease(parts, left, (long) chunks);
        for (int i = 0; i < size; i++) {
          LONGS.setRelease(parts, i * PAD, part(number, (long) chunks * i / size, (long) chunks * (i + 1) / size));
        }
        open = stage;
        phase = number;
        wake();
        return true;
      }
    }
    return false;
  }

  private static long part(long stage, long from, long to) {
    return stage << 2 * CHUNK_BITS | from << CHUNK_BITS | to;
  }

  private void wake() {
    if (parked.get() > 0) {
      for (Thread thread : threads) {
        LockSupport.unpark(thread);
      }
      Thread first = caller;
      if (first != null) {
        LockSupport.unpark(first);
      }
    }
  }

  private void takeChunks(Stage stage, long number, int worker) {
    for (int i = 0; i < size; i++) {
      int victim = (worker + i) % size;
      while (true) {
        long taken = take(victim, number, i == 0);
        if (taken < 0) {
          break;
        }
        int from = (int) (taken >> CHUNK_BITS);
        int to = (int) taken & MAX_CHUNKS;
        runChunks(stage, from, to, worker);
        if ((long) LONGS.getAndAdd(parts, left, (long) from - to) == to - from) {
          openNext(worker);
          return;
        }
      }
    }
  }

  private void runChunks(Stage stage, int from, int to, int worker) {
    if (failure == null) {
      try {
        stage.run(from, to, worker);
      } catch (Throwable thrown) {
        failure = thrown;
      }
    }
  }

  /** Takes a quarter of what is left of a part, from its front or its back: first chunk and end, or -1 if nothing is left. */
  private long take(int victim, long number, boolean front) {
    int at = victim * PAD;
    while (true) {
      long part = (long) LONGS.getAcquire(parts, at);
      int from = (int) (part >> CHUNK_BITS) & MAX_CHUNKS;
      int to = (int) part & MAX_CHUNKS;
      if (part >>> 2 * CHUNK_BITS != (number & (1L << STAGE_BITS) - 1) || from >= to) {
        return -1;
      }
      int count = (to - from + 3) / 4;
      long rest = front ? part(number, from + count, to) : part(number, from, to - count);
      if (LONGS.compareAndSet(parts, at, part, rest)) {
        return front ? part(0, from, from + count) : part(0, to - count, to);
      }
    }
  }

  private boolean nothingNew(long seen, int worker) {
    return phase == seen && (worker == 0 ? running : !closed);
  }

  @SuppressWarnings("ThreadPriorityCheck") // between spinning and parking; nothing relies on it
  private void await(long seen, int worker) {
    for (int i = 0; i < spins; i++) {
      if (!nothingNew(seen, worker)) {
        return;
      }
      Thread.onSpinWait();
    }
    for (int i = 0; i < YIELDS; i++) {
      if (!nothingNew(seen, worker)) {
        return;
      }
      Thread.yield();
    }
    parked.incrementAndGet();
    while (nothingNew(seen, worker)) {
      LockSupport.park(this);
    }
    parked.decrementAndGet();
  }

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
