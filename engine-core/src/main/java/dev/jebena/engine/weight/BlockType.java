package dev.jebena.engine.weight;

import java.lang.foreign.MemorySegment;

/**
 * A self-contained weight block: so many elements in so many bytes, each with a scalar decoder that is the type's specification.
 *
 * <p>The layouts are those of the GGUF file format (little-endian). Every faster decoder in a backend is tested against this one.
 */
public enum BlockType {
  F32(1, 4, FloatBlocks::decodeF32),
  F16(1, 2, FloatBlocks::decodeF16),
  BF16(1, 2, FloatBlocks::decodeBf16),
  Q4_0(32, 18, LegacyBlocks::decodeQ40),
  Q4_1(32, 20, LegacyBlocks::decodeQ41),
  Q5_0(32, 22, LegacyBlocks::decodeQ50),
  Q5_1(32, 24, LegacyBlocks::decodeQ51),
  Q8_0(32, 34, LegacyBlocks::decodeQ80),
  Q4_K(256, 144, SuperBlocks::decodeQ4K),
  Q5_K(256, 176, SuperBlocks::decodeQ5K),
  Q6_K(256, 210, SuperBlocks::decodeQ6K);

  private final int elements;
  private final int bytes;
  private final BlockDecoder decoder;

  BlockType(int elements, int bytes, BlockDecoder decoder) {
    this.elements = elements;
    this.bytes = bytes;
    this.decoder = decoder;
  }

  /** Elements in a block. */
  public int elements() {
    return elements;
  }

  /** Bytes of a block. */
  public int bytes() {
    return bytes;
  }

  /** Bytes of {@code count} elements; {@code count} must be a multiple of {@link #elements()}. */
  public long bytesOf(long count) {
    if (count % elements != 0) {
      throw new IllegalArgumentException(
          count + " elements do not fill blocks of type " + this + ": use a multiple of " + elements);
    }
    return Math.multiplyExact(count / elements, bytes);
  }

  /**
   * Decodes one block.
   *
   * @param source holds the block at {@code offset}, {@link #bytes()} bytes, any alignment
   * @param target receives {@link #elements()} values from {@code targetOffset}
   */
  public void decode(MemorySegment source, long offset, float[] target, int targetOffset) {
    decoder.decode(source, offset, target, targetOffset);
  }

  /** Decodes one block; see {@link BlockType#decode}. */
  @FunctionalInterface
  interface BlockDecoder {
    void decode(MemorySegment source, long offset, float[] target, int targetOffset);
  }
}
