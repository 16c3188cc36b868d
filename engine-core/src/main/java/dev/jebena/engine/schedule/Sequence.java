package dev.jebena.engine.schedule;

import dev.jebena.engine.backend.SlotSettings;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request as the scheduler sees it: tokens that are known, reserved and computed, and the blocks they lie in. Used by the engine's
 * thread only.
 *
 * <p>{@code known} tokens (prompt and awaited samples) are what the host has seen. {@code reserved} of them, and of those that steps in
 * flight will sample, were given to a step; {@code computed} of them were awaited. There are no phases: whatever is known or will be
 * sampled and is not reserved can run.
 */
public final class Sequence {

  /** Where a sequence stands. */
  enum State {
    WAITING,
    RUNNING,
    ENDED
  }

  static final int NO_SLOT = -1;

  final SlotSettings settings;
  private final int[] endTokens;
  final SequenceOutput output;
  final Optional<String> cacheSalt;
  final int promptTokens;
  /** The most tokens that it may have, prompt included. */
  final int maxTotalTokens;

  State state = State.WAITING;
  int slot = NO_SLOT;
  /** Whether the backend was told to open the slot. */
  boolean open;
  int[] tokens;
  int known;
  int reserved;
  int computed;
  /** Steps in flight that will sample a token of it. */
  int samplesInFlight;
  /** Rows of the prompt given to a step to be scored. */
  int scoresReserved;
  /** Rows of the prompt whose scores were awaited. */
  int scored;
  /** Number of the last step that names it. */
  long lastStep = -1;
  boolean started;
  boolean promptCounted;
  int preemptions;

  int[] blocks = new int[8];
  int blockCount;
  /** Leading blocks that were named, or found by their name. */
  int namedBlocks;
  /** Blocks that the backend has been told of. */
  int announcedBlocks;
  /** Names of the leading full blocks, as far as they were needed. */
  private @Nullable BlockHash[] names;
  private int nameCount;

  /** Tokens that the step being planned runs. */
  int plannedTokens;

  /**
   * A sequence that has not run.
   *
   * @param prompt at least one token
   * @param names the names of the prompt's full blocks, possibly none
   * @param maxTotalTokens the most tokens that it may have, prompt included
   */
  public Sequence(
      int[] prompt,
      BlockHash[] names,
      Optional<String> cacheSalt,
      SlotSettings settings,
      int maxTotalTokens,
      SequenceOutput output) {
    if (prompt.length < 1 || prompt.length != settings.promptTokens() || maxTotalTokens < prompt.length) {
      throw new IllegalArgumentException(
          "a sequence of " + prompt.length + " prompt tokens, " + settings.promptTokens() + " in its settings, and at most "
              + maxTotalTokens + " in all");
    }
    this.settings = settings;
    endTokens = settings.endTokens();
    this.output = output;
    this.cacheSalt = cacheSalt;
    this.maxTotalTokens = maxTotalTokens;
    promptTokens = prompt.length;
    tokens = prompt;
    known = prompt.length;
    this.names = names;
    nameCount = names.length;
  }

  /** Tokens of the prompt. */
  public int promptTokens() {
    return promptTokens;
  }

  /** Tokens sampled and awaited. */
  public int generatedTokens() {
    return known - promptTokens;
  }

  /** How often it gave its blocks back. */
  public int preemptions() {
    return preemptions;
  }

  public boolean hasEnded() {
    return state == State.ENDED;
  }

  /** Tokens that it knows or that steps in flight will sample. */
  int expected() {
    return known + samplesInFlight;
  }

  /** Tokens that have to be computed so far; the last token that it may have never has to be. */
  int goal() {
    return Math.min(expected(), maxTotalTokens - 1);
  }

  /** Tokens that could run now. */
  int runnable() {
    return goal() - reserved;
  }

  /** Whether a run up to {@code end} samples a token. */
  boolean samplesAt(int end) {
    return end == expected() && end < maxTotalTokens;
  }

  boolean scoresPrompt() {
    return settings.topPromptLogprobs() >= 0;
  }

  /** The rows at the end of a run over {@code [start, end)} that have to reach the head. */
  int outputsOf(int start, int end) {
    if (scoresPrompt() && scoresReserved < promptTokens - 1) {
      return Math.max(0, end - Math.max(start, scoresReserved));
    }
    return samplesAt(end) ? 1 : 0;
  }

  /** Whether {@code token} ends it. */
  boolean endsWith(int token) {
    for (int end : endTokens) {
      if (end == token) {
        return true;
      }
    }
    return false;
  }

  void appendToken(int token) {
    // the prompt's array is the request's: it is copied before it is written to
    if (known == tokens.length || known == promptTokens) {
      tokens = Arrays.copyOf(tokens, Math.min(Math.max(known + 16, known + known / 2), maxTotalTokens));
    }
    tokens[known++] = token;
  }

  void appendBlock(int block) {
    if (blockCount == blocks.length) {
      blocks = Arrays.copyOf(blocks, 2 * blockCount);
    }
    blocks[blockCount++] = block;
  }

  /** The name of its block {@code index}, whose tokens are all known. */
  BlockHash name(int index, int blockTokens, BlockHasher hasher) {
    while (nameCount <= index) {
      if (nameCount == names.length) {
        names = Arrays.copyOf(names, Math.max(8, 2 * nameCount));
      }
      BlockHash parent = nameCount == 0 ? hasher.root() : nameAt(nameCount - 1);
      names[nameCount] =
          hasher.hash(parent, tokens, nameCount * blockTokens, blockTokens, nameCount == 0 ? cacheSalt : Optional.empty());
      nameCount++;
    }
    return nameAt(index);
  }

  private BlockHash nameAt(int index) {
    BlockHash name = names[index];
    if (name == null) {
      throw new IllegalStateException("block " + index + " has no name yet");
    }
    return name;
  }
}
