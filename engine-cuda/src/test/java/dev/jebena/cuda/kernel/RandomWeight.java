package dev.jebena.cuda.kernel;

import dev.jebena.engine.weight.BlockType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import java.util.Random;

/**
 * A weight of random bytes (with scales of ordinary size): its values by the type's specification, and the two planes that the kernels
 * read.
 *
 * @param values {@code [rows][columns]}
 * @param body the body plane
 * @param head the head plane, empty for floating-point types
 */
record RandomWeight(BlockType type, int rows, int columns, float[][] values, byte[] body, byte[] head) {

  /** The least number of columns that a row of the type can grow by. */
  static int columnStep(BlockType type) {
    return type.elements();
  }

  static RandomWeight of(BlockType type, int rows, int columns, Random random) {
    int blocks = columns / type.elements();
    byte[] file = new byte[rows * blocks * type.bytes()];
    random.nextBytes(file);
    MemorySegment segment = MemorySegment.ofArray(file);
    float[][] values = new float[rows][columns];
    for (int row = 0; row < rows; row++) {
      for (int block = 0; block < blocks; block++) {
        int at = (row * blocks + block) * type.bytes();
        scale(type, segment, at, random);
        type.decode(segment, at, values[row], block * type.elements());
      }
    }
    int headBytes = headBytes(type);
    int headAt = type == BlockType.Q6_K ? 208 : 0;
    int bodyBytes = type.bytes() - headBytes;
    int bodyStride = type.elements() == 1 ? (columns + 31) / 32 * 32 * type.bytes() : blocks * bodyBytes;
    byte[] body = new byte[rows * bodyStride];
    byte[] head = new byte[rows * blocks * headBytes];
    for (int row = 0; row < rows; row++) {
      for (int block = 0; block < blocks; block++) {
        int at = (row * blocks + block) * type.bytes();
        int to = row * bodyStride + block * bodyBytes;
        System.arraycopy(file, at + headAt, head, (row * blocks + block) * headBytes, headBytes);
        System.arraycopy(file, at, body, to, headAt);
        System.arraycopy(file, at + headAt + headBytes, body, to + headAt, bodyBytes - headAt);
      }
    }
    return new RandomWeight(type, rows, columns, values, body, head);
  }

  private static int headBytes(BlockType type) {
    return switch (type) {
      case F32, F16, BF16 -> 0;
      case Q4_0, Q8_0, Q6_K -> 2;
      case Q4_1 -> 4;
      case Q5_0 -> 6;
      case Q5_1 -> 8;
      case Q4_K, Q5_K -> 16;
    };
  }

  /** Puts numbers of ordinary size where random bytes would be scales and whole numbers. */
  private static void scale(BlockType type, MemorySegment file, int at, Random random) {
    float value = (float) random.nextGaussian() * 0.02f;
    switch (type) {
      case F32 -> file.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, value);
      case F16 -> half(file, at, value);
      case BF16 -> file.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, (short) (Float.floatToRawIntBits(value) >>> 16));
      case Q4_0, Q5_0, Q8_0 -> half(file, at, value * 0.1f);
      case Q4_1, Q5_1, Q4_K, Q5_K -> {
        half(file, at, value * 0.1f);
        half(file, at + 2, (float) random.nextGaussian() * 0.002f);
      }
      case Q6_K -> half(file, at + 208, value * 0.01f);
    }
  }

  private static void half(MemorySegment file, int at, float value) {
    file.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16(value));
  }

  /** The type's name in the names of kernels. */
  String kernelName() {
    return type.name().toLowerCase(Locale.ROOT);
  }

  /** The exact product of a row with {@code x}. */
  double times(int row, float[] x, int offset) {
    double sum = 0;
    for (int column = 0; column < columns; column++) {
      sum += (double) values[row][column] * x[offset + column];
    }
    return sum;
  }

  /** What rounding is measured against: the sum of the sizes of the products. */
  double sizeTimes(int row, float[] x, int offset) {
    double sum = 0;
    for (int column = 0; column < columns; column++) {
      sum += Math.abs((double) values[row][column] * x[offset + column]);
    }
    return sum;
  }
}
