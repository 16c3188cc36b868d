package dev.jebena.cpu;

import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A linear operation: a chunk is one group of 64 output columns of one part, for all rows. The group's weights are decoded tile by tile, and
 * each tile is multiplied by every row before the next is decoded.
 */
final class LinearStage implements Team.Stage {

  /** Rows whose sums are kept at once; the weights are decoded again for the next ones. */
  static final int ROW_BLOCK = 96;
  private static final int FEW_ROWS = 3;
  /** Columns of a tile: with few rows small, so that tile and stream share the first-level cache. */
  private static final int SMALL_TILE = 64;
  private static final int LARGE_TILE = 192;
  private static final int SUPER_BLOCK = 256;

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
    final float[] tile = new float[SUPER_BLOCK * GROUP_ROWS];
    final float[] sums = new float[ROW_BLOCK * GROUP_ROWS];
  }

  private final float[] values;
  private final Rows rows;
  private final int in;
  private final int inStride;
  private final List<Part> parts;
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
    this.parts = List.copyOf(parts);
    this.groups = parts.stream().mapToInt(part -> part.weight.groups()).sum();
    this.rooms = rooms;
  }

  @Override
  public int chunks() {
    return rows.count() == 0 ? 0 : groups;
  }

  @Override
  public void run(int from, int to, int worker) {
    for (int chunk = from; chunk < to; chunk++) {
      int group = chunk;
      int part = 0;
      while (group >= parts.get(part).weight.groups()) {
        group -= parts.get(part).weight.groups();
        part++;
      }
      runGroup(parts.get(part), group, rooms[worker]);
    }
  }

  private void runGroup(Part part, int group, Room room) {
    int count = rows.count();
    for (int row = 0; row < count; row += ROW_BLOCK) {
      int block = Math.min(ROW_BLOCK, count - row);
      java.util.Arrays.fill(room.sums, 0, block * GROUP_ROWS, 0);
      multiply(part.weight, group, row, block, room);
      store(part, group, row, block, room.sums);
    }
  }

  private void multiply(PackedWeight weight, int group, int row, int count, Room room) {
    PackedFormat format = weight.format();
    int first = in + row * inStride;
    if (count == 1 && VectorKernels.has(format.type())) {
      VectorKernels.multiply(format, weight.blockAddress(group, 0), format.blocks(weight.columns()), values, first, room.sums);
      return;
    }
    int wanted = count <= FEW_ROWS ? SMALL_TILE : LARGE_TILE;
    int tileBlocks = Math.max(1, wanted / format.blockColumns());
    int blocks = format.blocks(weight.columns());
    for (int block = 0; block < blocks; block += tileBlocks) {
      int taken = Math.min(tileBlocks, blocks - block);
      TileDecoder.decode(format, weight.blockAddress(group, block), taken, room.tile);
      int column = block * format.blockColumns();
      int columns = Math.min(taken * format.blockColumns(), weight.columns() - column);
      for (int r = 0; r < count; r += MicroKernels.MAX_ROWS) {
        MicroKernels.multiply(
            Math.min(MicroKernels.MAX_ROWS, count - r), room.tile, columns, values, first + r * inStride + column, inStride,
            room.sums, r * GROUP_ROWS);
      }
    }
  }

  private void store(Part part, int group, int row, int count, float[] sums) {
    int first = group * GROUP_ROWS;
    int columns = Math.min(GROUP_ROWS, part.weight.rows() - first);
    float[] bias = part.bias;
    for (int r = 0; r < count; r++) {
      int to = part.out + (row + r) * part.outStride + first;
      System.arraycopy(sums, r * GROUP_ROWS, values, to, columns);
      if (bias != null) {
        for (int i = 0; i < columns; i++) {
          values[to + i] += bias[first + i];
        }
      }
    }
  }
}
