package dev.jebena.cuda.emulator.ptx;

/** Mistakes that are looked for when it is asked for. Bounds, lifetime, alignment, shuffle masks and divergence are always looked for. */
public enum Check {
  /** Reads of memory that nobody wrote. */
  UNINITIALISED,
  /** Accesses to shared memory by two threads, one of them a write, with no barrier between. The dearest check. */
  RACES,
  /** Barriers of the whole block that some threads never reach because they have returned. */
  EXITED_AT_BARRIER
}
