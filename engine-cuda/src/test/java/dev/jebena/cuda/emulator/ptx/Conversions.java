package dev.jebena.cuda.emulator.ptx;

import static dev.jebena.cuda.emulator.ptx.Numbers.bits;
import static dev.jebena.cuda.emulator.ptx.Numbers.f;
import static dev.jebena.cuda.emulator.ptx.Numbers.half;

import java.util.List;
import java.util.Map;

/** {@code cvt}: a value of one type as one of another. */
final class Conversions {

  private static final int L = LaneLoop.LANES;

  private Conversions() {}

  /** The loops that are worth their own, by {@code to.from}. */
  private static final Map<String, LaneLoop> COMMON = Map.ofEntries(
      Map.entry("s64.s32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = r[a + l]; }),
      Map.entry("u64.u32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = r[a + l] & 0xffffffffL; }),
      Map.entry("u32.u64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (int) q[a + l]; }),
      Map.entry("u32.u16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] & 0xffff; }),
      Map.entry("u16.u32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] & 0xffff; }),
      Map.entry("f32.f16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits(half(r[a + l])); }),
      Map.entry("f32.bf16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] << 16; }),
      Map.entry("rn.f16.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = Numbers.toHalf(f(r[a + l])); }),
      Map.entry("rn.bf16.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = Numbers.toBfloat(f(r[a + l])); }),
      Map.entry("rn.f32.s32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits((float) r[a + l]); }),
      Map.entry("rn.f32.s64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits((float) q[a + l]); }),
      Map.entry("rn.f32.s16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits((float) (short) r[a + l]); }),
      Map.entry("rn.f32.u16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits((float) (r[a + l] & 0xffff)); }),
      Map.entry("rn.f32.s8", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits((float) (byte) r[a + l]); }),
      Map.entry("rn.f32.u8", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits((float) (r[a + l] & 255)); }),
      Map.entry("s16.s8", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (byte) r[a + l] & 0xffff; }),
      Map.entry("s32.s8", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (byte) r[a + l]; }),
      Map.entry("s32.s16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (short) r[a + l]; }),
      Map.entry("rn.f32.u32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits((float) (r[a + l] & 0xffffffffL)); }));

  /** The loop of an opcode's conversion, or null where it is not known. Sources and result lie in registers of their own width. */
  static @org.jspecify.annotations.Nullable LaneLoop find(List<String> modifiers) {
    String to = modifiers.get(modifiers.size() - 2);
    String from = modifiers.getLast();
    List<String> rest = modifiers.subList(0, modifiers.size() - 2);
    String key = String.join(".", modifiers.stream().filter(m -> !m.equals("ftz")).toList());
    if (COMMON.containsKey(key)) {
      return COMMON.get(key);
    }
    if (to.endsWith("x2") || from.endsWith("x2")) {
      return packed(rest, to, from);
    }
    if (!known(to) || !known(from)) {
      return null;
    }
    boolean saturate = rest.contains("sat");
    String rounding = rest.stream().filter(m -> m.matches("r[nzmp]i?|rna")).findFirst().orElse(isFloat(to) ? "rn" : "rzi");
    if (rest.stream().anyMatch(m -> !m.matches("r[nzmp]i?|rna|sat|ftz|relu|satfinite"))) {
      return null;
    }
    boolean relu = rest.contains("relu");
    if (!isFloat(from) && !isFloat(to)) {
      return integers(to, from, saturate);
    }
    if (from.equals("u64") && to.equals("f32") && rounding.equals("rn")) {
      return (r, q, d, a, b, c) -> {
        for (int l = 0; l < L; l++) {
          long value = q[a + l]; // of a value over 2^63 the last bit is kept as a sticky one
          r[d + l] = bits(value >= 0 ? (float) value : 2 * (float) (value >>> 1 | value & 1));
        }
      };
    }
    LaneLoop read = isFloat(from) ? readReal(from) : chain(readInteger(from), from.equals("u64") ? UNSIGNED_TO_REAL : TO_REAL);
    LaneLoop round = (r, q, d, a, b, c) -> {};
    boolean narrows = PtxParser.typeBytes(0, to.equals("tf32") ? "f32" : to) < PtxParser.typeBytes(0, from) || !isFloat(from);
    if (rounding.endsWith("i") && (!isFloat(to) || !narrows)) {
      round = whole(rounding);
    }
    if (relu) {
      round = chain(round, RELU);
    }
    if (isFloat(to)) {
      return chain(chain(read, saturate ? chain(round, UNIT) : round), writeReal(to, rounding));
    }
    return chain(chain(read, round), writeInteger(to));
  }

  // A conversion in stages: the value lies, as a long or the bits of a double, in the second register that steps have for themselves.

  private static final int STAGE = L;

  private static final LaneLoop TO_REAL = (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[STAGE + l] = Double.doubleToRawLongBits(q[STAGE + l]); };
  private static final LaneLoop UNSIGNED_TO_REAL = (r, q, d, a, b, c) -> {
    for (int l = 0; l < L; l++) q[STAGE + l] = Double.doubleToRawLongBits(unsigned(q[STAGE + l]));
  };
  private static final LaneLoop RELU = (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) if (staged(q, l) < 0) q[STAGE + l] = 0; };
  private static final LaneLoop UNIT = (r, q, d, a, b, c) -> {
    for (int l = 0; l < L; l++) q[STAGE + l] = Double.doubleToRawLongBits(staged(q, l) > 0 ? Math.min(staged(q, l), 1) : 0);
  };

  private static double staged(long[] q, int lane) {
    return Double.longBitsToDouble(q[STAGE + lane]);
  }

  private static LaneLoop chain(LaneLoop first, LaneLoop second) {
    return (r, q, d, a, b, c) -> {
      first.apply(r, q, d, a, b, c);
      second.apply(r, q, d, a, b, c);
    };
  }

  private static LaneLoop readInteger(String type) {
    return switch (type) {
      case "s8" -> (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[STAGE + l] = (byte) r[a + l]; };
      case "u8", "b8" -> (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[STAGE + l] = r[a + l] & 255; };
      case "s16" -> (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[STAGE + l] = (short) r[a + l]; };
      case "u16", "b16" -> (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[STAGE + l] = r[a + l] & 0xffff; };
      case "s32" -> (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[STAGE + l] = r[a + l]; };
      case "u32", "b32" -> (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[STAGE + l] = r[a + l] & 0xffffffffL; };
      default -> (r, q, d, a, b, c) -> System.arraycopy(q, a, q, STAGE, L);
    };
  }

  private static LaneLoop readReal(String type) {
    return switch (type) {
      case "f16" -> (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[STAGE + l] = Double.doubleToRawLongBits(half(r[a + l])); };
      case "bf16" -> (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[STAGE + l] = Double.doubleToRawLongBits(Numbers.bfloat(r[a + l])); };
      case "f32" -> (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[STAGE + l] = Double.doubleToRawLongBits(f(r[a + l])); };
      default -> (r, q, d, a, b, c) -> System.arraycopy(q, a, q, STAGE, L);
    };
  }

  private static LaneLoop whole(String rounding) {
    return switch (rounding.substring(0, 2)) {
      case "rn" -> (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[STAGE + l] = Double.doubleToRawLongBits(Math.rint(staged(q, l))); };
      case "rm" -> (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[STAGE + l] = Double.doubleToRawLongBits(Math.floor(staged(q, l))); };
      case "rp" -> (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[STAGE + l] = Double.doubleToRawLongBits(Math.ceil(staged(q, l))); };
      default -> (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[STAGE + l] = Double.doubleToRawLongBits(whole(staged(q, l), "rz")); };
    };
  }

  private static LaneLoop writeReal(String to, String rounding) {
    if (to.equals("f64")) {
      return (r, q, d, a, b, c) -> System.arraycopy(q, STAGE, q, d, L);
    }
    if (to.equals("f32") && (rounding.startsWith("rn") || rounding.endsWith("i"))) {
      return (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits((float) staged(q, l)); };
    }
    return (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (int) round(staged(q, l), to, rounding); };
  }

  private static LaneLoop writeInteger(String to) {
    int width = 8 * PtxParser.typeBytes(0, to);
    boolean signed = signed(to);
    if (width == 64) {
      return (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = clampToInteger(staged(q, l), 64, signed); };
    }
    int kept = width == 32 || signed && width == 8 ? -1 : (1 << width) - 1;
    if (signed && width == 32) {
      return (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (int) staged(q, l); }; // Java clamps as PTX does
    }
    return (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (int) clampToInteger(staged(q, l), width, signed) & kept; };
  }

  private static boolean known(String type) {
    return type.matches("[su](8|16|32|64)|f(16|32|64)|bf16|tf32|b(8|16|32|64)");
  }

  private static boolean isFloat(String type) {
    return type.startsWith("f") || type.startsWith("bf") || type.startsWith("tf");
  }

  private static boolean signed(String type) {
    return type.charAt(0) == 's';
  }

  private static double unsigned(long value) {
    return value >= 0 ? value : (double) (value >>> 1 | value & 1) * 2;
  }

  private static LaneLoop integers(String to, String from, boolean saturate) {
    LaneLoop read = readInteger(from);
    int bytes = PtxParser.typeBytes(0, to);
    long low = signed(to) ? -1L << 8 * bytes - 1 : 0;
    long high = bytes == 8 ? Long.MAX_VALUE : (1L << 8 * bytes - (signed(to) ? 1 : 0)) - 1;
    LaneLoop clamped = (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[STAGE + l] = Math.clamp(q[STAGE + l], low, high); };
    LaneLoop write =
        switch (to) {
          case "s8" -> (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (byte) q[STAGE + l]; };
          case "u8", "b8" -> (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (int) q[STAGE + l] & 255; };
          case "s16", "u16", "b16" -> (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (int) q[STAGE + l] & 0xffff; };
          case "s32", "u32", "b32" -> (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (int) q[STAGE + l]; };
          default -> (r, q, d, a, b, c) -> System.arraycopy(q, STAGE, q, d, L);
        };
    return chain(saturate ? chain(read, clamped) : read, write);
  }

  private static double whole(double value, String rounding) {
    return switch (rounding.substring(0, 2)) {
      case "rn" -> Math.rint(value);
      case "rm" -> Math.floor(value);
      case "rp" -> Math.ceil(value);
      default -> value < 0 ? Math.ceil(value) : Math.floor(value);
    };
  }

  /** Out of range gives the end of the range, NaN gives 0. */
  private static long clampToInteger(double value, int width, boolean signed) {
    if (value != value) {
      return width == 64 ? Long.MIN_VALUE : 0;
    }
    if (signed) {
      double limit = Math.scalb(1.0, width - 1);
      return value >= limit ? width == 64 ? Long.MAX_VALUE : (1L << width - 1) - 1 : value < -limit ? -1L << width - 1 : (long) value;
    }
    if (value <= 0) {
      return 0;
    }
    if (value >= Math.scalb(1.0, width)) {
      return width == 64 ? -1 : (1L << width) - 1;
    }
    return value < 0x1p63 ? (long) value : (long) (value - 0x1p63) ^ Long.MIN_VALUE;
  }

  /** The bits of {@code value} in a float type. */
  private static long round(double value, String to, String rounding) {
    return switch (to) {
      case "f64" -> Double.doubleToRawLongBits(value);
      case "f32" -> bits(directed(value, rounding)) & 0xffffffffL;
      case "tf32" -> value != value ? 0x7fffffff : bits((float) value) + 0x1000 & 0xffffe000L;
      case "f16" -> rounding.startsWith("rz") ? Numbers.toHalf(towardsZero(value, 0x1p-24, 10)) : Numbers.toHalf(value);
      default -> rounding.startsWith("rz") ? bits(directed(value, "rz")) >>> 16 : Numbers.toBfloat(value);
    };
  }

  private static float directed(double value, String rounding) {
    float near = (float) value;
    boolean down = rounding.startsWith("rm") || rounding.startsWith("rz") && value > 0;
    boolean up = rounding.startsWith("rp") || rounding.startsWith("rz") && value < 0;
    return near > value && down ? Math.nextDown(near) : near < value && up ? Math.nextUp(near) : near;
  }

  private static double towardsZero(double value, double smallest, int fractionBits) {
    double unit = Math.max(Math.ulp(value) * Math.scalb(1.0, 52 - fractionBits), smallest);
    return value != value || Double.isInfinite(value) ? value : whole(value / unit, "rz") * unit;
  }

  /** Pairs: of two floats (the first source is the upper half), of a pair of halves, or from a pair of eight bits to one of halves. */
  private static @org.jspecify.annotations.Nullable LaneLoop packed(List<String> rest, String to, String from) {
    boolean relu = rest.contains("relu");
    if (rest.stream().anyMatch(m -> !m.matches("rn|rz|relu|satfinite|ftz"))) {
      return null;
    }
    String rounding = rest.contains("rz") ? "rz" : "rn";
    return switch (to + "." + from) {
      case "f16x2.f32", "bf16x2.f32" -> {
        String part = to.substring(0, to.length() - 2);
        yield (r, q, d, a, b, c) -> {
          for (int l = 0; l < L; l++) {
            int high = (int) round(relu(f(r[a + l]), relu), part, rounding);
            r[d + l] = high << 16 | (int) round(relu(f(r[b + l]), relu), part, rounding);
          }
        };
      }
      case "e4m3x2.f32" -> (r, q, d, a, b, c) -> {
        for (int l = 0; l < L; l++) r[d + l] = Numbers.toE4m3(relu(f(r[a + l]), relu)) << 8 | Numbers.toE4m3(relu(f(r[b + l]), relu));
      };
      case "e5m2x2.f32" -> (r, q, d, a, b, c) -> {
        for (int l = 0; l < L; l++) r[d + l] = Numbers.toE5m2(relu(f(r[a + l]), relu)) << 8 | Numbers.toE5m2(relu(f(r[b + l]), relu));
      };
      case "e4m3x2.f16x2" -> (r, q, d, a, b, c) -> {
        for (int l = 0; l < L; l++) r[d + l] = Numbers.toE4m3(relu(half(r[a + l] >> 16), relu)) << 8 | Numbers.toE4m3(relu(half(r[a + l]), relu));
      };
      case "e5m2x2.f16x2" -> (r, q, d, a, b, c) -> {
        for (int l = 0; l < L; l++) r[d + l] = Numbers.toE5m2(relu(half(r[a + l] >> 16), relu)) << 8 | Numbers.toE5m2(relu(half(r[a + l]), relu));
      };
      case "f16x2.e4m3x2" -> (r, q, d, a, b, c) -> {
        for (int l = 0; l < L; l++) {
          r[d + l] = Numbers.toHalf(relu(Numbers.e4m3(r[a + l] >> 8), relu)) << 16 | Numbers.toHalf(relu(Numbers.e4m3(r[a + l]), relu));
        }
      };
      case "f16x2.e5m2x2" -> (r, q, d, a, b, c) -> {
        for (int l = 0; l < L; l++) {
          r[d + l] = Numbers.toHalf(relu(Numbers.e5m2(r[a + l] >> 8), relu)) << 16 | Numbers.toHalf(relu(Numbers.e5m2(r[a + l]), relu));
        }
      };
      default -> null;
    };
  }

  private static float relu(float value, boolean on) {
    return on && value < 0 ? 0 : value;
  }
}
