package dev.jebena.engine.parallel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A thread for each rank of this process; the caller is the first. Used by one caller at a time. */
final class RankTeam implements AutoCloseable {

  private static final int SPINS = 20_000;
  private static final int YIELDS = 200;
  private static final AtomicInteger TEAMS = new AtomicInteger();

  /** What every rank does. */
  @FunctionalInterface
  interface Task {
    void run(int localRank);
  }

  private final RankGroup group;
  private final int size;
  private final int spins;
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicInteger left = new AtomicInteger();
  private volatile int generation;
  private volatile @Nullable Task task;
  private volatile @Nullable Thread caller;
  private volatile boolean closed;

  RankTeam(RankGroup group, int size, int busyThreads) {
    this.group = group;
    this.size = size;
    this.spins = busyThreads <= Runtime.getRuntime().availableProcessors() ? SPINS : 0;
    int team = TEAMS.incrementAndGet();
    for (int rank = 1; rank < size; rank++) {
      int local = rank;
      threads.add(
          Thread.ofPlatform().daemon(true).name("jebena-rank-" + team + "-" + (group.firstRank() + rank)).start(() -> serve(local)));
    }
  }

  /**
   * Runs a task for every rank and waits for all of them.
   *
   * @throws RankException naming the first rank that failed; the group has ended then
   */
  @SuppressWarnings({"NonAtomicVolatileUpdate", "ThreadPriorityCheck"}) // only the caller writes it; a hint only
  void run(Task newTask) {
    if (closed) {
      throw new IllegalStateException("the ranks are closed");
    }
    group.requireAlive();
    task = newTask;
    left.set(size - 1);
    caller = Thread.currentThread();
    generation++;
    threads.forEach(LockSupport::unpark);
    attempt(newTask, 0);
    for (int i = 0; left.get() > 0; i++) {
      if (i < spins) {
        Thread.onSpinWait();
      } else if (i < spins + YIELDS) {
        Thread.yield();
      } else {
        LockSupport.parkNanos(this, 200_000);
      }
    }
    task = null;
    group.requireAlive();
  }

  private void attempt(Task current, int local) {
    try {
      current.run(local);
    } catch (RankException e) {
      group.fail(e);
    } catch (RuntimeException | Error e) {
      int rank = group.firstRank() + local;
      group.fail(new RankException("rank " + rank + " of " + group.worldSize() + " failed: " + e.getMessage(), e));
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // a hint only
  private void serve(int local) {
    int seen = 0;
    while (true) {
      for (int i = 0; generation == seen; i++) {
        if (closed) {
          return;
        }
        if (i < spins) {
          Thread.onSpinWait();
        } else if (i < spins + YIELDS) {
          Thread.yield();
        } else {
          LockSupport.park(this);
        }
      }
      seen = generation;
      Task current = task;
      if (current != null) {
        attempt(current, local);
      }
      if (left.decrementAndGet() == 0) {
        LockSupport.unpark(caller);
      }
    }
  }

  /** Ends the threads and waits for them. */
  @Override
  public void close() {
    closed = true;
    boolean interrupted = false;
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
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
