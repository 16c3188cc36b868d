package dev.jebena.benchmarks.model;

import dev.jebena.engine.weight.BlockType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * Fills memory with random weights of one type: codes are random bytes, scales are set so that the weights have the wanted standard
 * deviation and about the mean 0. Nothing is quantised, so gigabytes take seconds.
 */
final class RandomBlocks {

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final SplittableRandom random;
  private final BlockType type;
  private final double deviation;

  RandomBlocks(long seed, BlockType type, double deviation) {
    this.random = new SplittableRandom(seed);
    this.type = type;
    this.deviation = deviation;
  }

  /** Fills whole blocks. */
  void fill(MemorySegment blocks) {
    switch (type) {
      case F32, F16, BF16 -> fillFloats(blocks);
      case Q4_0 -> fillCodes(blocks, new Factor(0, 4.6, 0));
      case Q5_0 -> fillCodes(blocks, new Factor(0, 9.2, 0));
      case Q8_0 -> fillCodes(blocks, new Factor(0, 74, 0));
      case Q4_1 -> fillCodes(blocks, new Factor(0, 4.6, 0), new Factor(2, 4.6, -7.5));
      case Q5_1 -> fillCodes(blocks, new Factor(0, 9.2, 0), new Factor(2, 9.2, -15.5));
      case Q4_K -> fillCodes(blocks, new Factor(0, 258, 0), new Factor(2, 258, 7.5));
      case Q5_K -> fillCodes(blocks, new Factor(0, 530, 0), new Factor(2, 530, 15.5));
      case Q6_K -> fillCodes(blocks, new Factor(208, 1369, 0));
    }
  }

  /**
   * A binary16 factor of a block.
   *
   * @param codeDeviation standard deviation of what the block's scale multiplies
   * @param times the factor in scales; 0: the scale itself
   */
  private record Factor(int offset, double codeDeviation, double times) {
    short bits(double deviation) {
      double scale = deviation / codeDeviation;
      return Float.floatToFloat16((float) (times == 0 ? scale : scale * times));
    }
  }

  private void fillCodes(MemorySegment blocks, Factor... factors) {
    long at = 0;
    for (; at + 8 <= blocks.byteSize(); at += 8) {
      blocks.set(LONG, at, random.nextLong());
    }
    for (; at < blocks.byteSize(); at++) {
      blocks.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
    }
    for (Factor factor : factors) {
      short bits = factor.bits(deviation);
      for (long block = 0; block < blocks.byteSize(); block += type.bytes()) {
        blocks.set(SHORT, block + factor.offset, bits);
      }
    }
  }

  /** Uniform between plus and minus the root of 3 deviations, in steps of 1/32768 of that. */
  private void fillFloats(MemorySegment blocks) {
    float unit = (float) (deviation * Math.sqrt(3) / 32768);
    long count = blocks.byteSize() / type.bytes();
    long bits = 0;
    for (long i = 0; i < count; i++) {
      bits = i % 4 == 0 ? random.nextLong() : bits >>> 16;
      float value = (short) bits * unit;
      if (type == BlockType.F32) {
        blocks.set(FLOAT, 4 * i, value);
      } else {
        blocks.set(SHORT, 2 * i, type == BlockType.F16 ? Float.floatToFloat16(value) : (short) (Float.floatToRawIntBits(value) >>> 16));
      }
    }
  }
}
