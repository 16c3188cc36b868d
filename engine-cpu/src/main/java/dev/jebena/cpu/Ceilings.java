package dev.jebena.cpu;

import static dev.jebena.cpu.Lanes.FLOAT;
import static dev.jebena.cpu.Lanes.LITTLE;
import static dev.jebena.cpu.Lanes.WIDTH;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * What the team was seen to do at most, as far as some milliseconds tell: the shares of kernels relate to it.
 *
 * @param readBytesPerSecond reading memory that no cache holds, from first byte to last
 * @param operationsPerSecond float32 multiplications and additions in registers
 */
record Ceilings(double readBytesPerSecond, double operationsPerSecond) {

  private static final long CHUNK_BYTES = 64 << 10;
  private static final int CHUNKS = 512;
  private static final int CHAINS = 8;
  private static final int ROUNDS = 256;
  private static final int COMPUTING_CHUNKS = 64;
  /** Longs between the counts of two workers: a cache line and its neighbour. */
  private static final int PAD = 16;

  /** Measures both, for about {@code nanos} together; while the JIT has not compiled it yet, that is too little. */
  static Ceilings measure(Team team, long nanos) {
    float[] sink = new float[team.size() * WIDTH];
    double reading;
    try (Arena arena = Arena.ofShared()) {
      long address = arena.allocate(CHUNKS * CHUNK_BYTES, 64).address();
      reading = CHUNK_BYTES
          * new Timing(CHUNKS, team, nanos / 2, (chunk, worker) -> read(address + chunk * CHUNK_BYTES, sink, worker * WIDTH)).chunksPerSecond();
    }
    double computing = 2.0 * CHAINS * WIDTH * ROUNDS
        * new Timing(COMPUTING_CHUNKS, team, nanos / 2, (chunk, worker) -> multiplyAdd(sink, worker * WIDTH)).chunksPerSecond();
    return new Ceilings(reading, computing);
  }

  /** What is done to one chunk. */
  @FunctionalInterface
  private interface Chunk {
    void run(int chunk, int worker);
  }

  /** Runs chunks for a while, and begins none when that is over: interpreted, all of them would take far too long. */
  private static final class Timing implements Team.Stage {

    private final int chunks;
    private final Team team;
    private final Chunk work;
    private final long end;
    private final long[] done;

    Timing(int chunks, Team team, long nanos, Chunk work) {
      this.chunks = chunks;
      this.team = team;
      this.work = work;
      this.end = System.nanoTime() + nanos;
      this.done = new long[team.size() * PAD];
    }

    /** The best of as many runs as fit into the time, at least one chunk of one run. */
    double chunksPerSecond() {
      double best = 0;
      do {
        Arrays.fill(done, 0);
        long start = System.nanoTime();
        team.run(this);
        long sum = Math.max(1, Arrays.stream(done).sum());
        best = Math.max(best, sum * 1e9 / Math.max(1, System.nanoTime() - start));
      } while (System.nanoTime() < end);
      return best;
    }

    @Override
    public int chunks() {
      return chunks;
    }

    @Override
    public void run(int from, int to, int worker) {
      for (int chunk = from; chunk < to; chunk++) {
        if (System.nanoTime() < end) {
          work.run(chunk, worker);
          done[worker * PAD]++;
        }
      }
    }
  }

  private static void read(long address, float[] sink, int at) {
    MemorySegment in = MemorySegment.ofAddress(address).reinterpret(CHUNK_BYTES);
    FloatVector a = FloatVector.zero(FLOAT);
    FloatVector b = FloatVector.zero(FLOAT);
    FloatVector c = FloatVector.zero(FLOAT);
    FloatVector d = FloatVector.zero(FLOAT);
    long step = 4L * WIDTH;
    for (long i = 0; i < CHUNK_BYTES; i += 4 * step) {
      a = a.add(FloatVector.fromMemorySegment(FLOAT, in, i, LITTLE));
      b = b.add(FloatVector.fromMemorySegment(FLOAT, in, i + step, LITTLE));
      c = c.add(FloatVector.fromMemorySegment(FLOAT, in, i + 2 * step, LITTLE));
      d = d.add(FloatVector.fromMemorySegment(FLOAT, in, i + 3 * step, LITTLE));
    }
    a.add(b).add(c.add(d)).intoArray(sink, at);
  }

  private static void multiplyAdd(float[] sink, int at) {
    FloatVector x = FloatVector.broadcast(FLOAT, 0.5f);
    FloatVector a = FloatVector.fromArray(FLOAT, sink, at);
    FloatVector b = a.add(1);
    FloatVector c = a.add(2);
    FloatVector d = a.add(3);
    FloatVector e = a.add(4);
    FloatVector f = a.add(5);
    FloatVector g = a.add(6);
    FloatVector h = a.add(7);
    for (int i = 0; i < ROUNDS; i++) {
      a = a.fma(x, x);
      b = b.fma(x, x);
      c = c.fma(x, x);
      d = d.fma(x, x);
      e = e.fma(x, x);
      f = f.fma(x, x);
      g = g.fma(x, x);
      h = h.fma(x, x);
    }
    a.add(b).add(c.add(d)).add(e.add(f).add(g.add(h))).intoArray(sink, at);
  }
}
