package dev.jebena.engine.weight;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Blocks written here bit by bit, element by element, as the format's description says, and read by the decoders. */
class BlockTypeTest {

  private static final float SCALE = 0.0625f;
  private static final float MINIMUM = -1.5f;

  private final Random random = new Random(1);
  private ByteBuffer block = ByteBuffer.allocate(0);
  private float[] expected = new float[0];

  @Test
  void decodesFloats() {
    start(BlockType.F32);
    block.putFloat(0, -3.25e-12f);
    expected[0] = -3.25e-12f;
    check(BlockType.F32);
    start(BlockType.F16);
    // sign 1, exponent 16 (2^1), fraction 0x200 / 1024
    block.putShort(0, (short) 0b1_10000_1000000000);
    expected[0] = -3;
    check(BlockType.F16);
    // the smallest subnormal number
    block.putShort(0, (short) 1);
    expected[0] = 0x1p-24f;
    check(BlockType.F16);
    start(BlockType.BF16);
    block.putShort(0, (short) 0x4049);
    expected[0] = 3.140625f;
    check(BlockType.BF16);
  }

  @Test
  void decodesFourBits() {
    start(BlockType.Q4_0);
    half(0, SCALE);
    for (int i = 0; i < 32; i++) {
      int q = random.nextInt(16);
      nibble(2 + i % 16, i / 16, q);
      expected[i] = (q - 8) * SCALE;
    }
    check(BlockType.Q4_0);

    start(BlockType.Q4_1);
    half(0, SCALE);
    half(2, MINIMUM);
    for (int i = 0; i < 32; i++) {
      int q = random.nextInt(16);
      nibble(4 + i % 16, i / 16, q);
      expected[i] = q * SCALE + MINIMUM;
    }
    check(BlockType.Q4_1);
  }

  @Test
  void decodesFiveBits() {
    start(BlockType.Q5_0);
    half(0, SCALE);
    for (int i = 0; i < 32; i++) {
      int q = random.nextInt(32);
      bit(2 + i / 8, i % 8, q >> 4);
      nibble(6 + i % 16, i / 16, q & 15);
      expected[i] = (q - 16) * SCALE;
    }
    check(BlockType.Q5_0);

    start(BlockType.Q5_1);
    half(0, SCALE);
    half(2, MINIMUM);
    for (int i = 0; i < 32; i++) {
      int q = random.nextInt(32);
      bit(4 + i / 8, i % 8, q >> 4);
      nibble(8 + i % 16, i / 16, q & 15);
      expected[i] = q * SCALE + MINIMUM;
    }
    check(BlockType.Q5_1);
  }

  @Test
  void decodesEightBits() {
    start(BlockType.Q8_0);
    half(0, SCALE);
    for (int i = 0; i < 32; i++) {
      byte q = (byte) random.nextInt();
      block.put(2 + i, q);
      expected[i] = q * SCALE;
    }
    check(BlockType.Q8_0);
  }

  @Test
  void decodesSuperBlocksOfFourAndFiveBits() {
    for (BlockType type : new BlockType[] {BlockType.Q4_K, BlockType.Q5_K}) {
      boolean five = type == BlockType.Q5_K;
      start(type);
      half(0, SCALE);
      half(2, 0.5f);
      for (int sub = 0; sub < 8; sub++) {
        int scale = random.nextInt(64);
        int minimum = random.nextInt(64);
        sixBits(4, sub, scale, minimum);
        for (int i = 0; i < 32; i++) {
          int q = random.nextInt(five ? 32 : 16);
          // two sub-blocks share 32 bytes: the first has the low nibbles
          nibble((five ? 48 : 16) + sub / 2 * 32 + i, sub % 2, q & 15);
          if (five) {
            bit(16 + i, sub, q >> 4);
          }
          expected[sub * 32 + i] = q * (SCALE * scale) - 0.5f * minimum;
        }
      }
      check(type);
    }
  }

  @Test
  void decodesSuperBlocksOfSixBits() {
    start(BlockType.Q6_K);
    half(208, SCALE);
    byte[] scales = new byte[16];
    random.nextBytes(scales);
    block.put(192, scales);
    for (int i = 0; i < 256; i++) {
      int q = random.nextInt(64);
      int part = i / 128;
      int inPart = i % 128;
      // the first 64 of 128 elements have the low nibbles of 64 bytes, the others the high ones
      nibble(part * 64 + inPart % 64, inPart / 64, q & 15);
      int pair = inPart / 32;
      bit(128 + part * 32 + inPart % 32, 2 * pair, q >> 4 & 1);
      bit(128 + part * 32 + inPart % 32, 2 * pair + 1, q >> 5);
      expected[i] = (q - 32) * (SCALE * scales[i / 16]);
    }
    check(BlockType.Q6_K);
  }

  @Test
  void viewsCutRowsAndColumns() {
    WeightSpec spec = new WeightSpec("w", 3, 64, WeightFormat.of(BlockType.Q8_0));
    byte[] bytes = new byte[(int) spec.bytes()];
    random.nextBytes(bytes);
    for (int i = 0; i < bytes.length; i += 34) {
      bytes[i] = 0;
      bytes[i + 1] = 0x3C;
    }
    WeightView whole = WeightView.contiguous(spec, MemorySegment.ofArray(bytes));
    float[] row = new float[64];
    whole.decodeRow(2, row, 0);
    float[] cut = new float[34];
    whole.rows(1, 2).columns(32, 32).decodeRow(1, cut, 2);
    for (int i = 0; i < 32; i++) {
      assertEquals(row[32 + i], cut[2 + i]);
    }
    assertThrows(IllegalArgumentException.class, () -> whole.rows(2, 2));
    assertThrows(IllegalArgumentException.class, () -> whole.columns(16, 32));
    assertThrows(IllegalArgumentException.class, () -> WeightView.contiguous(spec, MemorySegment.ofArray(new byte[203])));
  }

  private void start(BlockType type) {
    block = ByteBuffer.allocate(type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    expected = new float[type.elements()];
  }

  private void check(BlockType type) {
    // at an odd address, between values that must stay
    byte[] memory = new byte[type.bytes() + 1];
    System.arraycopy(block.array(), 0, memory, 1, type.bytes());
    float[] actual = new float[type.elements() + 2];
    type.decode(MemorySegment.ofArray(memory), 1, actual, 1);
    float[] framed = new float[type.elements() + 2];
    System.arraycopy(expected, 0, framed, 1, type.elements());
    assertArrayEquals(framed, actual, type.toString());
  }

  private void half(int offset, float value) {
    block.putShort(offset, Float.floatToFloat16(value));
  }

  private void nibble(int offset, int high, int value) {
    block.put(offset, (byte) (block.get(offset) | value << 4 * high));
  }

  private void bit(int offset, int index, int value) {
    block.put(offset, (byte) (block.get(offset) | value << index));
  }

  /** Bytes 0..3: scales of 0..3, 4..7: minima; 8..11: low nibbles of 4..7; the upper two bits lie over those of 0..3. */
  private void sixBits(int offset, int sub, int scale, int minimum) {
    if (sub < 4) {
      block.put(offset + sub, (byte) (block.get(offset + sub) | scale));
      block.put(offset + 4 + sub, (byte) (block.get(offset + 4 + sub) | minimum));
    } else {
      block.put(offset + 4 + sub, (byte) (scale & 15 | minimum << 4));
      block.put(offset + sub - 4, (byte) (block.get(offset + sub - 4) | scale >> 4 << 6));
      block.put(offset + sub, (byte) (block.get(offset + sub) | minimum >> 4 << 6));
    }
  }
}
