package dev.jebena.cpu;

import dev.jebena.engine.backend.SlotTable;
import dev.jebena.engine.program.RowDomain;

/** What the stages of a step share: the slots, the values, the cache, and which output rows are in work. */
final class StepState {

  /** Output rows that are in work, and whose logits exist, at once. */
  static final int WINDOW_ROWS = 16;

  final SlotTable table;
  final float[] values;
  final KvLayout layout;
  private long cacheAddress;
  private int firstOutput;
  private int outputRows;

  StepState(SlotTable table, float[] values, KvLayout layout) {
    this.table = table;
    this.values = values;
    this.layout = layout;
  }

  void cache(long address) {
    cacheAddress = address;
  }

  /** Address of the block that holds {@code position} of a slot. */
  long blockAddress(int slot, int group, int position) {
    int block = table.blocks(slot, group)[position / layout.blockTokens()];
    return cacheAddress + block * layout.blockBytes();
  }

  /** Puts the output rows {@code [first, first + rows)} in work. */
  void window(int first, int rows) {
    firstOutput = first;
    outputRows = rows;
  }

  /** The first output row in work. */
  int firstOutput() {
    return firstOutput;
  }

  /** Rows of a domain in work: all tokens, or the outputs of the window. */
  int rows(RowDomain domain) {
    return switch (domain) {
      case TOKENS -> table.rows();
      case OUTPUTS -> outputRows;
    };
  }
}
