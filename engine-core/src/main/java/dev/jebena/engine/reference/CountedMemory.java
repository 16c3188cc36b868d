package dev.jebena.engine.reference;

import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.MemoryBudget;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/** Off-heap memory that is reserved in the budget and counted among what its backend has open. */
final class CountedMemory implements AutoCloseable {

  private static final int ALIGNMENT_BYTES = 64;

  private final Arena arena;
  private final MemorySegment segment;
  private final MemoryBudget.Reservation reservation;
  private final AtomicInteger open;
  private boolean closed;

  private CountedMemory(Arena arena, MemorySegment segment, MemoryBudget.Reservation reservation, AtomicInteger open) {
    this.arena = arena;
    this.segment = segment;
    this.reservation = reservation;
    this.open = open;
    open.incrementAndGet();
  }

  /** Allocates zeroed memory; {@code what} names its use in errors. */
  @SuppressWarnings("MustBeClosedChecker") // the arena closes with this object
  static CountedMemory allocate(long bytes, String what, MemoryBudget budget, AtomicInteger open) {
    MemoryBudget.Reservation reservation = budget.reserve(bytes, what);
    Arena arena = Arena.ofShared();
    try {
      return new CountedMemory(arena, arena.allocate(bytes, ALIGNMENT_BYTES), reservation, open);
    } catch (OutOfMemoryError e) {
      arena.close();
      reservation.close();
      throw new BackendException(what + " needs " + bytes + " bytes, which the system does not give: ask for less", e);
    }
  }

  MemorySegment segment() {
    return segment;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      arena.close();
      reservation.close();
      open.decrementAndGet();
    }
  }
}
