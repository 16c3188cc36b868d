package dev.jebena.engine.backend;

import dev.jebena.engine.program.Program;
import dev.jebena.engine.sampling.SamplingState;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The slots of an Executable, and the rows of its current step: what every backend has to keep from the {@link StepPlan}s. Used
 * by one thread; while a step runs, other threads may read.
 *
 * <p>{@link #apply} takes a plan and lays its rows out in flat arrays, which are reused: they may be longer than they are full,
 * and hold until the next plan. Token rows stand in the order of the runs, output rows too. Decoding allocates nothing here once
 * the arrays have grown.
 */
public final class SlotTable {

  /** In {@link #outputNext}: the next token is not known, the row samples it. */
  public static final int SAMPLES = -1;

  /** In {@link #rowToken}: an earlier step that is still in flight samples the token, see {@link #expect}. */
  public static final int UNSEEN = -1;

  private final Limits limits;
  private final int groups;
  private final int blockTokens;
  private final int vocabularySize;
  private final @Nullable Slot[] slots;
  private long applied;

  private int rows;
  private int[] rowToken = new int[16];
  private int[] rowPosition = new int[16];
  private int[] rowSlot = new int[16];
  private int runs;
  private int[] runSlot = new int[16];
  private int[] runFirstRow = new int[17];
  private int[] runStart = new int[16];
  private int[] runTokens = new int[16];
  private int outputs;
  private int[] outputRow = new int[16];
  private int[] outputSlot = new int[16];
  private int[] outputPosition = new int[16];
  private int[] outputNext = new int[16];

  /** The slots of an Executable of {@code program}, all free. */
  public SlotTable(Program program, Limits limits, KvFormat kvFormat) {
    if (program.logits().columns() != program.vocabularySize()) {
      throw new BackendException(
          "program " + program.name() + " has " + program.logits().columns() + " logits and a vocabulary of "
              + program.vocabularySize() + " tokens: they must be as many");
    }
    this.limits = limits;
    this.groups = program.kvGroups().size();
    this.blockTokens = kvFormat.blockTokens();
    this.vocabularySize = program.logits().columns();
    this.slots = new Slot[limits.maxSequences()];
  }

  /**
   * Takes over what a plan changes and lays out its rows. After an exception the table is in no defined state.
   *
   * @param cacheBlocks blocks of the cache, the null block included
   * @throws IllegalArgumentException if the plan does not fit the slots or the limits; names the slot and the limit
   */
  public void apply(StepPlan plan, int cacheBlocks) {
    applied++;
    for (int i = 0; i < plan.closingCount(); i++) {
      slot(plan.closing(i));
      slots[plan.closing(i)] = null;
    }
    for (int i = 0; i < plan.openings().size(); i++) {
      open(plan.openings().get(i));
    }
    for (int i = 0; i < plan.appendCount(); i++) {
      appendBlock(plan.appendSlot(i), plan.appendGroup(i), plan.appendBlock(i), cacheBlocks);
    }
    requireAtMost("token rows", plan.totalTokens(), limits.maxTokens());
    requireAtMost("output rows", plan.totalOutputs(), limits.maxOutputRows());
    reserveRows(plan);
    rows = 0;
    outputs = 0;
    runs = plan.runCount();
    for (int run = 0; run < runs; run++) {
      if (run > 0 && plan.runTokens(run) == 1 && plan.runTokens(run - 1) > 1) {
        throw refused(plan.runSlot(run), "runs one token after a longer run: runs of one token come first");
      }
      layOut(plan, run);
    }
    runFirstRow[runs] = rows;
  }

  private void open(StepPlan.Opening opening) {
    int index = opening.slot();
    int[] tokens = opening.tokens();
    if (index < 0 || index >= slots.length || slots[index] != null) {
      throw refused(index, index < 0 || index >= slots.length ? "does not exist: there are " + slots.length : "is taken");
    }
    if (tokens.length < opening.settings().promptTokens() || tokens.length > limits.maxContext()) {
      throw refused(
          index,
          "opens with " + tokens.length + " tokens, " + opening.settings().promptTokens() + " of them prompt: the limit is "
              + limits.maxContext());
    }
    for (int token : tokens) {
      requireToken(index, token);
    }
    Slot slot = new Slot(opening.settings(), tokens, groups, vocabularySize);
    slots[index] = slot;
  }

  private void appendBlock(int index, int group, int block, int cacheBlocks) {
    Slot slot = slot(index);
    if (group < 0 || group >= groups) {
      throw refused(index, "gets a block of group " + group + ": there are " + groups);
    }
    if (block < 0 || block >= cacheBlocks) {
      throw refused(index, "gets block " + block + ": the cache has " + cacheBlocks);
    }
    if ((long) slot.blockCounts[group] * blockTokens >= limits.maxContext()) {
      throw refused(
          index, "gets more than " + slot.blockCounts[group] + " blocks: they hold the limit of " + limits.maxContext()
              + " tokens");
    }
    slot.appendBlock(group, block);
  }

  private void layOut(StepPlan plan, int run) {
    int index = plan.runSlot(run);
    int start = plan.runStart(run);
    int count = plan.runTokens(run);
    Slot slot = slot(index);
    requireRunnable(index, slot, start, count);
    runSlot[run] = index;
    runStart[run] = start;
    runTokens[run] = count;
    runFirstRow[run] = rows;
    int firstOutput = count - plan.runOutputs(run);
    for (int i = 0; i < count; i++) {
      int position = start + i;
      if (i >= firstOutput) {
        outputRow[outputs] = rows;
        outputSlot[outputs] = index;
        outputPosition[outputs] = position;
        outputNext[outputs] = position + 1 < slot.known ? slot.tokens[position + 1] : SAMPLES;
        outputs++;
      }
      rowToken[rows] = slot.tokens[position];
      rowPosition[rows] = position;
      rowSlot[rows] = index;
      rows++;
    }
    slot.computed = start + count;
  }

  private void requireRunnable(int index, Slot slot, int start, int count) {
    int end = start + count;
    if (slot.lastRun == applied) {
      throw refused(index, "runs twice in a step");
    }
    slot.lastRun = applied;
    if (end > slot.known) {
      throw refused(index, "runs up to position " + (end - 1) + ", known are " + slot.known + " tokens");
    }
    if (end > limits.maxContext()) {
      throw refused(index, "runs up to position " + (end - 1) + ": the limit is " + limits.maxContext() + " tokens");
    }
    if (slot.computed >= 0 && start > slot.computed) {
      throw refused(index, "runs from position " + start + ", but is computed up to " + slot.computed
          + ": positions follow one another");
    }
    for (int group = 0; group < groups; group++) {
      if ((long) slot.blockCounts[group] * blockTokens < end) {
        throw refused(
            index,
            "runs up to position " + (end - 1) + ", its " + slot.blockCounts[group] + " blocks of group " + group + " hold "
                + (long) slot.blockCounts[group] * blockTokens + " tokens");
      }
      for (int block = start / blockTokens; block <= (end - 1) / blockTokens; block++) {
        if (slot.blocks[group][block] == 0) {
          throw refused(index, "runs positions of the null block in group " + group);
        }
      }
    }
  }

  private void reserveRows(StepPlan plan) {
    if (plan.totalTokens() > rowToken.length) {
      int size = Math.max(plan.totalTokens(), 2 * rowToken.length);
      rowToken = new int[size];
      rowPosition = new int[size];
      rowSlot = new int[size];
    }
    if (plan.totalOutputs() > outputRow.length) {
      int size = Math.max(plan.totalOutputs(), 2 * outputRow.length);
      outputRow = new int[size];
      outputSlot = new int[size];
      outputPosition = new int[size];
      outputNext = new int[size];
    }
    if (plan.runCount() > runSlot.length) {
      int size = Math.max(plan.runCount(), 2 * runSlot.length);
      runSlot = new int[size];
      runStart = new int[size];
      runTokens = new int[size];
      runFirstRow = new int[size + 1];
    }
  }

  /** Appends a token that a step sampled to its slot's history. */
  public void append(int index, int token) {
    requireToken(index, token);
    slot(index).append(token);
  }

  /** Appends the token of every output row that sampled one and ended well. */
  public void appendSampled(StepResult result) {
    for (int output = 0; output < outputs; output++) {
      if (outputNext[output] == SAMPLES && result.status(output) == RowStatus.OK) {
        append(outputSlot[output], result.token(output));
      }
    }
  }

  /**
   * Counts the tokens that the step's rows sample as known before anybody has seen them, so that the next plan can be applied while the step is in flight:
   * rows of such tokens then have {@link #UNSEEN}. In the place of {@link #appendSampled}; the tokens come with {@link Expected#seen}, for one step after the
   * other.
   *
   * @param expected is filled with what the step samples
   */
  public void expect(Expected expected) {
    expected.begin(outputs);
    for (int output = 0; output < outputs; output++) {
      if (outputNext[output] == SAMPLES) {
        Slot slot = slot(outputSlot[output]);
        slot.appendUnseen();
        expected.add(output, slot);
      }
    }
  }

  /** The rows of a step that sample, kept while later plans are applied. Can be used again for a step after it. */
  public static final class Expected {

    private Slot[] slots = new Slot[16];
    private int[] rows = new int[16];
    private int count;
    private int outputs;

    /** Output rows of the step. */
    public int outputs() {
      return outputs;
    }

    private void begin(int stepOutputs) {
      outputs = stepOutputs;
      count = 0;
    }

    private void add(int row, Slot slot) {
      if (count == rows.length) {
        rows = Arrays.copyOf(rows, 2 * count);
        slots = Arrays.copyOf(slots, 2 * count);
      }
      rows[count] = row;
      slots[count++] = slot;
    }

    /** Puts the sampled tokens where they were expected; those of rows that failed are known no longer. Slots may have been closed since. */
    public void seen(StepResult result) {
      for (int i = 0; i < count; i++) {
        if (result.status(rows[i]) == RowStatus.OK) {
          slots[i].seen(result.token(rows[i]));
        } else {
          slots[i].dropUnseen();
        }
      }
    }
  }

  /** Token rows of the step. */
  public int rows() {
    return rows;
  }

  /** The token of each row, or {@link #UNSEEN}. */
  public int[] rowToken() {
    return rowToken;
  }

  /** The position of each row within its sequence. */
  public int[] rowPosition() {
    return rowPosition;
  }

  /** The slot of each row. */
  public int[] rowSlot() {
    return rowSlot;
  }

  /** Runs of the step. */
  public int runs() {
    return runs;
  }

  /** The slot of each run. */
  public int[] runSlot() {
    return runSlot;
  }

  /** The first row of each run, and after the last run the number of rows. */
  public int[] runFirstRow() {
    return runFirstRow;
  }

  /** The first position of each run. */
  public int[] runStart() {
    return runStart;
  }

  /** The tokens of each run. */
  public int[] runTokens() {
    return runTokens;
  }

  /** Output rows of the step. */
  public int outputs() {
    return outputs;
  }

  /** The token row of each output row. */
  public int[] outputRow() {
    return outputRow;
  }

  /** The slot of each output row. */
  public int[] outputSlot() {
    return outputSlot;
  }

  /** The position of each output row; it is about the token at the next one. */
  public int[] outputPosition() {
    return outputPosition;
  }

  /** The known next token, which the row scores, or {@link #SAMPLES}. */
  public int[] outputNext() {
    return outputNext;
  }

  /** The block table of a slot for one KV group; entry i holds the positions from {@code i * blockTokens}. */
  public int[] blocks(int index, int group) {
    return slot(index).blocks[group];
  }

  /** Entries of that block table. */
  public int blockCount(int index, int group) {
    return slot(index).blockCounts[group];
  }

  /** Tokens known of a slot's sequence, those that are only expected among them. */
  public int knownTokens(int index) {
    return slot(index).known;
  }

  /** The token of a slot's sequence at a position, or {@link #UNSEEN}. */
  public int token(int index, int position) {
    Slot slot = slot(index);
    return slot.tokens[Objects.checkIndex(position, slot.known)];
  }

  /** What a slot was opened with. */
  public SlotSettings settings(int index) {
    return slot(index).settings;
  }

  /** The state of a slot's sampler. */
  public SamplingState sampling(int index) {
    return slot(index).sampling;
  }

  /** Logits of a row. */
  public int vocabularySize() {
    return vocabularySize;
  }

  private Slot slot(int index) {
    Slot slot = index >= 0 && index < slots.length ? slots[index] : null;
    if (slot == null) {
      throw refused(index, "is not open");
    }
    return slot;
  }

  private void requireToken(int index, int token) {
    if (token < 0 || token >= vocabularySize) {
      throw refused(index, "has the token " + token + ": ids go from 0 to " + (vocabularySize - 1));
    }
  }

  private static void requireAtMost(String what, int count, int limit) {
    if (count > limit) {
      throw new IllegalArgumentException("the step has " + count + " " + what + ": the limit is " + limit);
    }
  }

  private static IllegalArgumentException refused(int slot, String why) {
    return new IllegalArgumentException("slot " + slot + " " + why);
  }

  /** One sequence. */
  private static final class Slot {

    final SlotSettings settings;
    final SamplingState sampling;
    final int[][] blocks;
    final int[] blockCounts;
    int[] tokens;
    int known;
    /** So many of the last known tokens were not seen yet. */
    int unseen;
    /** The position that the next run may start at; -1 before the first run, which may start behind a prefix that is cached. */
    int computed = -1;
    long lastRun;

    Slot(SlotSettings settings, int[] known, int groups, int vocabularySize) {
      this.settings = settings;
      this.sampling = new SamplingState(settings.sampling(), settings.minTokens(), settings.endTokens(), vocabularySize);
      this.tokens = Arrays.copyOf(known, Math.max(16, known.length + known.length / 2));
      this.known = known.length;
      for (int i = 0; i < known.length; i++) {
        if (i < settings.promptTokens()) {
          sampling.addPrompt(known[i]);
        } else {
          sampling.addOutput(known[i]);
        }
      }
      this.blocks = new int[groups][16];
      this.blockCounts = new int[groups];
    }

    void append(int token) {
      appendUnseen();
      seen(token);
    }

    void appendUnseen() {
      if (known == tokens.length) {
        tokens = Arrays.copyOf(tokens, 2 * known);
      }
      tokens[known++] = UNSEEN;
      unseen++;
    }

    /** The first of the tokens that were not seen yet. */
    void seen(int token) {
      tokens[known - unseen--] = token;
      sampling.addOutput(token);
    }

    void dropUnseen() {
      known--;
      unseen--;
    }

    void appendBlock(int group, int block) {
      int count = blockCounts[group];
      if (count == blocks[group].length) {
        blocks[group] = Arrays.copyOf(blocks[group], 2 * count);
      }
      blocks[group][count] = block;
      blockCounts[group] = count + 1;
    }
  }
}
