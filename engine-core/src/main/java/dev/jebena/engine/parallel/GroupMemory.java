package dev.jebena.engine.parallel;

import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.RowDomain;
import dev.jebena.engine.program.Value;

/** How large the buffers of a {@link RankGroup} get. */
final class GroupMemory {

  /** Backends compute output rows in tiles of at most so many. */
  private static final int TILE_ROWS = 32;
  private static final int TURNS = 2;

  private GroupMemory() {}

  /** Bytes for the collectives of a Program, of which this process runs some ranks. */
  static long bytes(Program program, Limits limits, int localRanks, int worldSize) {
    long reduce = 0;
    long gather = 0;
    for (Op operation : program.operations()) {
      if (operation instanceof Op.AllReduce all) {
        reduce = Math.max(reduce, elements(all.out(), limits));
      } else if (operation instanceof Op.AllGather all) {
        gather = Math.max(gather, elements(all.out(), limits));
      }
    }
    long slots = Math.max(reduce * localRanks, gather);
    long others = localRanks == worldSize ? 0 : 2 * (reduce + gather);
    return TURNS * (slots + others) * Float.BYTES;
  }

  private static long elements(Value value, Limits limits) {
    int rows = value.domain() == RowDomain.OUTPUTS ? Math.min(TILE_ROWS, limits.maxOutputRows()) : limits.maxTokens();
    return (long) rows * value.columns();
  }
}
