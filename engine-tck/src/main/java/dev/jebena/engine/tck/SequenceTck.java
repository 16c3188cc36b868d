package dev.jebena.engine.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.tck.SequenceRunner.Row;
import dev.jebena.engine.tck.SequenceRunner.Sequence;
import dev.jebena.engine.weight.BlockType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whole decoders over many steps: the answers are the reference's, and the bits of a sequence depend on nothing but the sequence:
 * not on others in the batch, how it was cut into steps, which blocks it got, a prefix hit or a restart.
 */
public interface SequenceTck extends TckSubject {

  int BLOCK_TOKENS = 4;
  int SLOTS = 6;
  int TOP = 5;
  Limits LIMITS = new Limits(128, SLOTS, 128, 64);

  @ParameterizedTest
  @EnumSource
  default void agreesWithTheReferenceForEveryWeightType(BlockType type) {
    TinyShape shape =
        type.elements() == 256
            ? new TinyShape(96, 256, 1, 4, 2, 16, 256, type, new AttentionMask.Causal())
            : TinyShape.DEFAULT.withType(type);
    compareWithReference(shape, KvType.F32);
  }

  @ParameterizedTest
  @EnumSource
  default void agreesWithTheReferenceForEveryCacheType(KvType type) {
    compareWithReference(TinyShape.DEFAULT, type);
    compareWithReference(TinyShape.DEFAULT.withMask(new AttentionMask.SlidingWindow(6)), type);
  }

  @ParameterizedTest
  @EnumSource
  default void givesTheSameBitsAloneAndAmongOthers(KvType type) {
    List<Row> alone = runs(type, Integer.MAX_VALUE, 1, 1);
    assertEquals(alone, runs(type, Integer.MAX_VALUE, 1, crowd()));
  }

  @ParameterizedTest
  @EnumSource
  default void givesTheSameBitsHoweverThePromptIsCutIntoSteps(KvType type) {
    List<Row> whole = runs(type, Integer.MAX_VALUE, 1, 1);
    for (int chunk : new int[] {1, 3, 7}) {
      assertEquals(whole, runs(type, chunk, 1, 1), "chunks of " + chunk);
      assertEquals(whole, runs(type, chunk, 1, crowd()), "chunks of " + chunk + " among others");
    }
  }

  @Test
  default void givesTheSameBitsWhicheverBlocksItGets() {
    List<Row> first = runs(KvType.F32, Integer.MAX_VALUE, 1, 1);
    for (int seed = 2; seed < scale().of(6, 4); seed++) {
      assertEquals(first, runs(KvType.F32, Integer.MAX_VALUE, seed, 1));
    }
  }

  @ParameterizedTest
  @EnumSource
  default void givesTheSameBitsForEveryWeightTypeAloneAndAmongOthers(BlockType type) {
    TinyShape shape =
        type.elements() == 256
            ? new TinyShape(96, 256, 1, 4, 2, 16, 256, type, new AttentionMask.Causal())
            : TinyShape.DEFAULT.withType(type);
    assertEquals(
        runs(shape, KvType.F32, Integer.MAX_VALUE, 1, 1), runs(shape, KvType.F32, 3, 2, crowd()), "alone, and by 3 among others");
  }

  @ParameterizedTest
  @EnumSource
  default void givesTheSameBitsAfterARestart(KvType type) {
    try (StepDriver driver = driver(TinyShape.DEFAULT, type, 1)) {
      SequenceRunner runner = new SequenceRunner(driver);
      int[] prompt = prompt(1);
      Sequence whole = runner.open(0, prompt, sampled(prompt, 1), Integer.MAX_VALUE, prompt.length + 12);
      Sequence cut = runner.open(1, prompt, sampled(prompt, 1), Integer.MAX_VALUE, prompt.length + 12);
      for (int i = 0; i < 5; i++) {
        runner.step();
      }
      runner.close(cut);
      runner.step();
      Sequence again = runner.open(1, cut.known(), sampled(prompt, 1), 7, prompt.length + 12);
      runner.finish();
      assertEquals(whole.rows, again.rows);
    }
  }

  @Test
  default void givesTheSameBitsWithAPrefixHit() {
    for (TinyShape shape : List.of(TinyShape.DEFAULT, TinyShape.DEFAULT.withMask(new AttentionMask.SlidingWindow(5)))) {
      try (StepDriver driver = driver(shape, KvType.F16, 1)) {
        SequenceRunner runner = new SequenceRunner(driver);
        int[] prompt = prompt(1);
        Sequence first = runner.open(0, prompt, sampled(prompt, 1), Integer.MAX_VALUE, prompt.length + 8);
        runner.step();
        int shared = prompt.length / BLOCK_TOKENS;
        // the window of 5 reaches two blocks back from the first token that is computed: what lies before has left it
        Sequence second =
            runner.openShared(1, first, shared, Math.max(0, shared - 2), BLOCK_TOKENS, sampled(prompt, 1), prompt,
            prompt.length + 8);
        runner.finish();
        assertEquals(first.rows.subList(shared * BLOCK_TOKENS, first.rows.size()), second.rows);
      }
    }
  }

  @Test
  default void givesTheSameBitsWhileOthersComeAndGo() {
    Random random = OperationTck.seeded("sequences that come and go");
    TinyShape shape = TinyShape.DEFAULT.withMask(new AttentionMask.SlidingWindow(6));
    int count = scale().of(24, 8);
    List<int[]> prompts = new ArrayList<>();
    List<List<Row>> alone = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      prompts.add(random.ints(1 + random.nextInt(40), 0, shape.vocabulary()).toArray());
      try (StepDriver driver = driver(shape, KvType.F16, i)) {
        SequenceRunner runner = new SequenceRunner(driver);
        Sequence sequence = open(runner, 0, prompts.get(i), i, Integer.MAX_VALUE);
        runner.finish();
        alone.add(sequence.rows);
      }
    }
    try (StepDriver driver = driver(shape, KvType.F16, random.nextInt())) {
      SequenceRunner runner = new SequenceRunner(driver);
      Map<Integer, Integer> numbers = new HashMap<>();
      Map<Integer, Sequence> running = new HashMap<>();
      int opened = 0;
      while (opened < count || !running.isEmpty()) {
        for (int slot = 0; slot < SLOTS; slot++) {
          Sequence sequence = running.get(slot);
          if (sequence != null && sequence.isDone()) {
            assertEquals(alone.get(numbers.getOrDefault(slot, -1)), sequence.rows);
            runner.close(sequence);
            running.remove(slot);
          }
          if (!running.containsKey(slot) && opened < count && random.nextInt(3) > 0) {
            numbers.put(slot, opened);
            running.put(slot, open(runner, slot, prompts.get(opened), opened, 1 + random.nextInt(20)));
            opened++;
          }
        }
        runner.step();
      }
    }
  }

  /** Sequences that run together. */
  private int crowd() {
    return scale().of(SLOTS, 3);
  }

  private static Sequence open(SequenceRunner runner, int slot, int[] prompt, int number, int chunk) {
    return runner.open(slot, prompt, sampled(prompt, number), chunk, prompt.length + 1 + number % 13);
  }

  private void compareWithReference(TinyShape shape, KvType type) {
    Program program = TinyPrograms.llama(shape);
    RandomWeights weights = new RandomWeights(11);
    KvFormat format = new KvFormat(type, BLOCK_TOKENS);
    int[] tokens = new Random(4).ints(40, 0, shape.vocabulary()).toArray();
    try (StepDriver reference = reference(program, weights, LIMITS, format, 64);
        StepDriver subject = subject(program, weights, LIMITS, format, 64, 5)) {
      float[][] expected = LogprobTable.of(reference, shape.vocabulary(), tokens.length, tokens);
      float[][] actual = LogprobTable.of(subject, shape.vocabulary(), 9, tokens);
      double tolerance = 8 * Tolerances.afterReduction(shape.hidden() + shape.feedForward()) + Tolerances.afterCache(type);
      LogprobTable.assertClose(expected, actual, tolerance * toleranceFactor(), shape + " with a cache of " + type);
    }
  }

  /** The rows of a sequence among {@code sequences - 1} others of other lengths, settings and chunks. */
  private List<Row> runs(KvType type, int chunk, int blockSeed, int sequences) {
    return runs(TinyShape.DEFAULT.withMask(new AttentionMask.SlidingWindow(6)), type, chunk, blockSeed, sequences);
  }

  private List<Row> runs(TinyShape shape, KvType type, int chunk, int blockSeed, int sequences) {
    try (StepDriver driver = driver(shape, type, blockSeed)) {
      SequenceRunner runner = new SequenceRunner(driver);
      List<Sequence> others = new ArrayList<>();
      for (int i = 1; i < sequences; i++) {
        int[] prompt = prompt(i + 1);
        others.add(runner.open(i, prompt, sampled(prompt, i + 1), 1 + i * 3, prompt.length + 4 * i));
      }
      if (sequences > 1) {
        runner.step();
        runner.step();
      }
      int[] prompt = prompt(1);
      Sequence sequence = runner.open(0, prompt, sampled(prompt, 1), chunk, prompt.length + 15);
      runner.finish();
      assertEquals(sequences - 1, others.size());
      return sequence.rows;
    }
  }

  private StepDriver driver(TinyShape shape, KvType type, int blockSeed) {
    return subject(TinyPrograms.llama(shape), new RandomWeights(21), LIMITS, new KvFormat(type, BLOCK_TOKENS), 200, blockSeed);
  }

  private static int[] prompt(int number) {
    return new Random(number).ints(8 + 5L * number, 0, TinyShape.DEFAULT.vocabulary()).toArray();
  }

  private static SlotSettings sampled(int[] prompt, long seed) {
    SamplingParameters parameters = new SamplingParameters(0.9f, 40, 0.95f, 0, 1.1f, 0.2f, 0.1f, Map.of(3, 1f), seed);
    return new SlotSettings(prompt.length, parameters, 0, new int[0], TOP, TOP);
  }
}
