package dev.jebena.engine.reference;

import dev.jebena.engine.backend.KvCache;
import java.lang.foreign.MemorySegment;

/** Blocks of keys and values in one stretch of memory. */
final class ReferenceCache implements KvCache {

  private final CacheLayout layout;
  private final CountedMemory memory;
  private final int blocks;

  ReferenceCache(CacheLayout layout, int blocks, CountedMemory memory) {
    this.layout = layout;
    this.blocks = blocks;
    this.memory = memory;
  }

  CacheLayout layout() {
    return layout;
  }

  MemorySegment segment() {
    return memory.segment();
  }

  /** Where a block begins. */
  long blockStart(int block) {
    return block * layout.blockBytes();
  }

  @Override
  public int blocks() {
    return blocks;
  }

  @Override
  public long bytes() {
    return memory.segment().byteSize();
  }

  @Override
  public void close() {
    memory.close();
  }
}
