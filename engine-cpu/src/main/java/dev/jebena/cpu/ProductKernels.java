package dev.jebena.cpu;

import static dev.jebena.cpu.LinearStage.TILE_COLUMNS;
import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;

import dev.jebena.engine.weight.BlockType;
import java.util.List;

/** The kernels there are, the one that is expected to be fastest first. Native ones take their place before these. */
final class ProductKernels {

  private static final List<ProductKernel> ALL = List.of(new Direct(), new Tiled(), new Plain());

  private ProductKernels() {}

  static List<ProductKernel> all() {
    return ALL;
  }

  /** One row straight from the codes. */
  private static final class Direct implements ProductKernel {

    @Override
    public String name() {
      return "direct, " + Lanes.BITS + " bits";
    }

    @Override
    public boolean fits(BlockType type, Shape shape) {
      return shape == Shape.ONE_ROW;
    }

    @Override
    public void multiply(PackedWeight weight, int group, float[] x, int xAt, int xStride, int rows, LinearStage.Room room) {
      VectorKernels.multiply(weight, group, x, xAt, room);
    }
  }

  /** Decodes a tile into the first-level cache, then multiplies it by every row. */
  private static final class Tiled implements ProductKernel {

    @Override
    public String name() {
      return "tile of 64 rows, " + Lanes.BITS + " bits";
    }

    @Override
    public boolean fits(BlockType type, Shape shape) {
      return true;
    }

    @Override
    public void multiply(PackedWeight weight, int group, float[] x, int xAt, int xStride, int rows, LinearStage.Room room) {
      for (int column = 0; column < weight.columns(); column += TILE_COLUMNS) {
        int columns = Math.min(TILE_COLUMNS, weight.columns() - column);
        TileDecoder.decode(weight, group, column, columns, room);
        multiplyTile(room, columns, x, xAt + column, xStride, rows);
      }
    }

    /** In passes of nearly equal size: a last one of few rows would be slow. */
    private static void multiplyTile(LinearStage.Room room, int columns, float[] x, int xAt, int xStride, int rows) {
      int passes = (rows + MicroKernels.MAX_ROWS - 1) / MicroKernels.MAX_ROWS;
      int row = 0;
      for (int pass = 0; pass < passes; pass++) {
        int taken = (rows - row + passes - pass - 1) / (passes - pass);
        MicroKernels.multiply(taken, room.tile, columns, x, xAt + row * xStride, xStride, room.sums, row * GROUP_ROWS);
        row += taken;
      }
    }
  }

  /** As {@link Tiled}, with loops that the JIT turns into vectors by itself: what is left when it cannot cope with the Vector API. */
  private static final class Plain implements ProductKernel {

    @Override
    public String name() {
      return "tile of 64 rows, plain loops";
    }

    @Override
    public boolean fits(BlockType type, Shape shape) {
      return true;
    }

    @Override
    public void multiply(PackedWeight weight, int group, float[] x, int xAt, int xStride, int rows, LinearStage.Room room) {
      for (int column = 0; column < weight.columns(); column += TILE_COLUMNS) {
        int columns = Math.min(TILE_COLUMNS, weight.columns() - column);
        TileDecoder.decode(weight, group, column, columns, room);
        for (int r = 0; r < rows; r++) {
          for (int k = 0; k < columns; k++) {
            addRow(room.tile, k * GROUP_ROWS, x[xAt + r * xStride + column + k], room.sums, r * GROUP_ROWS);
          }
        }
      }
    }

    private static void addRow(float[] tile, int from, float factor, float[] sums, int to) {
      for (int lane = 0; lane < GROUP_ROWS; lane++) {
        sums[to + lane] = Math.fma(tile[from + lane], factor, sums[to + lane]);
      }
    }
  }
}
