package dev.jebena.cpu;

import dev.jebena.engine.tck.RandomWeights;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSpec;
import dev.jebena.engine.weight.WeightView;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Compares products on random shapes with their scalar twin, and one row alone with the same row among others, bit by bit. A program of its
 * own as well, since a process has one vector width.
 */
final class KernelCheck {

  private static final List<Integer> ROW_COUNTS = List.of(1, 2, 3, 5, 6, 7, 13, LinearStage.ROW_BLOCK + 1);

  private KernelCheck() {}

  /** Checks every type; the argument is the seed. */
  public static void main(String[] arguments) {
    for (BlockType type : BlockType.values()) {
      for (int threads : new int[] {1, 3}) {
        check(type, threads, new Random(Long.parseLong(arguments[0])));
      }
    }
  }

  /** One random shape of a type, with all row counts. */
  static void check(BlockType type, int threads, Random random) {
    int rows = 1 + random.nextInt(150);
    int columns = type.elements() * (1 + random.nextInt(type.elements() == 1 ? 150 : type.elements() == 32 ? 6 : 2));
    WeightView view = new RandomWeights(random.nextLong())
        .weight(new WeightSpec("unit", rows, columns, new WeightFormat.Blocked(type)));
    try (Team team = new Team(threads); Arena arena = Arena.ofShared()) {
      PackedFormat format = PackedFormat.of(type);
      MemorySegment target = arena.allocate(format.bytes(rows, columns), 64);
      WeightPacker packer = new WeightPacker(view, target);
      for (int group = 0; group < PackedFormat.groups(rows); group++) {
        packer.pack(group);
      }
      PackedWeight weight = new PackedWeight(format, rows, columns, target.address());
      int most = ROW_COUNTS.getLast();
      float[] in = new float[most * columns];
      for (int i = 0; i < in.length; i++) {
        in[i] = (float) random.nextGaussian();
      }
      float[] all = product(team, weight, in, most);
      compareWithScalar(view, in, all, most);
      for (int count : ROW_COUNTS) {
        float[] few = product(team, weight, Arrays.copyOf(in, count * columns), count);
        for (int i = 0; i < few.length; i++) {
          if (Float.floatToRawIntBits(few[i]) != Float.floatToRawIntBits(all[i])) {
            throw new AssertionError(
                type + " " + rows + "x" + columns + ", " + count + " rows, " + Lanes.BITS + " bits: value " + i + " is " + few[i]
                    + ", among " + most + " rows " + all[i]);
          }
        }
      }
    }
  }

  private static float[] product(Team team, PackedWeight weight, float[] in, int count) {
    int outAt = in.length;
    float[] values = Arrays.copyOf(in, outAt + count * weight.rows());
    LinearStage.Room[] rooms = new LinearStage.Room[team.size()];
    Arrays.setAll(rooms, i -> new LinearStage.Room());
    team.run(new LinearStage(
        new KernelTable(ProductKernels.all()), values, () -> count, 0, weight.columns(), List.of(new LinearStage.Part(weight, null, outAt, weight.rows())), rooms));
    return Arrays.copyOfRange(values, outAt, values.length);
  }

  private static void compareWithScalar(WeightView view, float[] in, float[] out, int count) {
    int rows = view.spec().rows();
    int columns = view.spec().columns();
    float[] weights = new float[columns];
    for (int row = 0; row < rows; row++) {
      view.decodeRow(row, weights, 0);
      for (int i = 0; i < count; i++) {
        float sum = 0;
        double size = 0;
        for (int k = 0; k < columns; k++) {
          sum = Math.fma(weights[k], in[i * columns + k], sum);
          size += Math.abs((double) weights[k] * in[i * columns + k]);
        }
        float value = out[i * rows + row];
        if (!(Math.abs(value - sum) <= 2e-6 * size)) {
          throw new AssertionError(
              view.blockType() + " " + rows + "x" + columns + ", " + Lanes.BITS + " bits: row " + i + ", column " + row + " is " + value
                  + ", the scalar sum " + sum);
        }
      }
    }
  }
}
