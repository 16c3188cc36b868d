package dev.jebena.cpu;

import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A linear operation. With one row a chunk is half a group of 64 output columns, multiplied straight from the codes; with more it is a group
 * for a block of rows: the group's weights are decoded tile by tile, and each tile is multiplied by the rows before the next is decoded.
 */
final class LinearStage implements Team.Stage {

  /** Rows whose sums are kept at once; the weights are decoded again for the next ones. */
  static final int ROW_BLOCK = 96;
  /** Columns of a tile: it and the sums of a few rows share the first-level cache. */
  static final int TILE_COLUMNS = 64;
  private static final int HALVES = 2;

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
  }

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

  LinearStage(float[] values, Rows rows, int in, int inStride, List<Part> parts, Room[] rooms) {
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
    int count = rows.count();
    return count == 1 ? HALVES * groups : groups * blocks(count);
  }

  private static int blocks(int count) {
    return (count + ROW_BLOCK - 1) / ROW_BLOCK;
  }

  @Override
  public void run(int from, int to, int worker) {
    int count = rows.count();
    for (int chunk = from; chunk < to; chunk++) {
      if (count == 1) {
        runRow(chunk, rooms[worker]);
      } else {
        int blocks = blocks(count);
        int first = chunk % blocks * ROW_BLOCK;
        runRows(chunk / blocks, first, Math.min(ROW_BLOCK, count - first), rooms[worker]);
      }
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

  private void runRow(int chunk, Room room) {
    Part part = part(chunk / HALVES);
    PackedWeight weight = part.weight;
    int group = groupOfPart(chunk / HALVES);
    int first = chunk % HALVES * VectorKernels.HALF_ROWS;
    Arrays.fill(room.sums, first, first + VectorKernels.HALF_ROWS, 0);
    VectorKernels.multiply(weight.format(), weight.blockAddress(group, 0), weight.columns(), first, values, in, room.sums);
    store(part, group * GROUP_ROWS + first, VectorKernels.HALF_ROWS, 0, room.sums, first);
  }

  private void runRows(int stageGroup, int row, int count, Room room) {
    Part part = part(stageGroup);
    PackedWeight weight = part.weight;
    int group = groupOfPart(stageGroup);
    Arrays.fill(room.sums, 0, count * GROUP_ROWS, 0);
    long address = weight.blockAddress(group, 0);
    for (int column = 0; column < weight.columns(); column += TILE_COLUMNS) {
      int columns = Math.min(TILE_COLUMNS, weight.columns() - column);
      TileDecoder.decode(weight.format(), address, column, columns, room.tile);
      multiply(room, columns, in + row * inStride + column, count);
    }
    for (int r = 0; r < count; r++) {
      store(part, group * GROUP_ROWS, GROUP_ROWS, row + r, room.sums, r * GROUP_ROWS);
    }
  }

  /** Multiplies the tile by all rows, in passes of nearly equal size: a last one of few rows would be slow. */
  private void multiply(Room room, int columns, int first, int count) {
    int passes = (count + MicroKernels.MAX_ROWS - 1) / MicroKernels.MAX_ROWS;
    int row = 0;
    for (int pass = 0; pass < passes; pass++) {
      int taken = (count - row + passes - pass - 1) / (passes - pass);
      MicroKernels.multiply(taken, room.tile, columns, values, first + row * inStride, inStride, room.sums, row * GROUP_ROWS);
      row += taken;
    }
  }

  /** Writes the sums of columns {@code [first, first + count)} of a part, as far as it has them. */
  private void store(Part part, int first, int count, int row, float[] sums, int from) {
    int columns = Math.min(count, part.weight.rows() - first);
    if (columns <= 0) {
      return;
    }
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
