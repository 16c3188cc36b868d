package dev.jebena.cpu;

import static dev.jebena.cpu.Lanes.FLOAT;
import static dev.jebena.cpu.Lanes.INT;
import static dev.jebena.cpu.Lanes.LITTLE;
import static dev.jebena.cpu.Lanes.SHORT;
import static dev.jebena.cpu.Lanes.WIDTH;

import dev.jebena.engine.backend.KvType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/** Reads runs of cached elements as floats. */
final class KvTiles {

  private static final ValueLayout.OfShort SHORT_LAYOUT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT_LAYOUT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private KvTiles() {}

  /**
   * Reads a matrix of cached elements.
   *
   * @param address of element 0 of row 0
   * @param rows rows of {@code columns} elements each, {@code sourceStride} elements apart
   * @param tile receives them from {@code at}, {@code tileStride} floats apart
   */
  static void read(
      KvType type, long address, int rows, int columns, int sourceStride, float[] tile, int at, int tileStride) {
    int size = type == KvType.F32 ? 4 : 2;
    MemorySegment in = MemorySegment.ofAddress(address).reinterpret(((long) (rows - 1) * sourceStride + columns) * size);
    int vectors = columns / WIDTH * WIDTH;
    for (int row = 0; row < rows; row++) {
      long from = (long) row * sourceStride * size;
      int to = at + row * tileStride;
      switch (type) {
        case F32 -> readF32(in, from, vectors, tile, to);
        case F16 -> readF16(in, from, vectors, tile, to);
        case BF16 -> readBf16(in, from, vectors, tile, to);
        case Q8_0 -> throw new IllegalStateException("8-bit caches were refused before");
      }
      for (int i = vectors; i < columns; i++) {
        tile[to + i] = element(type, in, from + (long) i * size);
      }
    }
  }

  private static void readF32(MemorySegment in, long from, int count, float[] tile, int to) {
    for (int i = 0; i < count; i += WIDTH) {
      FloatVector.fromMemorySegment(FLOAT, in, from + 4L * i, LITTLE).intoArray(tile, to + i);
    }
  }

  private static void readF16(MemorySegment in, long from, int count, float[] tile, int to) {
    for (int i = 0; i < count; i += WIDTH) {
      TileDecoder.halves(in, from + 2L * i, 1).intoArray(tile, to + i);
    }
  }

  private static void readBf16(MemorySegment in, long from, int count, float[] tile, int to) {
    for (int i = 0; i < count; i += WIDTH) {
      IntVector bits = (IntVector) ShortVector.fromMemorySegment(SHORT, in, from + 2L * i, LITTLE).convertShape(VectorOperators.S2I, INT, 0);
      bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(tile, to + i);
    }
  }

  private static float element(KvType type, MemorySegment in, long offset) {
    return switch (type) {
      case F32 -> in.get(FLOAT_LAYOUT, offset);
      case F16 -> Float.float16ToFloat(in.get(SHORT_LAYOUT, offset));
      case BF16 -> Float.intBitsToFloat(in.get(SHORT_LAYOUT, offset) << 16);
      case Q8_0 -> throw new IllegalStateException("8-bit caches were refused before");
    };
  }
}
