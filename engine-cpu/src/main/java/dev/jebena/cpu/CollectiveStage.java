package dev.jebena.cpu;

import dev.jebena.engine.backend.Communicator;
import java.util.List;

/** A collective: one worker of the team speaks with the other ranks, the others wait for it. */
final class CollectiveStage implements Team.Stage {

  /** The collective itself, over so many rows. */
  private interface Call {
    void run(int rows);
  }

  private final LinearStage.Rows rows;
  private final Call call;

  private CollectiveStage(LinearStage.Rows rows, Call call) {
    this.rows = rows;
    this.call = call;
  }

  static CollectiveStage allReduce(Communicator communicator, LinearStage.Rows rows, Communicator.Rows in, Communicator.Rows out) {
    return new CollectiveStage(rows, count -> communicator.allReduce(in, out, count));
  }

  static CollectiveStage allGather(
      Communicator communicator, LinearStage.Rows rows, Communicator.Rows in, Communicator.Rows out, List<Integer> columnOffsets) {
    return new CollectiveStage(rows, count -> communicator.allGather(in, out, columnOffsets, count));
  }

  @Override
  public int chunks() {
    return rows.count() == 0 ? 0 : 1;
  }

  @Override
  public void run(int from, int to, int worker) {
    call.run(rows.count());
  }
}
