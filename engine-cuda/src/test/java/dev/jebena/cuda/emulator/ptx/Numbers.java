package dev.jebena.cuda.emulator.ptx;

/** Conversions between the number formats of a GPU: half, bfloat16, FP8 (E4M3 and E5M2 of the OCP specification). */
final class Numbers {

  private Numbers() {}

  static float f(int bits) {
    return Float.intBitsToFloat(bits);
  }

  static int bits(float value) {
    return Float.floatToRawIntBits(value);
  }

  static float half(int bits) {
    return Float.float16ToFloat((short) bits);
  }

  /** Rounds to half, ties to even. */
  static int toHalf(float value) {
    return value != value ? 0x7fff : Float.floatToFloat16(value) & 0xffff;
  }

  static int toHalf(double value) {
    return toHalf(roundToOdd(value));
  }

  static float bfloat(int bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** Rounds to bfloat16, ties to even. */
  static int toBfloat(float value) {
    if (value != value) {
      return 0x7fff;
    }
    int bits = Float.floatToRawIntBits(value);
    return (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16;
  }

  static int toBfloat(double value) {
    return toBfloat(roundToOdd(value));
  }

  /** The float next to an inexact value whose last bit is 1: rounding it again to fewer bits is as rounding the value once. */
  static float roundToOdd(double value) {
    float near = (float) value;
    if (near == value || value != value || Float.isInfinite(near) || (Float.floatToRawIntBits(near) & 1) != 0) {
      return near;
    }
    return value > near ? Math.nextUp(near) : Math.nextDown(near);
  }

  static float flush(float value) {
    return Math.abs(value) < Float.MIN_NORMAL ? Math.copySign(0f, value) : value;
  }

  static float saturate(float value) {
    return value > 0 ? Math.min(value, 1f) : 0f;
  }

  /** The value of an E4M3 number: bias 7, no infinities, NaN is all ones. */
  static float e4m3(int bits) {
    int exponent = bits >> 3 & 15;
    int fraction = bits & 7;
    float magnitude;
    if (exponent == 15 && fraction == 7) {
      return Float.NaN;
    } else if (exponent == 0) {
      magnitude = fraction * 0x1p-9f;
    } else {
      magnitude = Math.scalb(1 + fraction / 8f, exponent - 7);
    }
    return (bits & 0x80) != 0 ? -magnitude : magnitude;
  }

  /** The value of an E5M2 number: the upper half of a half. */
  static float e5m2(int bits) {
    return half((bits & 255) << 8);
  }

  /** Rounds to E4M3, ties to even; what is too large becomes the largest finite number. */
  static int toE4m3(float value) {
    return toEight(value, 3, -6, 448f, 0x7e);
  }

  /** Rounds to E5M2, ties to even; what is too large becomes the largest finite number. */
  static int toE5m2(float value) {
    return toEight(value, 2, -14, 57344f, 0x7b);
  }

  private static int toEight(float value, int fractionBits, int minExponent, float largest, int largestBits) {
    if (value != value) {
      return 0x7f;
    }
    int sign = Float.floatToRawIntBits(value) >>> 24 & 0x80;
    float magnitude = Math.abs(value);
    if (magnitude >= largest) {
      return sign | largestBits;
    }
    int exponent = Math.max(magnitude == 0 ? minExponent : Math.getExponent(magnitude), minExponent);
    double unit = Math.scalb(1.0, exponent - fractionBits);
    long steps = (long) Math.rint(magnitude / unit);
    // steps counts units from zero; with the biased exponent in front, a carry moves into it by itself
    return sign | (int) (steps + ((long) (exponent - minExponent) << fractionBits));
  }
}
