package dev.jebena.engine.backend;

import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import java.util.List;
import java.util.Optional;

/**
 * One rank's end of what connects the ranks of a Program. All ranks call the same collectives in the same order with the same number
 * of rows; each call returns when this rank has its result.
 *
 * <p>Used by one thread at a time. What it adds, it adds in the order of the ranks, so that all have the same bits.
 */
public interface Communicator {

  /** A world of one rank: nothing is exchanged. */
  Communicator ALONE = new Communicator() {

    @Override
    public int rank() {
      return 0;
    }

    @Override
    public int worldSize() {
      return 1;
    }

    @Override
    public void allReduce(Rows in, Rows out, int rows) {
      in.copyTo(out, 0, rows);
    }

    @Override
    public void allGather(Rows in, Rows out, List<Integer> columnOffsets, int rows) {
      in.copyTo(out, 0, rows);
    }
  };

  /**
   * Rows of a value.
   *
   * @param values row r begins at {@code offset + r * stride}
   */
  record Rows(float[] values, int offset, int stride, int columns) {

    /** Where a row begins. */
    public int row(int row) {
      return offset + row * stride;
    }

    /** Copies {@code rows} rows to the columns of {@code to} from {@code firstColumn}. */
    public void copyTo(Rows to, int firstColumn, int rows) {
      for (int row = 0; row < rows; row++) {
        System.arraycopy(values, row(row), to.values, to.row(row) + firstColumn, columns);
      }
    }
  }

  /** This rank, from 0. */
  int rank();

  /** How many ranks there are. */
  int worldSize();

  /**
   * Adds {@code in} of all ranks up in {@code out}; see {@link Op.AllReduce}.
   *
   * @throws BackendException naming the rank that failed, and why
   */
  void allReduce(Rows in, Rows out, int rows);

  /**
   * Puts {@code in} of all ranks side by side in {@code out}; see {@link Op.AllGather}.
   *
   * @throws BackendException naming the rank that failed, and why
   */
  void allGather(Rows in, Rows out, List<Integer> columnOffsets, int rows);

  /**
   * Shows every rank what each of them brings, if all ranks are in this process: backends whose devices reach each other's memory tell each
   * other so where to look, and need no communicator for the values. All ranks call it, like a collective.
   *
   * @return entry r is what rank r brought; empty if some ranks are elsewhere
   * @throws BackendException naming the rank that failed, and why
   */
  default Optional<List<Object>> share(Object mine) {
    return Optional.empty();
  }

  /**
   * Looks whether the ranks are still there, for one that waits for others by other means.
   *
   * @throws BackendException naming the rank that failed, and why
   */
  default void requireAlive() {}

  /**
   * Checks that a Program was written for this rank.
   *
   * @throws BackendException if a collective of the Program is about another world or rank
   */
  default void requireFits(Program program) {
    for (Op operation : program.operations()) {
      if (operation instanceof Op.AllGather gather
          && (gather.rank() != rank() || gather.columnOffsets().size() != worldSize() + 1)) {
        throw new BackendException(
            gather.site() + " is about rank " + gather.rank() + " of " + (gather.columnOffsets().size() - 1) + ", this is rank " + rank()
                + " of " + worldSize() + ": shard the program for this rank");
      }
    }
  }
}
