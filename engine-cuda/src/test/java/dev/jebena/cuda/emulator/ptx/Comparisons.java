package dev.jebena.cuda.emulator.ptx;

import static dev.jebena.cuda.emulator.ptx.Numbers.bfloat;
import static dev.jebena.cuda.emulator.ptx.Numbers.f;
import static dev.jebena.cuda.emulator.ptx.Numbers.half;

/** Comparisons of {@code setp} and {@code set}: a bit for each lane. */
final class Comparisons {

  private static final int L = LaneLoop.LANES;

  private Comparisons() {}

  /** Compares two registers for all lanes. */
  @FunctionalInterface
  interface Test {
    int of(int[] r, long[] q, int a, int b);
  }

  /** The test of a comparison on a type, or null where there is none. */
  static @org.jspecify.annotations.Nullable Test find(String comparison, String type) {
    return switch (type) {
      case "s32", "b32", "b16", "u16" -> switch (comparison) {
        case "lo", "ls", "hi", "hs" -> type.equals("u16") ? unsigned(comparison) : null;
        default -> signed(comparison);
      };
      case "u32" -> unsigned(comparison);
      case "s16" -> shorts(comparison);
      case "s64", "b64" -> longs(comparison);
      case "u64" -> unsignedLongs(comparison);
      case "f32" -> floats(comparison);
      case "f64" -> reals(comparison, (r, q, i) -> Double.longBitsToDouble(q[i]));
      case "f16" -> reals(comparison, (r, q, i) -> half(r[i]));
      case "bf16" -> reals(comparison, (r, q, i) -> bfloat(r[i]));
      default -> null;
    };
  }

  private static int bit(boolean on, int lane) {
    return (on ? 1 : 0) << lane;
  }

  private static @org.jspecify.annotations.Nullable Test signed(String comparison) {
    return switch (comparison) {
      case "eq" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit(r[a + l] == r[b + l], l); return m; };
      case "ne" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit(r[a + l] != r[b + l], l); return m; };
      case "lt" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit(r[a + l] < r[b + l], l); return m; };
      case "le" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit(r[a + l] <= r[b + l], l); return m; };
      case "gt" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit(r[a + l] > r[b + l], l); return m; };
      case "ge" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit(r[a + l] >= r[b + l], l); return m; };
      default -> null;
    };
  }

  private static @org.jspecify.annotations.Nullable Test unsigned(String comparison) {
    int flip = Integer.MIN_VALUE;
    return switch (comparison) {
      case "eq", "ne" -> signed(comparison);
      case "lt", "lo" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit((r[a + l] ^ flip) < (r[b + l] ^ flip), l); return m; };
      case "le", "ls" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit((r[a + l] ^ flip) <= (r[b + l] ^ flip), l); return m; };
      case "gt", "hi" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit((r[a + l] ^ flip) > (r[b + l] ^ flip), l); return m; };
      case "ge", "hs" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit((r[a + l] ^ flip) >= (r[b + l] ^ flip), l); return m; };
      default -> null;
    };
  }

  private static @org.jspecify.annotations.Nullable Test shorts(String comparison) {
    return switch (comparison) {
      case "eq", "ne" -> signed(comparison);
      case "lt" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit((short) r[a + l] < (short) r[b + l], l); return m; };
      case "le" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit((short) r[a + l] <= (short) r[b + l], l); return m; };
      case "gt" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit((short) r[a + l] > (short) r[b + l], l); return m; };
      case "ge" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit((short) r[a + l] >= (short) r[b + l], l); return m; };
      default -> null;
    };
  }

  private static @org.jspecify.annotations.Nullable Test longs(String comparison) {
    return switch (comparison) {
      case "eq" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit(q[a + l] == q[b + l], l); return m; };
      case "ne" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit(q[a + l] != q[b + l], l); return m; };
      case "lt" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit(q[a + l] < q[b + l], l); return m; };
      case "le" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit(q[a + l] <= q[b + l], l); return m; };
      case "gt" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit(q[a + l] > q[b + l], l); return m; };
      case "ge" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit(q[a + l] >= q[b + l], l); return m; };
      default -> null;
    };
  }

  private static @org.jspecify.annotations.Nullable Test unsignedLongs(String comparison) {
    long flip = Long.MIN_VALUE;
    return switch (comparison) {
      case "eq", "ne" -> longs(comparison);
      case "lt", "lo" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit((q[a + l] ^ flip) < (q[b + l] ^ flip), l); return m; };
      case "le", "ls" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit((q[a + l] ^ flip) <= (q[b + l] ^ flip), l); return m; };
      case "gt", "hi" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit((q[a + l] ^ flip) > (q[b + l] ^ flip), l); return m; };
      case "ge", "hs" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit((q[a + l] ^ flip) >= (q[b + l] ^ flip), l); return m; };
      default -> null;
    };
  }

  private static Test floats(String comparison) {
    return switch (comparison) {
      case "lt" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit(f(r[a + l]) < f(r[b + l]), l); return m; };
      case "le" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit(f(r[a + l]) <= f(r[b + l]), l); return m; };
      case "gt" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit(f(r[a + l]) > f(r[b + l]), l); return m; };
      case "ge" -> (r, q, a, b) -> { int m = 0; for (int l = 0; l < L; l++) m |= bit(f(r[a + l]) >= f(r[b + l]), l); return m; };
      default -> reals(comparison, (r, q, i) -> f(r[i]));
    };
  }

  @FunctionalInterface
  private interface Reader {
    double read(int[] r, long[] q, int index);
  }

  private static @org.jspecify.annotations.Nullable Test reals(String comparison, Reader reader) {
    int code = java.util.List.of("eq", "ne", "lt", "le", "gt", "ge", "num", "nan", "equ", "neu", "ltu", "leu", "gtu", "geu").indexOf(comparison);
    return code < 0 ? null : (r, q, a, b) -> {
      int m = 0;
      for (int l = 0; l < L; l++) {
        m |= bit(holds(code, reader.read(r, q, a + l), reader.read(r, q, b + l)), l);
      }
      return m;
    };
  }

  /** Ordered comparisons are false for NaN, those whose name ends in u are true. */
  private static boolean holds(int code, double x, double y) {
    boolean unordered = x != x || y != y;
    return switch (code) {
      case 0 -> x == y;
      case 1 -> !unordered && x != y;
      case 2 -> x < y;
      case 3 -> x <= y;
      case 4 -> x > y;
      case 5 -> x >= y;
      case 6 -> !unordered;
      case 7 -> unordered;
      case 8 -> unordered || x == y;
      case 9 -> x != y;
      case 10 -> !(x >= y);
      case 11 -> !(x > y);
      case 12 -> !(x <= y);
      default -> !(x < y);
    };
  }
}
