package dev.jebena.engine.reference;

import dev.jebena.engine.backend.KvType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** How the columns of one key or value head are stored in the cache: the specification of each {@link KvType}. */
sealed interface KvCodec {

  ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Bytes of a head of {@code columns} columns. */
  long bytes(int columns);

  /** Stores {@code columns} values. */
  void write(float[] from, int fromOffset, int columns, MemorySegment to, long toOffset);

  /** Reads {@code columns} values. */
  void read(MemorySegment from, long fromOffset, int columns, float[] to);

  static KvCodec of(KvType type) {
    return switch (type) {
      case F32 -> new Float32();
      case F16 -> new Float16();
      case BF16 -> new BFloat16();
      case Q8_0 -> new Codes8();
      case FP8 -> new Float8();
    };
  }

  /** As they are. */
  record Float32() implements KvCodec {

    @Override
    public long bytes(int columns) {
      return (long) columns * Float.BYTES;
    }

    @Override
    public void write(float[] from, int fromOffset, int columns, MemorySegment to, long toOffset) {
      MemorySegment.copy(from, fromOffset, to, FLOAT, toOffset, columns);
    }

    @Override
    public void read(MemorySegment from, long fromOffset, int columns, float[] to) {
      MemorySegment.copy(from, FLOAT, fromOffset, to, 0, columns);
    }
  }

  /** IEEE 754 binary16, rounded to the nearest, of two to the even one. */
  record Float16() implements KvCodec {

    @Override
    public long bytes(int columns) {
      return (long) columns * Short.BYTES;
    }

    @Override
    public void write(float[] from, int fromOffset, int columns, MemorySegment to, long toOffset) {
      for (int i = 0; i < columns; i++) {
        to.set(SHORT, toOffset + 2L * i, Float.floatToFloat16(from[fromOffset + i]));
      }
    }

    @Override
    public void read(MemorySegment from, long fromOffset, int columns, float[] to) {
      for (int i = 0; i < columns; i++) {
        to[i] = Float.float16ToFloat(from.get(SHORT, fromOffset + 2L * i));
      }
    }
  }

  /** The upper half of a binary32, rounded to the nearest, of two to the even one. */
  record BFloat16() implements KvCodec {

    @Override
    public long bytes(int columns) {
      return (long) columns * Short.BYTES;
    }

    @Override
    public void write(float[] from, int fromOffset, int columns, MemorySegment to, long toOffset) {
      for (int i = 0; i < columns; i++) {
        int bits = Float.floatToRawIntBits(from[fromOffset + i]);
        int rounded = bits + 0x7FFF + (bits >>> 16 & 1);
        boolean nan = Float.isNaN(from[fromOffset + i]);
        to.set(SHORT, toOffset + 2L * i, (short) (nan ? 0x7FC0 : rounded >>> 16));
      }
    }

    @Override
    public void read(MemorySegment from, long fromOffset, int columns, float[] to) {
      for (int i = 0; i < columns; i++) {
        to[i] = Float.intBitsToFloat(from.get(SHORT, fromOffset + 2L * i) << 16);
      }
    }
  }

  /**
   * Runs of 32 columns (the last of a head may be shorter): a binary16 scale, the largest size of a value / 127, then a signed
   * byte for each column, its value / scale rounded to the nearest, of two to the even one. The division is by the scale before
   * its rounding.
   */
  record Codes8() implements KvCodec {

    private static final int RUN = 32;
    private static final int RUN_BYTES = Short.BYTES + RUN;

    @Override
    public long bytes(int columns) {
      return (columns + RUN - 1L) / RUN * RUN_BYTES;
    }

    @Override
    public void write(float[] from, int fromOffset, int columns, MemorySegment to, long toOffset) {
      for (int start = 0; start < columns; start += RUN) {
        long at = toOffset + start / RUN * (long) RUN_BYTES;
        int end = Math.min(start + RUN, columns);
        float largest = 0;
        for (int i = start; i < end; i++) {
          // max keeps NaN, which a comparison would lose
          largest = Math.max(largest, Math.abs(from[fromOffset + i]));
        }
        float scale = largest / 127;
        to.set(SHORT, at, Float.floatToFloat16(scale));
        for (int i = start; i < end; i++) {
          int code = scale == 0 ? 0 : (int) Math.rint(from[fromOffset + i] / scale);
          to.set(ValueLayout.JAVA_BYTE, at + Short.BYTES + i - start, (byte) code);
        }
      }
    }

    @Override
    public void read(MemorySegment from, long fromOffset, int columns, float[] to) {
      for (int start = 0; start < columns; start += RUN) {
        long at = fromOffset + start / RUN * (long) RUN_BYTES;
        float scale = Float.float16ToFloat(from.get(SHORT, at));
        for (int i = start; i < Math.min(start + RUN, columns); i++) {
          to[i] = from.get(ValueLayout.JAVA_BYTE, at + Short.BYTES + i - start) * scale;
        }
      }
    }
  }

  /**
   * E4M3: sign, 4 bits of exponent with the bias 7, 3 of mantissa, no infinities. Rounded to the nearest, of two to the even one; what is larger than
   * 448 becomes 448, not-a-number stays that. Source: OCP 8-bit Floating Point Specification.
   */
  record Float8() implements KvCodec {

    private static final int NOT_A_NUMBER = 0x7F;
    private static final int LARGEST = 0x7E;

    @Override
    public long bytes(int columns) {
      return columns;
    }

    @Override
    public void write(float[] from, int fromOffset, int columns, MemorySegment to, long toOffset) {
      for (int i = 0; i < columns; i++) {
        to.set(ValueLayout.JAVA_BYTE, toOffset + i, code(from[fromOffset + i]));
      }
    }

    @Override
    public void read(MemorySegment from, long fromOffset, int columns, float[] to) {
      for (int i = 0; i < columns; i++) {
        to[i] = value(from.get(ValueLayout.JAVA_BYTE, fromOffset + i));
      }
    }

    static byte code(float value) {
      int sign = Float.floatToRawIntBits(value) >>> 24 & 0x80;
      float size = Math.abs(value);
      if (Float.isNaN(value)) {
        return (byte) (sign | NOT_A_NUMBER);
      }
      if (size >= 448) {
        return (byte) (sign | LARGEST);
      }
      // the distance of neighbours: 2^-9 up to 2^-6, then an eighth of the power of two below
      int exponent = Math.max(Math.getExponent(size), -6);
      int mantissa = (int) Math.rint(Math.scalb((double) size, 3 - exponent));
      return (byte) (sign | (exponent + 6 << 3) + mantissa);
    }

    static float value(byte code) {
      int size = code & 0x7F;
      int exponent = Math.max(size >> 3, 1) - 7;
      int mantissa = (size & 7) | (size >> 3 == 0 ? 0 : 8);
      float value = size == NOT_A_NUMBER ? Float.NaN : Math.scalb((float) mantissa, exponent - 3);
      return code < 0 ? -value : value;
    }
  }
}
