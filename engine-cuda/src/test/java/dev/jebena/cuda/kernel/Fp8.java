package dev.jebena.cuda.kernel;

/** E4M3 by looking: all values of its 256 codes, and the code whose value is nearest. */
final class Fp8 {

  private static final float[] VALUES = new float[256];

  static {
    for (int code = 0; code < 256; code++) {
      int exponent = code >> 3 & 15;
      int mantissa = code & 7;
      double size = exponent == 0 ? mantissa / 8.0 * 0x1p-6 : (1 + mantissa / 8.0) * Math.pow(2, exponent - 7);
      VALUES[code] = (code & 127) == 127 ? Float.NaN : (float) (code < 128 ? size : -size);
    }
  }

  private Fp8() {}

  static float value(byte code) {
    return VALUES[code & 0xFF];
  }

  /** The nearest; of two that are as near the even one. */
  static byte code(float value) {
    int best = 0;
    for (int code = 0; code < 127; code++) {
      double distance = Math.abs(Math.abs((double) value) - VALUES[code]);
      double least = Math.abs(Math.abs((double) value) - VALUES[best]);
      if (distance < least || distance == least && code % 2 == 0) {
        best = code;
      }
    }
    return (byte) (value < 0 ? best | 0x80 : best);
  }
}
