package dev.jebena.engine.parallel;

import dev.jebena.engine.backend.Communicator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The ranks of this process, each a thread, and their collectives.
 *
 * <p>A rank packs what it brings into a buffer of its own, waits until the others have done so, and adds or gathers all of them straight
 * into its result. There are two buffers in turn, so that one barrier is enough: who comes to the next collective but one has left the
 * one before, and everybody has left this one. With other processes the first rank exchanges sums with them between two barriers.
 */
final class RankGroup {

  private static final int SPINS = 20_000;
  private static final int YIELDS = 2_000;
  private static final long NAP_NANOS = 50_000;
  private static final int TURNS = 2;

  private final int firstRank;
  private final int localRanks;
  private final int worldSize;
  private final RankNode node;
  private final @Nullable NodeLink link;
  private final int spins;
  private final float[][][] slots;
  private final float[][] sums = new float[TURNS][0];
  private final float[][][] nodeParts;
  private final @Nullable Object[] shared;
  private final Barrier barrier;
  private final AtomicReference<@Nullable RankException> failure = new AtomicReference<>();
  private final List<Member> members;

  /**
   * The ranks {@code [firstRank, firstRank + localRanks)} of {@code worldSize}.
   *
   * @param node this process, which is told when a rank fails
   * @param busyThreads how many threads compute in this process: more than there are processors had better not spin
   */
  RankGroup(int firstRank, int localRanks, int worldSize, RankNode node, int busyThreads) {
    NodeLink link = node.link();
    this.node = node;
    this.firstRank = firstRank;
    this.localRanks = localRanks;
    this.worldSize = worldSize;
    this.link = link;
    this.spins = busyThreads <= Runtime.getRuntime().availableProcessors() ? SPINS : 0;
    this.slots = new float[TURNS][localRanks][0];
    this.nodeParts = new float[TURNS][link == null ? 1 : link.nodes()][0];
    this.shared = new Object[localRanks];
    this.barrier = new Barrier();
    this.members = IntStream.range(0, localRanks).mapToObj(Member::new).toList();
  }

  /** The end of one rank of this process, counted from 0 here. */
  Communicator communicator(int localRank) {
    return members.get(localRank);
  }

  int firstRank() {
    return firstRank;
  }

  int worldSize() {
    return worldSize;
  }

  /** What the first rank of this process has spent on collectives. */
  CollectiveCounters counters() {
    Member first = members.getFirst();
    return new CollectiveCounters(first.calls, first.bytes, first.nanos);
  }

  /** Ends all collectives, those that wait and those to come; only the first cause counts. */
  void fail(RankException cause) {
    if (failure.compareAndSet(null, cause)) {
      node.fail(cause);
    }
  }

  /** Why the group ended, if it did. */
  @Nullable RankException failure() {
    return failure.get();
  }

  void requireAlive() {
    RankException cause = failure.get();
    if (cause != null) {
      throw new RankException(String.valueOf(cause.getMessage()), cause);
    }
  }

  private static float[] grown(float[][] buffers, int index, int count) {
    if (buffers[index].length < count) {
      buffers[index] = new float[count];
    }
    return buffers[index];
  }

  /** Where the ranks of this process wait for each other. */
  private final class Barrier {

    private final AtomicInteger arrived = new AtomicInteger();
    private volatile int round;

    @SuppressWarnings({"ThreadPriorityCheck", "NonAtomicVolatileUpdate"}) // a hint only; written by the last to arrive only
    void await() {
      int mine = round;
      if (arrived.incrementAndGet() == localRanks) {
        arrived.set(0);
        round = mine + 1;
        return;
      }
      for (int i = 0; round == mine; i++) {
        if (i < spins) {
          Thread.onSpinWait();
        } else if (i < spins + YIELDS) {
          Thread.yield();
        } else {
          LockSupport.parkNanos(this, NAP_NANOS);
        }
        if ((i & 63) == 63 || i >= spins) {
          requireAlive();
        }
      }
    }
  }

  /** One rank's end. */
  private final class Member implements Communicator {

    private final int local;
    private int turn;
    // written by this rank's thread, read by whoever counts
    private volatile long calls;
    private volatile long bytes;
    private volatile long nanos;

    Member(int local) {
      this.local = local;
    }

    @Override
    public int rank() {
      return firstRank + local;
    }

    @Override
    public int worldSize() {
      return worldSize;
    }

    @Override
    public void allReduce(Rows in, Rows out, int rows) {
      long start = System.nanoTime();
      requireAlive();
      turn ^= 1;
      int columns = in.columns();
      int count = Math.multiplyExact(rows, columns);
      in.copyTo(new Rows(grown(slots[turn], local, count), 0, columns, columns), 0, rows);
      barrier.await();
      NodeLink others = link;
      if (others == null) {
        for (int row = 0; row < rows; row++) {
          addUp(slots[turn], row * columns, out.values(), out.row(row), columns);
        }
      } else {
        if (local == 0) {
          float[] sum = grown(sums, turn, count);
          addUp(slots[turn], 0, sum, 0, count);
          others.allReduce(sum, count);
        }
        barrier.await();
        new Rows(sums[turn], 0, columns, columns).copyTo(out, 0, rows);
      }
      count(start, (long) count * Float.BYTES);
    }

    private static void addUp(float[][] parts, int from, float[] out, int to, int count) {
      System.arraycopy(parts[0], from, out, to, count);
      for (int part = 1; part < parts.length; part++) {
        float[] values = parts[part];
        for (int i = 0; i < count; i++) {
          out[to + i] += values[from + i];
        }
      }
    }

    @Override
    public void allGather(Rows in, Rows out, List<Integer> columnOffsets, int rows) {
      long start = System.nanoTime();
      requireAlive();
      turn ^= 1;
      int columns = in.columns();
      in.copyTo(new Rows(grown(slots[turn], local, Math.multiplyExact(rows, columns)), 0, columns, columns), 0, rows);
      barrier.await();
      NodeLink others = link;
      if (others != null) {
        if (local == 0) {
          exchange(others, columnOffsets, rows);
        }
        barrier.await();
      }
      for (int rank = 0; rank < localRanks; rank++) {
        int from = columnOffsets.get(firstRank + rank);
        int width = columnOffsets.get(firstRank + rank + 1) - from;
        new Rows(slots[turn][rank], 0, width, width).copyTo(out, from, rows);
      }
      if (others != null) {
        for (int node = 0; node < others.nodes(); node++) {
          if (node != others.node()) {
            int from = columnOffsets.get(node * localRanks);
            int width = columnOffsets.get((node + 1) * localRanks) - from;
            new Rows(nodeParts[turn][node], 0, width, width).copyTo(out, from, rows);
          }
        }
      }
      count(start, (long) rows * columnOffsets.getLast() * Float.BYTES);
    }

    @Override
    public Optional<List<Object>> share(Object mine) {
      if (link != null) {
        return Optional.empty();
      }
      requireAlive();
      shared[local] = mine;
      barrier.await();
      List<Object> all = ShardedBackend.allOf(shared);
      // nobody brings the next thing before all have seen this one
      barrier.await();
      return Optional.of(all);
    }

    @Override
    public void requireAlive() {
      RankGroup.this.requireAlive();
    }

    /** Puts the columns of this process's ranks side by side and gets those of the other processes. */
    private void exchange(NodeLink others, List<Integer> columnOffsets, int rows) {
      int[] counts = new int[others.nodes()];
      for (int node = 0; node < counts.length; node++) {
        int width = columnOffsets.get((node + 1) * localRanks) - columnOffsets.get(node * localRanks);
        counts[node] = Math.multiplyExact(rows, width);
        grown(nodeParts[turn], node, counts[node]);
      }
      int first = columnOffsets.get(firstRank);
      int nodeWidth = columnOffsets.get(firstRank + localRanks) - first;
      Rows ours = new Rows(nodeParts[turn][others.node()], 0, nodeWidth, nodeWidth);
      for (int rank = 0; rank < localRanks; rank++) {
        int from = columnOffsets.get(firstRank + rank);
        int width = columnOffsets.get(firstRank + rank + 1) - from;
        new Rows(slots[turn][rank], 0, width, width).copyTo(ours, from - first, rows);
      }
      others.exchange(nodeParts[turn], counts);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // written by this rank's thread only
    private void count(long start, long size) {
      calls++;
      bytes += size;
      nanos += System.nanoTime() - start;
    }
  }
}
