package dev.jebena.benchmarks.compare;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** How fast so many threads read memory, each its own stretch of 128 MiB from first byte to last. */
final class ReadBandwidth {

  private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;
  private static final long BYTES = 1L << 27;
  private static final int PASSES = 12;

  private ReadBandwidth() {}

  /** Bytes per second, the best of some passes. */
  static double measure(int threads) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(threads * BYTES, 4096);
      memory.fill((byte) 1);
      double best = 0;
      for (int pass = 0; pass < PASSES; pass++) {
        best = Math.max(best, threads * BYTES / seconds(memory.address(), threads));
      }
      return best;
    }
  }

  private static double seconds(long address, int threads) {
    AtomicLong sum = new AtomicLong();
    List<Thread> readers = new ArrayList<>();
    long start = System.nanoTime();
    for (int i = 0; i < threads; i++) {
      long from = address + i * BYTES;
      readers.add(Thread.ofPlatform().start(() -> sum.addAndGet(read(from))));
    }
    for (Thread reader : readers) {
      try {
        reader.join();
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while memory was read", stopped);
      }
    }
    return (System.nanoTime() - start) / 1e9;
  }

  private static long read(long address) {
    MemorySegment memory = MemorySegment.ofAddress(address).reinterpret(BYTES);
    LongVector even = LongVector.zero(LONGS);
    LongVector odd = even;
    int width = LONGS.vectorByteSize();
    for (long at = 0; at < BYTES; at += 2L * width) {
      even = even.add(LongVector.fromMemorySegment(LONGS, memory, at, ByteOrder.nativeOrder()));
      odd = odd.add(LongVector.fromMemorySegment(LONGS, memory, at + width, ByteOrder.nativeOrder()));
    }
    return even.add(odd).reduceLanes(VectorOperators.ADD);
  }
}
