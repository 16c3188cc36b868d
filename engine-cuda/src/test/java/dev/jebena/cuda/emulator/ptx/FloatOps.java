package dev.jebena.cuda.emulator.ptx;

import static dev.jebena.cuda.emulator.ptx.Numbers.bfloat;
import static dev.jebena.cuda.emulator.ptx.Numbers.bits;
import static dev.jebena.cuda.emulator.ptx.Numbers.f;
import static dev.jebena.cuda.emulator.ptx.Numbers.half;
import static dev.jebena.cuda.emulator.ptx.Numbers.toBfloat;
import static dev.jebena.cuda.emulator.ptx.Numbers.toHalf;

/** Floating-point arithmetic: float, double, half, bfloat16 and packed pairs. Approximate instructions give the nearest float. */
final class FloatOps {

  private static final int L = LaneLoop.LANES;

  private FloatOps() {}

  static void register(Alu.Table t) {
    floats(t);
    doubles(t);
    for (String type : new String[] {"f16", "bf16"}) {
      small(t, type, type.equals("f16"));
    }
  }

  private static void floats(Alu.Table t) {
    t.add("iii", 1, "add.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits(f(r[a + l]) + f(r[b + l])); });
    t.add("iii", 1, "sub.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits(f(r[a + l]) - f(r[b + l])); });
    t.add("iii", 1, "mul.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits(f(r[a + l]) * f(r[b + l])); });
    t.add("iiii", 2, "fma.f32 mad.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits(Math.fma(f(r[a + l]), f(r[b + l]), f(r[c + l]))); });
    for (String mode : new String[] {"rm", "rp", "rz"}) {
      t.add("iii", 1, "add." + mode + ".f32", directed(mode, (x, y, z) -> x + y));
      t.add("iii", 1, "sub." + mode + ".f32", directed(mode, (x, y, z) -> x - y));
      t.add("iii", 1, "mul." + mode + ".f32", directed(mode, (x, y, z) -> x * y));
      t.add("iiii", 2, "fma." + mode + ".f32", directed(mode, (x, y, z) -> x * y + z));
      t.add("iii", 1, "div." + mode + ".f32", directed(mode, (x, y, z) -> x / y));
      t.add("ii", 1, "rcp." + mode + ".f32", directed(mode, (x, y, z) -> 1 / x));
      t.add("ii", 1, "sqrt." + mode + ".f32", directed(mode, (x, y, z) -> Math.sqrt(x)));
    }
    t.add("iii", 1, "div.f32 div.approx.f32 div.full.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits(f(r[a + l]) / f(r[b + l])); });
    t.add("iii", 1, "min.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits(min(f(r[a + l]), f(r[b + l]))); });
    t.add("iii", 1, "max.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits(max(f(r[a + l]), f(r[b + l]))); });
    t.add("iii", 1, "min.NaN.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits(Math.min(f(r[a + l]), f(r[b + l]))); });
    t.add("iii", 1, "max.NaN.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits(Math.max(f(r[a + l]), f(r[b + l]))); });
    t.add("ii", "neg.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] ^ 0x80000000; });
    t.add("ii", "abs.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] & 0x7fffffff; });
    t.add("iii", "copysign.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[b + l] & 0x7fffffff | r[a + l] & 0x80000000; });
    t.add("iii", "testp.finite.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = Float.isFinite(f(r[a + l])) ? 1 : 0; });
    t.add("ii", 1, "rcp.f32 rcp.approx.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits(1 / f(r[a + l])); });
    t.add("ii", 1, "sqrt.f32 sqrt.approx.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits((float) Math.sqrt(f(r[a + l]))); });
    t.add("ii", 1, "rsqrt.approx.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits((float) (1 / Math.sqrt(f(r[a + l])))); });
    t.add("ii", 1, "ex2.approx.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits(exp2(f(r[a + l]))); });
    t.add("ii", 1, "lg2.approx.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits(log2(f(r[a + l]))); });
    t.add("ii", 1, "sin.approx.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits((float) Math.sin(f(r[a + l]))); });
    t.add("ii", 1, "cos.approx.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits((float) Math.cos(f(r[a + l]))); });
    t.add("ii", 1, "tanh.approx.f32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = bits((float) Math.tanh(f(r[a + l]))); });
  }

  private static void doubles(Alu.Table t) {
    t.add("www", 1, "add.f64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = w(w(q[a + l]) + w(q[b + l])); });
    t.add("www", 1, "sub.f64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = w(w(q[a + l]) - w(q[b + l])); });
    t.add("www", 1, "mul.f64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = w(w(q[a + l]) * w(q[b + l])); });
    t.add("www", 1, "div.f64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = w(w(q[a + l]) / w(q[b + l])); });
    t.add("wwww", 2, "fma.f64 mad.f64", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) q[d + l] = w(Math.fma(w(q[a + l]), w(q[b + l]), w(q[c + l])));
    });
    t.add("www", 1, "min.f64", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) q[d + l] = w(q[a + l]) != w(q[a + l]) ? q[b + l] : w(q[b + l]) != w(q[b + l]) ? q[a + l] : w(Math.min(w(q[a + l]), w(q[b + l])));
    });
    t.add("www", 1, "max.f64", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) q[d + l] = w(q[a + l]) != w(q[a + l]) ? q[b + l] : w(q[b + l]) != w(q[b + l]) ? q[a + l] : w(Math.max(w(q[a + l]), w(q[b + l])));
    });
    t.add("ww", "neg.f64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = q[a + l] ^ Long.MIN_VALUE; });
    t.add("ww", "abs.f64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = q[a + l] & Long.MAX_VALUE; });
    t.add("ww", 1, "sqrt.f64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = w(Math.sqrt(w(q[a + l]))); });
    t.add("ww", 1, "rcp.f64 rcp.approx.f64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = w(1 / w(q[a + l])); });
    t.add("ww", 1, "rsqrt.approx.f64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = w(1 / Math.sqrt(w(q[a + l]))); });
  }

  /** Two arguments and an addend, in double, where sums and products of the small formats are exact or rounded once more without harm. */
  @FunctionalInterface
  private interface Formula {
    double of(double x, double y, double z);
  }

  private static void small(Alu.Table t, String type, boolean isHalf) {
    arithmetic(t, type, isHalf, "iii", 1, "add", (x, y, z) -> x + y);
    arithmetic(t, type, isHalf, "iii", 1, "sub", (x, y, z) -> x - y);
    arithmetic(t, type, isHalf, "iii", 1, "mul", (x, y, z) -> x * y);
    arithmetic(t, type, isHalf, "iiii", 2, "fma", (x, y, z) -> x * y + z);
    arithmetic(t, type, isHalf, "iiii", 2, "fma.relu", (x, y, z) -> relu(x * y + z));
    arithmetic(t, type, isHalf, "iii", 1, "min", (x, y, z) -> min((float) x, (float) y));
    arithmetic(t, type, isHalf, "iii", 1, "max", (x, y, z) -> max((float) x, (float) y));
    arithmetic(t, type, isHalf, "iii", 1, "min.NaN", (x, y, z) -> Math.min(x, y));
    arithmetic(t, type, isHalf, "iii", 1, "max.NaN", (x, y, z) -> Math.max(x, y));
    arithmetic(t, type, isHalf, "ii", 1, "ex2.approx", (x, y, z) -> exp2((float) x));
    arithmetic(t, type, isHalf, "ii", 1, "tanh.approx", (x, y, z) -> Math.tanh(x));
    t.add("ii", "neg." + type, (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (r[a + l] ^ 0x8000) & 0xffff; });
    t.add("ii", "abs." + type, (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] & 0x7fff; });
    t.add("ii", "neg." + type + "x2", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] ^ 0x80008000; });
    t.add("ii", "abs." + type + "x2", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] & 0x7fff7fff; });
  }

  private static void arithmetic(Alu.Table t, String type, boolean isHalf, String shape, int flops, String name, Formula formula) {
    LaneLoop one;
    LaneLoop two;
    if (isHalf) {
      one = (r, q, d, a, b, c) -> {
        for (int l = 0; l < L; l++) r[d + l] = toHalf(formula.of(half(r[a + l]), half(r[b + l]), half(r[c + l])));
      };
      two = (r, q, d, a, b, c) -> {
        for (int l = 0; l < L; l++) {
          int low = toHalf(formula.of(half(r[a + l]), half(r[b + l]), half(r[c + l])));
          r[d + l] = low | toHalf(formula.of(half(r[a + l] >> 16), half(r[b + l] >> 16), half(r[c + l] >> 16))) << 16;
        }
      };
    } else {
      one = (r, q, d, a, b, c) -> {
        for (int l = 0; l < L; l++) r[d + l] = toBfloat(formula.of(bfloat(r[a + l]), bfloat(r[b + l]), bfloat(r[c + l])));
      };
      two = (r, q, d, a, b, c) -> {
        for (int l = 0; l < L; l++) {
          int low = toBfloat(formula.of(bfloat(r[a + l]), bfloat(r[b + l]), bfloat(r[c + l])));
          r[d + l] = low | toBfloat(formula.of(bfloat(r[a + l] >>> 16), bfloat(r[b + l] >>> 16), bfloat(r[c + l] >>> 16))) << 16;
        }
      };
    }
    t.add(shape, flops, name + "." + type, one);
    t.add(shape, 2 * flops, name + "." + type + "x2", two);
  }

  /** Float arithmetic that rounds in one direction, from the result in double. */
  private static LaneLoop directed(String mode, Formula formula) {
    return (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) {
        double exact = formula.of(f(r[a + l]), f(r[b + l]), f(r[c + l]));
        float near = (float) exact;
        boolean down = mode.equals("rm") || mode.equals("rz") && exact > 0;
        boolean up = mode.equals("rp") || mode.equals("rz") && exact < 0;
        if (near > exact && down) {
          near = Math.nextDown(near);
        } else if (near < exact && up) {
          near = Math.nextUp(near);
        }
        r[d + l] = bits(near);
      }
    };
  }

  /** An operation as it is with {@code .ftz}: denormal inputs and results count as zero. */
  static LaneLoop flushing(LaneLoop loop, int scratch, int sources) {
    return (r, q, d, a, b, c) -> {
      int x = flushed(r, a, scratch);
      int y = sources > 1 ? flushed(r, b, scratch + L) : b;
      int z = sources > 2 ? flushed(r, c, scratch + 2 * L) : c;
      loop.apply(r, q, d, x, y, z);
      flushed(r, d, d);
    };
  }

  private static int flushed(int[] r, int from, int to) {
    for (int l = 0; l < L; l++) {
      int bits = r[from + l];
      r[to + l] = (bits & 0x7f800000) == 0 ? bits & 0x80000000 : bits;
    }
    return to;
  }

  static LaneLoop saturating(LaneLoop loop) {
    return (r, q, d, a, b, c) -> {
      loop.apply(r, q, d, a, b, c);
      for (int l = 0; l < L; l++) r[d + l] = bits(Numbers.saturate(f(r[d + l])));
    };
  }

  private static double relu(double value) {
    return value > 0 ? value : 0;
  }

  static float min(float x, float y) {
    return x != x ? y : y != y ? x : Math.min(x, y);
  }

  static float max(float x, float y) {
    return x != x ? y : y != y ? x : Math.max(x, y);
  }

  static float exp2(float x) {
    float whole = (float) Math.rint(x);
    if (whole == x && whole > -127 && whole < 128) {
      return Math.scalb(1f, (int) whole);
    }
    return (float) Math.exp(x * 0.6931471805599453);
  }

  private static float log2(float x) {
    int exponent = Math.getExponent(x);
    if (x == Math.scalb(1f, exponent)) {
      return exponent;
    }
    return (float) (Math.log(x) * 1.4426950408889634);
  }

  private static double w(long bits) {
    return Double.longBitsToDouble(bits);
  }

  private static long w(double value) {
    return Double.doubleToRawLongBits(value);
  }
}
