package dev.jebena.engine.backend;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What changes for one step, and what runs: slots closed, slots opened, blocks appended, then the runs of tokens. Written by the
 * scheduler, read by the backend in exactly that order; reused when its step was awaited.
 *
 * <p>A run is a stretch of one slot's tokens: positions {@code [start, start + tokens)}, whose last {@code outputs} rows reach the head.
 * Output row at position p scores the token at p + 1 if the slot knows it already; otherwise (only the last row of a run, and only then)
 * it samples that token, and the backend appends it to the slot's history. Runs stand in the order of the rows: those of one token
 * before longer ones.
 */
public final class StepPlan {

  /** A slot to open. {@code tokens} is all that is known of the sequence so far. */
  public record Opening(int slot, int[] tokens, SlotSettings settings) {}

  private static final int RUN_FIELDS = 4;
  private static final int APPEND_FIELDS = 3;

  private final List<Opening> openings = new ArrayList<>();
  private int[] closings = new int[16];
  private int closingCount;
  private int[] appends = new int[16 * APPEND_FIELDS];
  private int appendCount;
  private int[] runs = new int[16 * RUN_FIELDS];
  private int runCount;
  private int totalTokens;
  private int totalOutputs;
  private long step;

  /** Empties the plan and numbers it. */
  public void reset(long stepNumber) {
    step = stepNumber;
    openings.clear();
    closingCount = 0;
    appendCount = 0;
    runCount = 0;
    totalTokens = 0;
    totalOutputs = 0;
  }

  /** Frees a slot. */
  public void close(int slot) {
    if (closingCount == closings.length) {
      closings = Arrays.copyOf(closings, 2 * closingCount);
    }
    closings[closingCount++] = slot;
  }

  /** Takes a free slot for a sequence. */
  public void open(int slot, int[] tokens, SlotSettings settings) {
    openings.add(new Opening(slot, tokens, settings));
  }

  /** Appends a block to a slot's block table of one KV group. */
  public void appendBlock(int slot, int group, int block) {
    int at = appendCount * APPEND_FIELDS;
    if (at == appends.length) {
      appends = Arrays.copyOf(appends, 2 * at);
    }
    appends[at] = slot;
    appends[at + 1] = group;
    appends[at + 2] = block;
    appendCount++;
  }

  /** Runs {@code tokens} tokens of a slot from position {@code start}; the last {@code outputs} of them reach the head. */
  public void run(int slot, int start, int tokens, int outputs) {
    if (start < 0 || tokens < 1 || outputs < 0 || outputs > tokens) {
      throw new IllegalArgumentException(
          "slot " + slot + " runs " + tokens + " tokens from " + start + " with " + outputs + " outputs");
    }
    int at = runCount * RUN_FIELDS;
    if (at == runs.length) {
      runs = Arrays.copyOf(runs, 2 * at);
    }
    runs[at] = slot;
    runs[at + 1] = start;
    runs[at + 2] = tokens;
    runs[at + 3] = outputs;
    runCount++;
    totalTokens += tokens;
    totalOutputs += outputs;
  }

  /** Number of the step, growing by one. */
  public long step() {
    return step;
  }

  public List<Opening> openings() {
    return openings;
  }

  public int closingCount() {
    return closingCount;
  }

  public int closing(int index) {
    return closings[index];
  }

  public int appendCount() {
    return appendCount;
  }

  public int appendSlot(int index) {
    return appends[index * APPEND_FIELDS];
  }

  public int appendGroup(int index) {
    return appends[index * APPEND_FIELDS + 1];
  }

  public int appendBlock(int index) {
    return appends[index * APPEND_FIELDS + 2];
  }

  public int runCount() {
    return runCount;
  }

  public int runSlot(int index) {
    return runs[index * RUN_FIELDS];
  }

  /** Position of the run's first token. */
  public int runStart(int index) {
    return runs[index * RUN_FIELDS + 1];
  }

  public int runTokens(int index) {
    return runs[index * RUN_FIELDS + 2];
  }

  public int runOutputs(int index) {
    return runs[index * RUN_FIELDS + 3];
  }

  /** Rows of the domain TOKENS. */
  public int totalTokens() {
    return totalTokens;
  }

  /** Rows of the domain OUTPUTS. */
  public int totalOutputs() {
    return totalOutputs;
  }
}
