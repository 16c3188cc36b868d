package dev.jebena.engine.tck.fake;

import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.MemoryBudget;

/** Remembers for each place of each block which token was written there, after which history, and by which step. */
final class FakeCache implements KvCache {

  final int blockTokens;
  final int[] token;
  final int[] position;
  final long[] state;
  final long[] writtenBy;
  /** How many open slots have the block in their table. */
  final int[] tables;
  private final MemoryBudget.Reservation reservation;

  FakeCache(int blocks, int blockTokens, MemoryBudget budget) {
    this.blockTokens = blockTokens;
    reservation = budget.reserve((long) blocks * blockTokens * FakeBackend.BYTES_PER_TOKEN, "the fake KV cache");
    token = new int[blocks * blockTokens];
    position = new int[blocks * blockTokens];
    state = new long[blocks * blockTokens];
    writtenBy = new long[blocks * blockTokens];
    tables = new int[blocks];
    java.util.Arrays.fill(writtenBy, -1);
  }

  @Override
  public int blocks() {
    return tables.length;
  }

  @Override
  public long bytes() {
    return reservation.bytes();
  }

  @Override
  public void close() {
    reservation.close();
  }
}
