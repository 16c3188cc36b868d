package dev.jebena.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TeamTest {

  /** Marks its chunks, and counts those of the stage before that were not done when it ran. */
  private static final class Marking implements Team.Stage {
    final AtomicIntegerArray done;
    final @Nullable Marking before;
    final AtomicIntegerArray early = new AtomicIntegerArray(1);

    Marking(int chunks, @Nullable Marking before) {
      this.done = new AtomicIntegerArray(chunks);
      this.before = before;
    }

    @Override
    public int chunks() {
      return done.length();
    }

    @Override
    public void run(int from, int to, int worker) {
      for (int chunk = from; chunk < to; chunk++) {
        done.incrementAndGet(chunk);
      }
      Marking earlier = before;
      for (int i = 0; earlier != null && i < earlier.done.length(); i++) {
        early.addAndGet(0, earlier.done.get(i) == 1 ? 0 : 1);
      }
    }
  }

  private record Listed(List<? extends Team.Stage> list) implements Team.Work {
    @Override
    public int stages() {
      return list.size();
    }

    @Override
    public Team.Stage stage(int index) {
      return list.get(index);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 8, 64})
  void everyChunkRunsOnceAndNoneBeforeTheStageBeforeIsDone(int size) {
    long seed = System.nanoTime();
    System.out.println("team of " + size + ": seed " + seed);
    Random random = new Random(seed);
    try (Team team = new Team(size)) {
      for (int round = 0; round < 40; round++) {
        List<Marking> stages = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
          stages.add(new Marking(random.nextInt(4) == 0 ? random.nextInt(3) : random.nextInt(60), i == 0 ? null : stages.getLast()));
        }
        team.run(new Listed(stages));
        for (Marking stage : stages) {
          assertEquals(0, stage.early.get(0));
          for (int i = 0; i < stage.done.length(); i++) {
            assertEquals(1, stage.done.get(i));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void whatAStageThrowsReachesTheCallerAndTheTeamGoesOn(int size) {
    try (Team team = new Team(size)) {
      Team.Stage failing = new Team.Stage() {
        @Override
        public int chunks() {
          return 20;
        }

        @Override
        public void run(int from, int to, int worker) {
          throw new IllegalArgumentException("chunk " + from);
        }
      };
      for (int i = 0; i < 10; i++) {
        assertThrows(IllegalArgumentException.class, () -> team.run(failing));
        Marking marking = new Marking(30, null);
        team.run(marking);
        assertEquals(1, marking.done.get(29));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void stagesWithoutChunksAreNotRun(int size) {
    try (Team team = new Team(size)) {
      team.run(new Listed(List.of()));
      Team.Stage empty = new Team.Stage() {
        @Override
        public int chunks() {
          return 0;
        }

        @Override
        public void run(int from, int to, int worker) {
          throw new IllegalStateException("it has no chunk");
        }
      };
      team.run(new Listed(List.of(empty, empty)));
    }
  }
}
