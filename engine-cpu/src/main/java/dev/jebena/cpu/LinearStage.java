package dev.jebena.cpu;

import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A linear operation. A chunk is a group of 64 output columns for a block of rows. The kernel is the one that the table has for the type and
 * the number of rows.
 */
final class LinearStage implements Team.Stage {

  /** Rows whose sums are kept at once; the weights are decoded again for the next ones. */
  static final int ROW_BLOCK = 96;
  /** Columns of a tile: it and the sums of a few rows share the first-level cache. */
  static final int TILE_COLUMNS = 64;

  /**
   * One part.
   *
   * @param out offset of its values
   * @param outStride floats from row to row
   * @param bias as many as the weight has rows
   */
  record Part(PackedWeight weight, float @Nullable [] bias, int out, int outStride) {}

  /** A worker's own memory. */
  static final class Room {
    final float[] tile = new float[TILE_COLUMNS * GROUP_ROWS];
    final float[] sums = new float[ROW_BLOCK * GROUP_ROWS];
    /** Of the unit that is being decoded, see {@link Factors}. */
    final float[] factors = new float[Factors.FLOATS];
  }

  private final KernelTable kernels;
  private final float[] values;
  private final Rows rows;
  private final int in;
  private final int inStride;
  private final Part[] parts;
  private final int[] firstGroups;
  private final int groups;
  private final Room[] rooms;

  /** How many rows the stage has now. */
  @FunctionalInterface
  interface Rows {
    int count();
  }

  LinearStage(KernelTable kernels, float[] values, Rows rows, int in, int inStride, List<Part> parts, Room[] rooms) {
    this.kernels = kernels;
    this.values = values;
    this.rows = rows;
    this.in = in;
    this.inStride = inStride;
    this.parts = parts.toArray(Part[]::new);
    this.firstGroups = new int[parts.size()];
    int first = 0;
    for (int i = 0; i < firstGroups.length; i++) {
      firstGroups[i] = first;
      first += this.parts[i].weight.groups();
    }
    this.groups = first;
    this.rooms = rooms;
  }

  @Override
  public String name() {
    return "Linear " + Arrays.stream(parts)
        .map(part -> part.weight.format().type() + " " + part.weight.rows() + "x" + part.weight.columns())
        .collect(Collectors.joining(" + "));
  }

  @Override
  public int chunks() {
    return groups * blocks(rows.count());
  }

  private static int blocks(int count) {
    return (count + ROW_BLOCK - 1) / ROW_BLOCK;
  }

  @Override
  public void run(int from, int to, int worker) {
    int count = rows.count();
    int blocks = blocks(count);
    for (int chunk = from; chunk < to; chunk++) {
      int first = chunk % blocks * ROW_BLOCK;
      runRows(chunk / blocks, first, Math.min(ROW_BLOCK, count - first), rooms[worker]);
    }
  }

  /** The part that a group of the stage belongs to. */
  private Part part(int group) {
    int index = 0;
    while (index + 1 < firstGroups.length && firstGroups[index + 1] <= group) {
      index++;
    }
    return parts[index];
  }

  private int groupOfPart(int group) {
    int first = 0;
    for (int candidate : firstGroups) {
      first = candidate <= group ? candidate : first;
    }
    return group - first;
  }

  private void runRows(int stageGroup, int row, int count, Room room) {
    Part part = part(stageGroup);
    PackedWeight weight = part.weight;
    int group = groupOfPart(stageGroup);
    Arrays.fill(room.sums, 0, count * GROUP_ROWS, 0);
    kernels.chosen(weight.format().type(), ProductKernel.Shape.of(count))
        .multiply(weight, group, values, in + row * inStride, inStride, count, room);
    for (int r = 0; r < count; r++) {
      store(part, group * GROUP_ROWS, row + r, room.sums, r * GROUP_ROWS);
    }
  }

  /** Writes the sums of columns {@code [first, first + 64)} of a part, as far as it has them. */
  private void store(Part part, int first, int row, float[] sums, int from) {
    int columns = Math.min(GROUP_ROWS, part.weight.rows() - first);
    int to = part.out + row * part.outStride + first;
    System.arraycopy(sums, from, values, to, columns);
    float[] bias = part.bias;
    if (bias != null) {
      for (int i = 0; i < columns; i++) {
        values[to + i] += bias[first + i];
      }
    }
  }
}
