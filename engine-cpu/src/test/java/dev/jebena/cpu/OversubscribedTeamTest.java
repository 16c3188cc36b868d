package dev.jebena.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Teams of any size do every chunk once, stage after stage, however few cores there are. */
class OversubscribedTeamTest {

  private static final int STAGES = 20;
  private static final int CHUNKS = 97;
  private static final int RUNS = 40;

  /** Counts what was done, and what of the stage before was not done yet when this one began. */
  private static final class Counting implements Team.Work {

    private final AtomicIntegerArray done = new AtomicIntegerArray(STAGES * CHUNKS);
    private final AtomicIntegerArray early = new AtomicIntegerArray(1);
    private volatile int run;

    @Override
    public int stages() {
      return STAGES;
    }

    @Override
    public Team.Stage stage(int index) {
      return new Team.Stage() {
        @Override
        public int chunks() {
          return CHUNKS;
        }

        @Override
        public void run(int from, int to, int worker) {
          for (int chunk = from; chunk < to; chunk++) {
            if (index > 0 && done.get((index - 1) * CHUNKS + (chunk * 31) % CHUNKS) != run + 1) {
              early.incrementAndGet(0);
            }
            done.incrementAndGet(index * CHUNKS + chunk);
          }
        }
      };
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 64})
  void everyChunkIsDoneOnceAndNoneBeforeItsStage(int threads) {
    Counting work = new Counting();
    try (Team team = new Team(threads)) {
      for (int run = 0; run < RUNS; run++) {
        work.run = run;
        team.run(work);
      }
    }
    for (int i = 0; i < STAGES * CHUNKS; i++) {
      assertEquals(RUNS, work.done.get(i), "chunk " + i % CHUNKS + " of stage " + i / CHUNKS);
    }
    assertEquals(0, work.early.get(0), "chunks that began before the stage before them was done");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 64})
  void aFailureReachesTheCallerAndTheTeamGoesOn(int threads) {
    try (Team team = new Team(threads)) {
      Team.Stage failing = new Team.Stage() {
        @Override
        public int chunks() {
          return CHUNKS;
        }

        @Override
        public void run(int from, int to, int worker) {
          if (from <= CHUNKS / 2 && CHUNKS / 2 < to) {
            throw new IllegalStateException("on purpose");
          }
        }
      };
      assertThrows(IllegalStateException.class, () -> team.run(failing));
      Counting work = new Counting();
      team.run(work);
      assertEquals(1, work.done.get(0));
    }
  }
}
