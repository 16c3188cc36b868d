package dev.jebena.engine.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.backend.KvType;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KvCodecTest {

  @ParameterizedTest
  @EnumSource
  void readsWhatItWroteWithinTheTypesPrecision(KvType type) {
    Random random = new Random(3);
    for (int columns : new int[] {1, 31, 32, 33, 64, 80}) {
      float[] values = new float[columns];
      for (int i = 0; i < columns; i++) {
        values[i] = (float) random.nextGaussian();
      }
      float[] read = roundTrip(type, values);
      for (int i = 0; i < columns; i++) {
        double allowed =
            switch (type) {
              case F32 -> 0;
              case F16 -> Math.abs(values[i]) * 0x1p-11 + 0x1p-25;
              case BF16 -> Math.abs(values[i]) * 0x1p-8;
              // half a code of a run whose largest value is about 3, and the scale's own rounding
              case Q8_0 -> 5 / 254.0 + Math.abs(values[i]) * 0x1p-11;
              case FP8 -> Math.abs(values[i]) * 0x1p-4 + 0x1p-10;
            };
        assertEquals(values[i], read[i], allowed);
      }
      // stored values are fixed points: writing them again loses nothing
      if (type != KvType.Q8_0) {
        assertArrayEquals(read, roundTrip(type, read));
      }
    }
  }

  @Test
  void roundsToTheNearestAndOfTwoToTheEvenOne() {
    float[] halfway = {1 + 0x1p-11f, 1 + 3 * 0x1p-11f, 1 + 0x1p-8f, 1 + 3 * 0x1p-8f};
    float[] f16 = roundTrip(KvType.F16, halfway);
    assertEquals(1, f16[0]);
    assertEquals(1 + 0x1p-9f, f16[1]);
    float[] bf16 = roundTrip(KvType.BF16, halfway);
    assertEquals(1, bf16[2]);
    assertEquals(1 + 0x1p-6f, bf16[3]);
  }

  @Test
  void scalesRunsOf32ColumnsByTheirLargest() {
    float[] values = new float[40];
    values[3] = -127;
    values[4] = 1;
    values[5] = 0.4f;
    values[35] = 12.7f;
    values[36] = 0.1f;
    float[] read = roundTrip(KvType.Q8_0, values);
    assertEquals(-127, read[3]);
    assertEquals(1, read[4]);
    assertEquals(0, read[5]);
    assertEquals(12.7f, read[35], 0.01f);
    assertEquals(0.1f, read[36], 0.001f);
  }

  /** The corners of E4M3 as the OCP's specification lists them. */
  @Test
  void floatsOf8BitsHaveTheirSmallestLargestAndEvenNeighbours() {
    float[] values = {448, 1000, Float.NEGATIVE_INFINITY, 0x1p-9f, 0x1p-10f, 3 * 0x1p-10f, 0x1p-6f, -0f, 1 + 0x1p-4f, 1 + 3 * 0x1p-4f};
    assertArrayEquals(
        new float[] {448, 448, -448, 0x1p-9f, 0, 0x1p-8f, 0x1p-6f, -0f, 1, 1.25f}, roundTrip(KvType.FP8, values));
    for (int code = 0; code < 256; code++) {
      float value = KvCodec.Float8.value((byte) code);
      assertEquals(Float.isNaN(value) ? code & 0x80 | 0x7F : code, KvCodec.Float8.code(Math.copySign(value, code < 128 ? 1 : -1)) & 0xFF);
    }
  }

  @ParameterizedTest
  @EnumSource
  void keepsWhatIsNotANumber(KvType type) {
    assertTrue(Float.isNaN(roundTrip(type, 1, Float.NaN, 2)[1]));
  }

  private static float[] roundTrip(KvType type, float... values) {
    KvCodec codec = KvCodec.of(type);
    MemorySegment memory = MemorySegment.ofArray(new byte[(int) codec.bytes(values.length) + 1]);
    float[] shifted = new float[values.length + 2];
    System.arraycopy(values, 0, shifted, 2, values.length);
    codec.write(shifted, 2, values.length, memory, 1);
    float[] read = new float[values.length];
    codec.read(memory, 1, values.length, read);
    return read;
  }
}
