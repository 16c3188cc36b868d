package dev.jebena.cpu;

import dev.jebena.engine.backend.SlotTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The runs of a step, cut into units of neighbouring rows, and those into tasks; shared by the layers.
 *
 * <p>The context of a row is summed in parts of {@value #PART_TOKENS} tokens at multiples of that, and the parts are merged in order: so
 * the bits are the same whether one task walks all parts or each part is a task of its own. The latter is done with decoding rows when
 * the step has too few units to keep the team busy.
 */
final class AttentionUnits {

  /** Rows of a unit: twelve times any number of heads is a multiple of the rows that are multiplied at once. */
  static final int UNIT_ROWS = 12;
  /** Tokens of a part of the context. */
  static final int PART_TOKENS = 512;
  /** Part of a task that takes the whole context. */
  static final int WHOLE = -1;

  private final SlotTable table;
  private final int workers;
  private final List<AttentionSplits> splits = new ArrayList<>();
  private int[] slot = new int[16];
  private int[] firstRow = new int[16];
  private int[] rows = new int[16];
  private int count;
  private int[] taskUnit = new int[16];
  private int[] taskPart = new int[16];
  private int tasks;

  AttentionUnits(SlotTable table, int workers) {
    this.table = table;
    this.workers = workers;
  }

  /** Keeps memory for split units ready before each step. */
  void reserveFor(AttentionSplits needed) {
    splits.add(needed);
  }

  /** Cuts the current step's runs. */
  void prepare() {
    count = 0;
    for (int run = 0; run < table.runs(); run++) {
      int end = table.runFirstRow()[run + 1];
      for (int row = table.runFirstRow()[run]; row < end; row += UNIT_ROWS) {
        addUnit(table.runSlot()[run], row, Math.min(UNIT_ROWS, end - row));
      }
    }
    boolean splitting = workers > 1 && count < 2 * workers;
    tasks = 0;
    int mostParts = 1;
    for (int unit = 0; unit < count; unit++) {
      int parts = parts(unit);
      if (splitting && rows[unit] == 1 && parts > 1) {
        mostParts = Math.max(mostParts, parts);
        for (int part = 0; part < parts; part++) {
          addTask(unit, part);
        }
      } else {
        addTask(unit, WHOLE);
      }
    }
    if (mostParts > 1) {
      for (AttentionSplits each : splits) {
        each.reserve(count, mostParts);
      }
    }
  }

  private void addUnit(int ofSlot, int first, int number) {
    if (count == slot.length) {
      slot = Arrays.copyOf(slot, 2 * count);
      firstRow = Arrays.copyOf(firstRow, 2 * count);
      rows = Arrays.copyOf(rows, 2 * count);
    }
    slot[count] = ofSlot;
    firstRow[count] = first;
    rows[count++] = number;
  }

  private void addTask(int unit, int part) {
    if (tasks == taskUnit.length) {
      taskUnit = Arrays.copyOf(taskUnit, 2 * tasks);
      taskPart = Arrays.copyOf(taskPart, 2 * tasks);
    }
    taskUnit[tasks] = unit;
    taskPart[tasks++] = part;
  }

  /** Tasks of the step for each KV head. */
  int tasks() {
    return tasks;
  }

  /** The unit of a task. */
  int unit(int task) {
    return taskUnit[task];
  }

  /** The part of the context that a task takes, or {@link #WHOLE}. */
  int part(int task) {
    return taskPart[task];
  }

  int slot(int unit) {
    return slot[unit];
  }

  /** The step's row that is the unit's first. */
  int firstRow(int unit) {
    return firstRow[unit];
  }

  int rows(int unit) {
    return rows[unit];
  }

  /** Position of the unit's first row. */
  int firstPosition(int unit) {
    return table.rowPosition()[firstRow[unit]];
  }

  /** Position of the unit's last row. */
  int lastPosition(int unit) {
    return firstPosition(unit) + rows[unit] - 1;
  }

  /** Parts that the context of the unit's last row has. */
  int parts(int unit) {
    return lastPosition(unit) / PART_TOKENS + 1;
  }
}
