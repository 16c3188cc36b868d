package dev.jebena.cuda.kernel;

import dev.jebena.cuda.kernel.KernelBench.Launch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Parts of a product on the bench: their weights, biases, residuals and results, as {@code LinearPart}s. */
final class LinearBench {

  private static final int PART_BYTES = 64;

  private final KernelBench bench;
  final RandomWeight[] weights;
  private final float @Nullable [][] biases;
  private final float @Nullable [][] residuals;
  private final int rows;
  private final long[] outs;
  private final int[] strides;
  private int blocks;

  /** What the parts have besides their weights. */
  enum Extras {
    NONE,
    BIAS_AND_RESIDUAL
  }

  LinearBench(KernelBench bench, int rows, Extras extras, Random random, RandomWeight... weights) {
    this.bench = bench;
    this.weights = weights;
    this.rows = rows;
    this.biases = new float[weights.length][];
    this.residuals = new float[weights.length][];
    this.outs = new long[weights.length];
    this.strides = new int[weights.length];
    for (int i = 0; i < weights.length; i++) {
      int columns = weights[i].rows();
      strides[i] = columns + 3;
      outs[i] = bench.empty(4L * ((rows - 1) * strides[i] + columns));
      if (extras == Extras.BIAS_AND_RESIDUAL) {
        biases[i] = Floats.random(random, columns);
        residuals[i] = Floats.random(random, rows * columns);
      }
    }
  }

  /** The parts in device memory, for kernels whose blocks have {@code blockColumns} columns. */
  long parts(int blockColumns) {
    ByteBuffer buffer = ByteBuffer.allocate(PART_BYTES * weights.length).order(ByteOrder.LITTLE_ENDIAN);
    blocks = 0;
    for (int i = 0; i < weights.length; i++) {
      buffer.putLong(bench.bytes(weights[i].body()));
      buffer.putLong(weights[i].head().length == 0 ? 0 : bench.bytes(weights[i].head()));
      buffer.putLong(biases[i] == null ? 0 : bench.floats(biases[i]));
      buffer.putLong(outs[i]);
      buffer.putLong(residuals[i] == null ? 0 : bench.floats(residuals[i]));
      buffer.putInt(weights[i].rows()).putInt(strides[i]).putInt(weights[i].rows()).putInt(blocks).putLong(0);
      blocks += Math.ceilDiv(weights[i].rows(), blockColumns);
    }
    return bench.bytes(buffer.array());
  }

  /** Blocks of threads of all parts, after {@link #parts}. */
  Launch launch(int blockRows, int threads) {
    return Launch.of(blocks, Math.ceilDiv(rows, blockRows), threads);
  }

  /** A part's result, row by row without gaps. */
  float[] result(int part) {
    int columns = weights[part].rows();
    float[] values = new float[rows * columns];
    for (int row = 0; row < rows; row++) {
      float[] read = bench.readFloats(outs[part] + 4L * row * strides[part], columns);
      System.arraycopy(read, 0, values, row * columns, columns);
    }
    return values;
  }

  /** The largest error of all results, relative to the sum of the sizes of what was added up. */
  double error(float[] x, int xStride) {
    double worst = 0;
    for (int part : indices()) {
      RandomWeight weight = weights[part];
      float[] result = result(part);
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < weight.rows(); column++) {
          double expected = weight.times(column, x, row * xStride) + bias(part, column) + residual(part, row, column);
          double size = weight.sizeTimes(column, x, row * xStride) + Math.abs(expected) + 1e-6;
          double error = Math.abs(result[row * weight.rows() + column] - expected) / size;
          worst = Double.isNaN(error) ? Double.NaN : Math.max(worst, error);
        }
      }
    }
    return worst;
  }

  double bias(int part, int column) {
    float[] bias = biases[part];
    return bias == null ? 0 : bias[column];
  }

  private double residual(int part, int row, int column) {
    float[] residual = residuals[part];
    return residual == null ? 0 : residual[row * weights[part].rows() + column];
  }

  private List<Integer> indices() {
    Integer[] indices = new Integer[weights.length];
    Arrays.setAll(indices, i -> i);
    return List.of(indices);
  }
}
