package dev.jebena.cpu;

import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.MemoryBudget;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Blocks of keys and values in one stretch of memory, zero at first. */
final class CpuKvCache implements KvCache {

  private final int blocks;
  private final MemoryBudget.Reservation reservation;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private boolean closed;

  CpuKvCache(int blocks, long blockBytes, MemoryBudget budget) {
    this.blocks = blocks;
    long bytes = Math.multiplyExact(blocks, blockBytes);
    this.reservation = budget.reserve(bytes, "a KV cache of " + blocks + " blocks");
    try {
      this.memory = FreshMemory.allocate(arena, bytes);
    } catch (RuntimeException | Error e) {
      reservation.close();
      arena.close();
      throw e;
    }
  }

  long address() {
    if (closed) {
      throw new IllegalStateException("the KV cache is closed");
    }
    return memory.address();
  }

  @Override
  public int blocks() {
    return blocks;
  }

  @Override
  public long bytes() {
    return reservation.bytes();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      arena.close();
      reservation.close();
    }
  }
}
