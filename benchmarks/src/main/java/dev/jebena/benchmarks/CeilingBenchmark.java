package dev.jebena.benchmarks;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the machine gives to Java code at best, with a thread for each processor: reading memory, and multiplying and adding in float32.
 * The other benchmarks of the same run are shares of these.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Threads(Threads.MAX)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CeilingBenchmark {

  private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final long BYTES = 1L << 27;
  private static final int MULTIPLICATIONS = 1 << 16;
  private static final int CHAINS = 12;

  @SuppressWarnings("NullAway.Init")
  private Arena arena;

  private long address;
  private float factor = 0.999f;

  @Setup
  @SuppressWarnings("MustBeClosedChecker") // closed by release()
  public void allocate() {
    arena = Arena.ofShared();
    MemorySegment memory = arena.allocate(BYTES, 4096);
    memory.fill((byte) 1);
    address = memory.address();
  }

  @TearDown
  public void release() {
    arena.close();
  }

  /** Reads more than the caches hold, from the first byte to the last. */
  @Benchmark
  public long read(Rates rates) {
    // made here, so that the compiler knows that the segment lies outside the heap
    MemorySegment memory = MemorySegment.ofAddress(address).reinterpret(BYTES);
    ByteOrder order = ByteOrder.nativeOrder();
    LongVector sum0 = LongVector.zero(LONGS);
    LongVector sum1 = sum0;
    LongVector sum2 = sum0;
    LongVector sum3 = sum0;
    long width = LONGS.vectorByteSize();
    for (long at = 0; at < BYTES; at += 4 * width) {
      sum0 = sum0.add(LongVector.fromMemorySegment(LONGS, memory, at, order));
      sum1 = sum1.add(LongVector.fromMemorySegment(LONGS, memory, at + width, order));
      sum2 = sum2.add(LongVector.fromMemorySegment(LONGS, memory, at + 2 * width, order));
      sum3 = sum3.add(LongVector.fromMemorySegment(LONGS, memory, at + 3 * width, order));
    }
    rates.gigabytes += BYTES / 1e9;
    return sum0.add(sum1).add(sum2.add(sum3)).reduceLanes(VectorOperators.ADD) + memory.get(ValueLayout.JAVA_BYTE, 0);
  }

  /** Fused multiplications and additions that need nothing but registers, in enough independent chains to hide their latency. */
  @Benchmark
  public float multiplyAdd(Rates rates) {
    FloatVector by = FloatVector.broadcast(FLOATS, factor);
    FloatVector a = by.mul(1.1f);
    FloatVector b = by.mul(1.2f);
    FloatVector c = by.mul(1.3f);
    FloatVector d = by.mul(1.4f);
    FloatVector e = by.mul(1.5f);
    FloatVector f = by.mul(1.6f);
    FloatVector g = by.mul(1.7f);
    FloatVector h = by.mul(1.8f);
    FloatVector i = by.mul(1.9f);
    FloatVector j = by.mul(2.1f);
    FloatVector k = by.mul(2.2f);
    FloatVector l = by.mul(2.3f);
    for (int n = 0; n < MULTIPLICATIONS; n++) {
      a = a.fma(by, by);
      b = b.fma(by, by);
      c = c.fma(by, by);
      d = d.fma(by, by);
      e = e.fma(by, by);
      f = f.fma(by, by);
      g = g.fma(by, by);
      h = h.fma(by, by);
      i = i.fma(by, by);
      j = j.fma(by, by);
      k = k.fma(by, by);
      l = l.fma(by, by);
    }
    rates.gigaOperations += 2.0 * MULTIPLICATIONS * CHAINS * FLOATS.length() / 1e9;
    return a.add(b).add(c).add(d).add(e.add(f).add(g).add(h)).add(i.add(j).add(k).add(l)).reduceLanes(VectorOperators.ADD);
  }
}
