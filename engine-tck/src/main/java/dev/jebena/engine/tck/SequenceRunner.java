package dev.jebena.engine.tck;

import dev.jebena.engine.backend.RowStatus;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.StepResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Runs several sequences together until each has its output, as continuous batching does, and records every row. */
final class SequenceRunner {

  /** What one row gave; log-probabilities as bits, so that records are equal only if the bits are. */
  record Row(int position, RowStatus status, int token, int logprobBits, int rank, List<Integer> top, List<Integer> topBits) {

    float logprob() {
      return Float.intBitsToFloat(logprobBits);
    }
  }

  /** One sequence. */
  static final class Sequence {

    final int slot;
    final int chunk;
    final int wanted;
    final List<Integer> tokens = new ArrayList<>();
    final List<Row> rows = new ArrayList<>();
    int computed;
    int planned;

    private Sequence(int slot, int chunk, int wanted, int... known) {
      this.slot = slot;
      this.chunk = chunk;
      this.wanted = wanted;
      for (int token : known) {
        tokens.add(token);
      }
    }

    boolean isDone() {
      return tokens.size() >= wanted || !rows.isEmpty() && rows.getLast().status() != RowStatus.OK;
    }

    /** The tokens as an array. */
    int[] known() {
      return tokens.stream().mapToInt(Integer::intValue).toArray();
    }
  }

  private final StepDriver driver;
  private final List<Sequence> sequences = new ArrayList<>();

  SequenceRunner(StepDriver driver) {
    this.driver = driver;
  }

  /**
   * Opens a sequence.
   *
   * @param chunk the most tokens of it in a step
   * @param wanted tokens at which it is done, those of the start included
   */
  Sequence open(int slot, int[] known, SlotSettings settings, int chunk, int wanted) {
    driver.open(slot, known, settings);
    Sequence sequence = new Sequence(slot, chunk, wanted, known);
    sequences.add(sequence);
    return sequence;
  }

  /** Opens a sequence whose first {@code blocks} blocks are those of another. */
  Sequence openShared(
      int slot, Sequence other, int blocks, int nullBlocks, int blockTokens, SlotSettings settings, int[] known, int wanted) {
    Sequence sequence = open(slot, known, settings, Integer.MAX_VALUE, wanted);
    driver.share(other.slot, slot, blocks, nullBlocks, 1);
    sequence.computed = blocks * blockTokens;
    return sequence;
  }

  /** Closes a sequence, which may be unfinished. */
  void close(Sequence sequence) {
    driver.close(sequence.slot);
    sequences.remove(sequence);
  }

  /** Steps until all sequences are done. */
  void finish() {
    while (sequences.stream().anyMatch(sequence -> !sequence.isDone())) {
      step();
    }
  }

  /** Runs one step of all sequences that are not done. */
  void step() {
    List<Sequence> running = new ArrayList<>(sequences.stream().filter(sequence -> !sequence.isDone()).toList());
    for (Sequence sequence : running) {
      sequence.planned = Math.min(sequence.chunk, sequence.tokens.size() - sequence.computed);
    }
    running.sort(Comparator.comparing((Sequence sequence) -> sequence.planned > 1));
    for (Sequence sequence : running) {
      driver.run(sequence.slot, sequence.computed, sequence.planned, sequence.planned);
    }
    StepResult result = driver.step();
    int row = 0;
    for (Sequence sequence : running) {
      for (int i = 0; i < sequence.planned; i++) {
        sequence.rows.add(record(result, row++, sequence.computed + i));
      }
      sequence.computed += sequence.planned;
      Row last = sequence.rows.getLast();
      if (sequence.computed == sequence.tokens.size() && last.status() == RowStatus.OK) {
        sequence.tokens.add(last.token());
      }
    }
  }

  private static Row record(StepResult result, int row, int position) {
    List<Integer> top = new ArrayList<>();
    List<Integer> topBits = new ArrayList<>();
    for (int i = 0; i < result.topCount(row); i++) {
      top.add(result.topToken(row, i));
      topBits.add(Float.floatToRawIntBits(result.topLogprob(row, i)));
    }
    return new Row(
        position, result.status(row), result.token(row), Float.floatToRawIntBits(result.logprob(row)), result.rank(row), top,
        topBits);
  }
}
