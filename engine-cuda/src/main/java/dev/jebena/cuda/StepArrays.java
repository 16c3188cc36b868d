package dev.jebena.cuda;

import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.SlotTable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What kernels know of a step: a block of arrays that is written to pinned memory and copied once, and block tables of which only what
 * changed is copied. Rows up to a padded number are filled, so that a graph for that number can be replayed.
 *
 * <p>While a step waits or runs its pinned memory must stay as it is: steps that are in flight together have a buffer each. The device has the arrays once, as
 * copies and kernels run in order.
 */
final class StepArrays {

  /** Buffers of pinned memory, and so the most steps in flight. */
  static final int BUFFERS = 2;

  /** Rows of one run that prefill attention takes together. */
  static final int TILE_ROWS = 64;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final int TILE_INTS = 4;
  private static final int FEED_BLOCK = 128;

  private final Limits limits;
  private final int groups;
  private final int tableStride;
  private final int maxTiles;
  private final long blockAt;
  private final long tablesAt;
  // offsets within the block, in ints
  private final int rowToken;
  private final int rowPosition;
  private final int rowSequence;
  private final int outputRow;
  private final int outputSlot;
  private final int outputPosition;
  private final int outputNext;
  private final int outputToken;
  private final int tiles;
  private final int blockInts;
  /** Entries of each slot's table that the device has, for each group. */
  private final int[][] known;

  private long base;
  private final MemorySegment[] blocks = new MemorySegment[BUFFERS];
  private final MemorySegment[] tableCopies = new MemorySegment[BUFFERS];
  private MemorySegment block = MemorySegment.NULL;
  private MemorySegment tables = MemorySegment.NULL;
  private boolean outputTokensRead;
  private boolean unseen;

  StepArrays(MemoryPlan plan, Limits limits, int groups, int blockTokens) {
    this.limits = limits;
    this.groups = groups;
    this.tableStride = Math.ceilDiv(limits.maxContext(), blockTokens) + 1;
    this.maxTiles = limits.maxTokens() / TILE_ROWS + Math.min(limits.maxSequences(), limits.maxTokens()) + 1;
    int at = 0;
    int rows = roundUp(limits.maxTokens());
    int outputs = roundUp(limits.maxOutputRows());
    rowToken = at;
    rowPosition = at += rows;
    rowSequence = at += rows;
    outputRow = at += rows;
    outputSlot = at += outputs;
    outputPosition = at += outputs;
    outputNext = at += outputs;
    outputToken = at += outputs;
    tiles = at += outputs;
    blockInts = at + TILE_INTS * maxTiles;
    blockAt = plan.take(4L * blockInts);
    tablesAt = plan.take(tableBytes());
    known = new int[groups][limits.maxSequences()];
  }

  private static int roundUp(int count) {
    return (count + 31) / 32 * 32;
  }

  private long tableBytes() {
    return 4L * groups * (limits.maxSequences() + 1) * tableStride;
  }

  /** Pinned bytes that {@link #bind} wants. */
  long pinnedBytes() {
    return BUFFERS * (4L * blockInts + tableBytes());
  }

  /** Takes the memory; the tables begin as zeros, which is what padded rows look at. */
  void bind(long deviceBase, MemorySegment pinned, DeviceStream stream) {
    base = deviceBase;
    pinned.fill((byte) 0);
    for (int buffer = 0; buffer < BUFFERS; buffer++) {
      long from = buffer * (4L * blockInts + tableBytes());
      blocks[buffer] = pinned.asSlice(from, 4L * blockInts);
      tableCopies[buffer] = pinned.asSlice(from + 4L * blockInts, tableBytes());
    }
    stream.zero(base + tablesAt, tableBytes());
  }

  long rowToken() {
    return address(rowToken);
  }

  long rowPosition() {
    return address(rowPosition);
  }

  long rowSequence() {
    return address(rowSequence);
  }

  long outputRow() {
    return address(outputRow);
  }

  long outputSlot() {
    return address(outputSlot);
  }

  long outputPosition() {
    return address(outputPosition);
  }

  long outputNext() {
    return address(outputNext);
  }

  /** The token of each output row; who asks for it reads it in every step. */
  long outputToken() {
    outputTokensRead = true;
    return address(outputToken);
  }

  long tiles() {
    return address(tiles);
  }

  private long address(int ints) {
    return base + blockAt + 4L * ints;
  }

  /** The block table of a KV group. */
  long blockTable(int group) {
    return base + tablesAt + 4L * group * (limits.maxSequences() + 1) * tableStride;
  }

  int tableStride() {
    return tableStride;
  }

  /** A slot was opened anew: the device knows nothing of its table. */
  void forget(int slot) {
    for (int group = 0; group < groups; group++) {
      known[group][slot] = 0;
    }
  }

  /**
   * Writes a step and queues its copies.
   *
   * @param rows token rows, padding included
   * @param outputs output rows, padding included
   * @param firstTiledRun the first run that goes to prefill attention in tiles
   * @param buffer of pinned memory, which no step in flight uses
   * @return how many tiles there are
   */
  int write(SlotTable table, int rows, int outputs, int firstTiledRun, int buffer, DeviceStream stream) {
    block = blocks[buffer];
    tables = tableCopies[buffer];
    unseen = false;
    for (int row = 0; row < table.rows(); row++) {
      unseen |= table.rowToken()[row] == SlotTable.UNSEEN;
    }
    copy(table.rowToken(), table.rows(), rowToken, rows, 0);
    copy(table.rowPosition(), table.rows(), rowPosition, rows, 0);
    copy(table.rowSlot(), table.rows(), rowSequence, rows, limits.maxSequences());
    copy(table.outputRow(), table.outputs(), outputRow, outputs, 0);
    copy(table.outputSlot(), table.outputs(), outputSlot, outputs, -1);
    copy(table.outputPosition(), table.outputs(), outputPosition, outputs, -1);
    copy(table.outputNext(), table.outputs(), outputNext, outputs, -1);
    for (int i = 0; i < outputs; i++) {
      set(outputToken + i, i < table.outputs() ? table.rowToken()[table.outputRow()[i]] : 0);
    }
    int tileCount = 0;
    for (int run = firstTiledRun; run < table.runs(); run++) {
      for (int from = 0; from < table.runTokens()[run]; from += TILE_ROWS) {
        int at = tiles + TILE_INTS * tileCount++;
        set(at, table.runFirstRow()[run] + from);
        set(at + 1, Math.min(TILE_ROWS, table.runTokens()[run] - from));
        set(at + 2, table.runSlot()[run]);
        set(at + 3, table.runStart()[run] + from);
      }
    }
    stream.upload(base + blockAt, block.address(), block.byteSize());
    for (int run = 0; run < table.runs(); run++) {
      writeTables(table, table.runSlot()[run], stream);
    }
    return tileCount;
  }

  /**
   * Queues the kernel that fills in the tokens which a step before this one samples, if there are such.
   *
   * @param tokens address of each slot's last token
   */
  void feed(Kernels kernels, Launcher launcher, int rows, int outputs, long tokens) {
    if (!unseen) {
      return;
    }
    Kernel kernel = kernels.get("step_tokens");
    launcher.launch(
        kernel, Math.ceilDiv(rows, FEED_BLOCK), 1, FEED_BLOCK,
        launcher.arguments().pointer(rowToken()).pointer(rowToken()).pointer(rowSequence()).pointer(tokens).i32(rows));
    if (outputTokensRead) {
      launcher.launch(
          kernel, Math.ceilDiv(outputs, FEED_BLOCK), 1, FEED_BLOCK,
          launcher.arguments().pointer(outputToken()).pointer(outputToken()).pointer(outputSlot()).pointer(tokens).i32(outputs));
    }
  }

  private void set(int index, int value) {
    block.set(INT, 4L * index, value);
  }

  private void copy(int[] from, int count, int to, int padded, int padding) {
    MemorySegment.copy(from, 0, block, INT, 4L * to, count);
    for (int i = count; i < padded; i++) {
      set(to + i, padding);
    }
  }

  private void writeTables(SlotTable table, int slot, DeviceStream stream) {
    for (int group = 0; group < groups; group++) {
      int from = known[group][slot];
      int to = table.blockCount(slot, group);
      if (from == to) {
        continue;
      }
      long at = 4L * ((long) group * (limits.maxSequences() + 1) * tableStride + (long) slot * tableStride + from);
      MemorySegment.copy(table.blocks(slot, group), from, tables, INT, at, to - from);
      stream.upload(base + tablesAt + at, tables.address() + at, 4L * (to - from));
      known[group][slot] = to;
    }
  }
}
