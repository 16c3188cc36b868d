package dev.jebena.cuda.emulator.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.cuda.emulator.EmulatedCuda;
import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each family of arithmetic instructions against Java, on random values and on the ends of the ranges. */
final class InstructionTest {

  private static final int COUNT = 96;
  private static final long SEED = Long.getLong("jebena.seed", 20261125);

  @BeforeAll
  static void supported() {
    EmulatedCuda.assumeSupported();
  }

  private final Random random = new Random(SEED);

  @FunctionalInterface
  private interface Words {
    int of(int a, int b, int c);
  }

  @FunctionalInterface
  private interface Longs {
    long of(long a, long b, long c);
  }

  private int[] words() {
    int[] edges = {0, 1, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, 31, 32, 33, 255, 256, 0x8000, 0xffff, 0x7f80, 5};
    int[] values = new int[COUNT];
    for (int i = 0; i < COUNT; i++) {
      values[i] = random.nextInt(3) == 0 ? edges[random.nextInt(edges.length)] : random.nextInt() >> random.nextInt(32);
    }
    return values;
  }

  private int[] floats() {
    float[] edges = {0f, -0f, 1f, -1f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN, Float.MIN_VALUE, Float.MAX_VALUE, 1e-40f, 0.5f, 65504f, 1e6f};
    int[] values = new int[COUNT];
    for (int i = 0; i < COUNT; i++) {
      values[i] = Float.floatToRawIntBits(random.nextInt(4) == 0 ? edges[random.nextInt(edges.length)] : (float) random.nextGaussian() * (1 << random.nextInt(12)));
    }
    return values;
  }

  private long[] longs() {
    long[] edges = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 63, 64, 0xffffffffL, 0x80000000L};
    long[] values = new long[COUNT];
    for (int i = 0; i < COUNT; i++) {
      values[i] = random.nextInt(3) == 0 ? edges[random.nextInt(edges.length)] : random.nextLong() >> random.nextInt(64);
    }
    return values;
  }

  private void same(String body, Words expected, int[] a, int[] b, int[] c) {
    try (PtxHarness harness = new PtxHarness()) {
      int[] got = harness.map(body, a, b, c);
      for (int i = 0; i < COUNT; i++) {
        int at = i;
        assertEquals(expected.of(a[i], b[i], c[i]), got[i], () -> "%s of 0x%x, 0x%x, 0x%x (seed %d)".formatted(body, a[at], b[at], c[at], SEED));
      }
    }
  }

  private void word(String body, Words expected) {
    same(body, expected, words(), words(), words());
  }

  private void real(String body, Words expected) {
    same(body, expected, floats(), floats(), floats());
  }

  private void wide(String body, Longs expected) {
    try (PtxHarness harness = new PtxHarness()) {
      long[] a = longs();
      long[] b = longs();
      long[] c = longs();
      long[] got = harness.mapLongs(body, a, b, c);
      for (int i = 0; i < COUNT; i++) {
        int at = i;
        assertEquals(expected.of(a[i], b[i], c[i]), got[i], () -> "%s of 0x%x, 0x%x, 0x%x (seed %d)".formatted(body, a[at], b[at], c[at], SEED));
      }
    }
  }

  private static float f(int bits) {
    return Float.intBitsToFloat(bits);
  }

  private static int b(float value) {
    return Float.floatToRawIntBits(value);
  }

  private static long u(int value) {
    return value & 0xffffffffL;
  }

  @Test
  void wordsAreAddedMultipliedAndDivided() {
    word("add.s32 %r10, %r11, %r12;", (a, b, c) -> a + b);
    word("sub.u32 %r10, %r11, %r12;", (a, b, c) -> a - b);
    word("mul.lo.s32 %r10, %r11, %r12;", (a, b, c) -> a * b);
    word("mul.hi.s32 %r10, %r11, %r12;", (a, b, c) -> (int) ((long) a * b >> 32));
    word("mul.hi.u32 %r10, %r11, %r12;", (a, b, c) -> (int) (u(a) * u(b) >>> 32));
    word("mad.lo.s32 %r10, %r11, %r12, %r13;", (a, b, c) -> a * b + c);
    word("mad.hi.u32 %r10, %r11, %r12, %r13;", (a, b, c) -> (int) (u(a) * u(b) >>> 32) + c);
    word("div.s32 %r10, %r11, %r12;", (a, b, c) -> b == 0 ? -1 : a / b);
    word("rem.u32 %r10, %r11, %r12;", (a, b, c) -> b == 0 ? a : Integer.remainderUnsigned(a, b));
    word("min.u32 %r10, %r11, %r12;", (a, b, c) -> (int) Math.min(u(a), u(b)));
    word("max.s32 %r10, %r11, %r12;", (a, b, c) -> Math.max(a, b));
    word("add.sat.s32 %r10, %r11, %r12;", (a, b, c) -> (int) Math.clamp((long) a + b, Integer.MIN_VALUE, Integer.MAX_VALUE));
    word("abs.s32 %r9, %r11; neg.s32 %r10, %r9;", (a, b, c) -> -Math.abs(a));
    word("sad.s32 %r10, %r11, %r12, %r13;", (a, b, c) -> c + (int) Math.abs((long) a - b));
  }

  @Test
  void bitsAreMovedAsPtxSays() {
    word("shl.b32 %r10, %r11, %r12;", (a, b, c) -> u(b) > 31 ? 0 : a << b);
    word("shr.u32 %r10, %r11, %r12;", (a, b, c) -> u(b) > 31 ? 0 : a >>> b);
    word("shr.s32 %r10, %r11, %r12;", (a, b, c) -> a >> Math.min(u(b), 31));
    word("and.b32 %r10, %r11, %r12; xor.b32 %r10, %r10, %r13; not.b32 %r10, %r10;", (a, b, c) -> ~(a & b ^ c));
    word("lop3.b32 %r10, %r11, %r12, %r13, 0xCA;", (a, b, c) -> a & b | ~a & c);
    word("lop3.b32 %r10, %r11, %r12, %r13, 0x96;", (a, b, c) -> a ^ b ^ c);
    word("popc.b32 %r9, %r11; clz.b32 %r8, %r12; brev.b32 %r7, %r13; add.u32 %r10, %r9, %r8; add.u32 %r10, %r10, %r7;",
        (a, b, c) -> Integer.bitCount(a) + Integer.numberOfLeadingZeros(b) + Integer.reverse(c));
    word("bfind.u32 %r10, %r11;", (a, b, c) -> 31 - Integer.numberOfLeadingZeros(a));
    word("bfe.u32 %r10, %r11, %r12, %r13;", (a, b, c) -> bfe(a, b & 255, c & 255, false));
    word("bfe.s32 %r10, %r11, %r12, %r13;", (a, b, c) -> bfe(a, b & 255, c & 255, true));
    word("bfi.b32 %r10, %r11, %r12, %r13, 7;", (a, b, c) -> bfi(a, b, c & 255, 7));
    word("prmt.b32 %r10, %r11, %r12, 0x3175;", (a, b, c) -> a & 0xff000000 | (a & 0xff00) << 8 | (b >>> 24) << 8 | b >>> 8 & 0xff);
    word("prmt.b32 %r10, %r11, %r12, 0xba98;", (a, b, c) -> sign(a, 0) | sign(a, 1) | sign(a, 2) | sign(a, 3));
    word("shf.l.wrap.b32 %r10, %r11, %r12, %r13;", (a, b, c) -> (c & 31) == 0 ? b : b << c | a >>> -c);
    word("shf.r.clamp.b32 %r10, %r11, %r12, %r13;", (a, b, c) -> u(c) > 31 ? b : c == 0 ? a : a >>> c | b << -c);
  }

  private static int sign(int value, int at) {
    return (byte) (value >> 8 * at) < 0 ? 255 << 8 * at : 0;
  }

  private static int bfe(int value, int position, int length, boolean signed) {
    BigInteger extended = signed ? BigInteger.valueOf(value) : BigInteger.valueOf(u(value));
    if (length == 0) {
      return 0;
    }
    int out = 0;
    for (int i = 0; i < 32; i++) {
      int from = position + i;
      boolean bit = i < length && from < 32 ? extended.testBit(from) : signed && extended.testBit(Math.min(position + length - 1, 31));
      out |= bit ? 1 << i : 0;
    }
    return out;
  }

  private static int bfi(int from, int into, int position, int length) {
    int out = into;
    for (int i = 0; i < length && position + i < 32; i++) {
      out = out & ~(1 << position + i) | (from >> i & 1) << position + i;
    }
    return out;
  }

  @Test
  void halfWordsWrapAtSixteenBits() {
    String in = "cvt.u16.u32 %h1, %r11; cvt.u16.u32 %h2, %r12; cvt.u16.u32 %h3, %r13;";
    word(in + "add.s16 %h4, %h1, %h2; mul.lo.u16 %h4, %h4, %h3; cvt.u32.u16 %r10, %h4;", (a, b, c) -> (a + b) * c & 0xffff);
    word(in + "shr.s16 %h4, %h1, 3; cvt.s32.s16 %r10, %h4;", (a, b, c) -> (short) a >> 3);
    word(in + "min.s16 %h4, %h1, %h2; cvt.u32.u16 %r10, %h4;", (a, b, c) -> Math.min((short) a, (short) b) & 0xffff);
    word(in + "mul.wide.s16 %r10, %h1, %h2;", (a, b, c) -> (short) a * (short) b);
    word(in + "mad.wide.u16 %r10, %h1, %h2, %r13;", (a, b, c) -> (a & 0xffff) * (b & 0xffff) + c);
    word("cvt.s8.s32 %r10, %r11;", (a, b, c) -> (byte) a);
    word("cvt.u8.u32 %r10, %r11;", (a, b, c) -> a & 255);
    word("cvt.sat.u8.s32 %r10, %r11;", (a, b, c) -> Math.clamp(a, 0, 255));
  }

  @Test
  void dotProductsOfBytes() {
    word("dp4a.s32.s32 %r10, %r11, %r12, %r13;", (a, b, c) -> c + (byte) a * (byte) b + (byte) (a >> 8) * (byte) (b >> 8) + (byte) (a >> 16) * (byte) (b >> 16) + (a >> 24) * (b >> 24));
    word("dp4a.u32.u32 %r10, %r11, %r12, %r13;",
        (a, b, c) -> c + (a & 255) * (b & 255) + (a >> 8 & 255) * (b >> 8 & 255) + (a >> 16 & 255) * (b >> 16 & 255) + (a >>> 24) * (b >>> 24));
    word("dp4a.u32.s32 %r10, %r11, %r12, %r13;",
        (a, b, c) -> c + (a & 255) * (byte) b + (a >> 8 & 255) * (byte) (b >> 8) + (a >> 16 & 255) * (byte) (b >> 16) + (a >>> 24) * (b >> 24));
    word("dp2a.hi.s32.s32 %r10, %r11, %r12, %r13;", (a, b, c) -> c + (short) a * (byte) (b >> 16) + (a >> 16) * (b >> 24));
    word("dp2a.lo.u32.u32 %r10, %r11, %r12, %r13;", (a, b, c) -> c + (a & 0xffff) * (b & 255) + (a >>> 16) * (b >>> 8 & 255));
  }

  @Test
  void longsAndWidening() {
    wide("add.s64 %d10, %d11, %d12;", (a, b, c) -> a + b);
    wide("mad.lo.s64 %d10, %d11, %d12, %d13;", (a, b, c) -> a * b + c);
    wide("mul.hi.u64 %d10, %d11, %d12;", (a, b, c) -> Math.unsignedMultiplyHigh(a, b));
    wide("div.u64 %d10, %d11, %d12;", (a, b, c) -> b == 0 ? -1 : Long.divideUnsigned(a, b));
    wide("rem.s64 %d10, %d11, %d12;", (a, b, c) -> b == 0 ? a : a % b);
    wide("cvt.u32.u64 %r10, %d12; shl.b64 %d10, %d11, %r10;", (a, b, c) -> u((int) b) > 63 ? 0 : a << b);
    wide("cvt.u32.u64 %r10, %d12; shr.s64 %d10, %d11, %r10;", (a, b, c) -> a >> Math.min(u((int) b), 63));
    wide("cvt.u32.u64 %r10, %d11; cvt.u32.u64 %r11, %d12; mul.wide.s32 %d10, %r10, %r11;", (a, b, c) -> (long) (int) a * (int) b);
    wide("cvt.u32.u64 %r10, %d11; cvt.u32.u64 %r11, %d12; mad.wide.u32 %d10, %r10, %r11, %d13;", (a, b, c) -> u((int) a) * u((int) b) + c);
    wide("mov.b64 {%r10, %r11}, %d11; mov.b64 %d10, {%r11, %r10};", (a, b, c) -> Long.rotateLeft(a, 32));
    wide("bfe.s64 %d10, %d11, 60, 9;", (a, b, c) -> a >> 60);
    wide("bfi.b64 %d10, %d11, %d12, 32, 32;", (a, b, c) -> a << 32 | u((int) b));
    wide("min.u64 %d10, %d11, %d12; max.s64 %d10, %d10, %d13;", (a, b, c) -> Math.max(Long.compareUnsigned(a, b) < 0 ? a : b, c));
    wide("popc.b64 %r10, %d11; clz.b64 %r11, %d12; add.u32 %r10, %r10, %r11; cvt.u64.u32 %d10, %r10;", (a, b, c) -> Long.bitCount(a) + Long.numberOfLeadingZeros(b));
  }

  @Test
  void floatsAreRoundedOnce() {
    String in = "mov.b32 %f1, %r11; mov.b32 %f2, %r12; mov.b32 %f3, %r13;";
    String out = "mov.b32 %r10, %f4;";
    real(in + "add.f32 %f4, %f1, %f2;" + out, (a, b, c) -> b(f(a) + f(b)));
    real(in + "sub.rn.f32 %f4, %f1, %f2;" + out, (a, b, c) -> b(f(a) - f(b)));
    real(in + "mul.f32 %f4, %f1, %f2;" + out, (a, b, c) -> b(f(a) * f(b)));
    real(in + "fma.rn.f32 %f4, %f1, %f2, %f3;" + out, (a, b, c) -> b(Math.fma(f(a), f(b), f(c))));
    real(in + "div.rn.f32 %f4, %f1, %f2;" + out, (a, b, c) -> b(f(a) / f(b)));
    real(in + "sqrt.rn.f32 %f4, %f1;" + out, (a, b, c) -> b((float) Math.sqrt(f(a))));
    real(in + "min.f32 %f4, %f1, %f2;" + out, (a, b, c) -> f(a) != f(a) ? b : f(b) != f(b) ? a : b(Math.min(f(a), f(b))));
    real(in + "max.NaN.f32 %f4, %f1, %f2;" + out, (a, b, c) -> b(Math.max(f(a), f(b))));
    real(in + "abs.f32 %f4, %f1; neg.f32 %f4, %f4;" + out, (a, b, c) -> a | 0x80000000);
    real(in + "copysign.f32 %f4, %f1, %f2;" + out, (a, b, c) -> b & 0x7fffffff | a & 0x80000000);
    real(in + "mul.ftz.f32 %f4, %f1, %f2;" + out, (a, b, c) -> b(flush(flush(f(a)) * flush(f(b)))));
    real(in + "add.sat.f32 %f4, %f1, %f2;" + out, (a, b, c) -> b(f(a) + f(b) > 0 ? Math.min(f(a) + f(b), 1f) : 0f));
    real(in + "ex2.approx.ftz.f32 %f4, %f1;" + out, (a, b, c) -> b(flush(FloatOps.exp2(flush(f(a))))));
  }

  private static float flush(float value) {
    return Math.abs(value) < Float.MIN_NORMAL ? Math.copySign(0f, value) : value;
  }

  @Test
  void directedRoundingGoesItsWay() {
    try (PtxHarness harness = new PtxHarness()) {
      int[] a = floats();
      int[] b = floats();
      int[] down = harness.map("mov.b32 %f1, %r11; mov.b32 %f2, %r12; mul.rm.f32 %f4, %f1, %f2; mov.b32 %r10, %f4;", a, b, b);
      int[] up = harness.map("mov.b32 %f1, %r11; mov.b32 %f2, %r12; mul.rp.f32 %f4, %f1, %f2; mov.b32 %r10, %f4;", a, b, b);
      for (int i = 0; i < COUNT; i++) {
        double exact = (double) f(a[i]) * f(b[i]);
        if (!Double.isNaN(exact)) {
          assertTrue(f(down[i]) <= exact && f(up[i]) >= exact && (f(down[i]) == exact || Math.nextUp(f(down[i])) == f(up[i])),
              exact + " between " + f(down[i]) + " and " + f(up[i]));
        }
      }
    }
  }

  @Test
  void approximationsAreNear() {
    try (PtxHarness harness = new PtxHarness()) {
      int[] a = new int[COUNT];
      for (int i = 0; i < COUNT; i++) {
        a[i] = b(0.01f + random.nextFloat() * 20);
      }
      near(harness, "rcp.approx.ftz.f32", a, x -> 1 / x);
      near(harness, "rsqrt.approx.f32", a, x -> 1 / Math.sqrt(x));
      near(harness, "lg2.approx.f32", a, x -> Math.log(x) / Math.log(2));
      near(harness, "ex2.approx.f32", a, x -> Math.pow(2, x));
      near(harness, "sin.approx.f32", a, Math::sin);
      near(harness, "cos.approx.f32", a, Math::cos);
      near(harness, "tanh.approx.f32", a, Math::tanh);
    }
  }

  private static void near(PtxHarness harness, String opcode, int[] a, java.util.function.DoubleUnaryOperator expected) {
    int[] got = harness.map("mov.b32 %f1, %r11; " + opcode + " %f4, %f1; mov.b32 %r10, %f4;", a, a, a);
    for (int i = 0; i < a.length; i++) {
      double want = expected.applyAsDouble(f(a[i]));
      assertEquals(want, f(got[i]), Math.abs(want) * 1e-6 + 1e-7, opcode + " of " + f(a[i]));
    }
  }

  @Test
  void doublesAreDoubles() {
    String in = "mov.b64 %g1, %d11; mov.b64 %g2, %d12; mov.b64 %g3, %d13;";
    wide(in + "cvt.rn.f64.s64 %g1, %d11; cvt.rn.f64.u64 %g2, %d12; fma.rn.f64 %g4, %g1, %g2, %g1; mov.b64 %d10, %g4;",
        (a, b, c) -> Double.doubleToRawLongBits(Math.fma((double) a, new BigInteger(Long.toUnsignedString(b)).doubleValue(), (double) a)));
    wide(in + "cvt.rn.f64.s64 %g1, %d11; cvt.rzi.s64.f64 %d10, %g1;", (a, b, c) -> (long) (double) a);
    wide(in + "cvt.rn.f64.s64 %g1, %d11; cvt.rn.f32.f64 %f1, %g1; cvt.f64.f32 %g1, %f1; neg.f64 %g1, %g1; mov.b64 %d10, %g1;",
        (a, b, c) -> Double.doubleToRawLongBits(-(double) (float) (double) a));
    wide(in + "cvt.rn.f64.s64 %g1, %d11; cvt.rn.f64.s64 %g2, %d12; setp.lt.f64 %p1, %g1, %g2; selp.b64 %d10, %d11, %d12, %p1;",
        (a, b, c) -> (double) a < (double) b ? a : b);
  }

  @Test
  void comparisonsKnowSignsAndNaN() {
    word("setp.lt.s32 %p1, %r11, %r12; selp.u32 %r10, 1, 0, %p1;", (a, b, c) -> a < b ? 1 : 0);
    word("setp.hi.u32 %p1, %r11, %r12; selp.u32 %r10, 1, 0, %p1;", (a, b, c) -> u(a) > u(b) ? 1 : 0);
    word("setp.eq.s32 %p2, %r13, 0; setp.ne.and.s32 %p1|%p3, %r11, %r12, %p2; selp.u32 %r10, 1, 0, %p1; @%p3 add.u32 %r10, %r10, 2;",
        (a, b, c) -> (a != b && c == 0 ? 1 : 0) + (a == b && c == 0 ? 2 : 0));
    word("cvt.u16.u32 %h1, %r11; cvt.u16.u32 %h2, %r12; setp.gt.s16 %p1, %h1, %h2; selp.u32 %r10, 1, 0, %p1;", (a, b, c) -> (short) a > (short) b ? 1 : 0);
    String in = "mov.b32 %f1, %r11; mov.b32 %f2, %r12; ";
    String out = " selp.u32 %r10, 1, 0, %p1;";
    real(in + "setp.lt.f32 %p1, %f1, %f2;" + out, (a, b, c) -> f(a) < f(b) ? 1 : 0);
    real(in + "setp.geu.f32 %p1, %f1, %f2;" + out, (a, b, c) -> !(f(a) < f(b)) ? 1 : 0);
    real(in + "setp.ne.f32 %p1, %f1, %f2;" + out, (a, b, c) -> f(a) == f(a) && f(b) == f(b) && f(a) != f(b) ? 1 : 0);
    real(in + "setp.neu.f32 %p1, %f1, %f2;" + out, (a, b, c) -> f(a) != f(b) ? 1 : 0);
    real(in + "setp.nan.f32 %p1, %f1, %f2; not.pred %p1, %p1;" + out, (a, b, c) -> f(a) == f(a) && f(b) == f(b) ? 1 : 0);
    real(in + "set.gt.u32.f32 %r10, %f1, %f2;", (a, b, c) -> f(a) > f(b) ? -1 : 0);
  }

  @Test
  void conversionsOfFloatsClampAndRound() {
    String in = "mov.b32 %f1, %r11; ";
    real(in + "cvt.rzi.s32.f32 %r10, %f1;", (a, b, c) -> (int) f(a));
    real(in + "cvt.rni.s32.f32 %r10, %f1;", (a, b, c) -> (int) Math.rint(f(a)));
    real(in + "cvt.rmi.s32.f32 %r10, %f1;", (a, b, c) -> (int) Math.floor(f(a)));
    real(in + "cvt.rzi.u32.f32 %r10, %f1;", (a, b, c) -> f(a) >= 0x1p32 ? -1 : f(a) > 0 ? (int) (long) f(a) : 0);
    real(in + "cvt.rpi.f32.f32 %f2, %f1; mov.b32 %r10, %f2;", (a, b, c) -> b((float) Math.ceil(f(a))));
    real(in + "cvt.sat.f32.f32 %f2, %f1; mov.b32 %r10, %f2;", (a, b, c) -> b(f(a) > 0 ? Math.min(f(a), 1f) : 0f));
    word("cvt.rn.f32.u32 %f1, %r11; mov.b32 %r10, %f1;", (a, b, c) -> b((float) u(a)));
    word("cvt.s64.s32 %d1, %r11; cvt.u32.u64 %r10, %d1;", (a, b, c) -> a);
    word("cvt.u64.u32 %d1, %r11; cvt.s32.s8 %r10, %d1;", (a, b, c) -> (byte) a);
  }

  @Test
  void halvesAreRoundedOnce() {
    String in = "mov.b32 {%h1, %h2}, %r11; mov.b32 {%h3, %h4}, %r12; mov.b32 {%h5, %h6}, %r13; ";
    int[] a = smalls();
    int[] b = smalls();
    int[] c = smalls();
    same(in + "fma.rn.f16 %h7, %h1, %h3, %h5; cvt.u32.u16 %r10, %h7;", (x, y, z) -> half(exact(x, y).add(big(z))), a, b, c);
    same("add.rn.f16x2 %r10, %r11, %r12;", (x, y, z) -> half(big(x).add(big(y))) | half(big(x >> 16).add(big(y >> 16))) << 16, a, b, c);
    same("mul.f16x2 %r10, %r11, %r12;", (x, y, z) -> half(exact(x, y)) | half(exact(x >> 16, y >> 16)) << 16, a, b, c);
    same("cvt.rn.f16x2.f32 %r10, %f1, %f2;".replace("cvt", "cvt.f32.f16 %f1, %h1; cvt.f32.f16 %f2, %h2; cvt").replaceFirst("^", in), (x, y, z) -> Integer.rotateLeft(x, 16), a, b, c);
    same("mov.b32 {%h1, %h2}, %r11; cvt.f32.bf16 %f1, %h1; cvt.rn.bf16.f32 %h3, %f1; cvt.u32.u16 %r10, %h3;", (x, y, z) -> x & 0xffff, a, b, c);
    real("mov.b32 %f1, %r11; cvt.rn.bf16.f32 %h3, %f1; cvt.u32.u16 %r10, %h3;", (x, y, z) -> Numbers.toBfloat(f(x)));
    same("fma.rn.bf16x2 %r10, %r11, %r12, %r13;", (x, y, z) -> bf(x, y, z) | bf(x >>> 16, y >>> 16, z >>> 16) << 16, a, b, c);
  }

  /** Pairs of finite halves that are finite as bfloat16 too. */
  private int[] smalls() {
    int[] values = new int[COUNT];
    for (int i = 0; i < COUNT; i++) {
      values[i] = Numbers.toHalf((float) random.nextGaussian() * 4) | Numbers.toHalf((float) random.nextGaussian() * 0.01f) << 16;
    }
    return values;
  }

  private static java.math.BigDecimal big(int half) {
    return new java.math.BigDecimal(Float.float16ToFloat((short) half));
  }

  private static java.math.BigDecimal exact(int a, int b) {
    return big(a).multiply(big(b));
  }

  /** Rounds an exact value to half by looking at its neighbours. */
  private static int half(java.math.BigDecimal value) {
    int near = Numbers.toHalf(value.floatValue());
    int best = near;
    for (int candidate : new int[] {near, near + 1 & 0xffff, near - 1 & 0xffff}) {
      float each = Float.float16ToFloat((short) candidate);
      if (Float.isFinite(each)) {
        int order = new java.math.BigDecimal(each).subtract(value).abs().compareTo(big(best).subtract(value).abs());
        best = order < 0 || order == 0 && (candidate & 1) == 0 && (best & 1) != 0 ? candidate : best;
      }
    }
    return best;
  }

  private static int bf(int a, int b, int c) {
    java.math.BigDecimal value = new java.math.BigDecimal(Numbers.bfloat(a)).multiply(new java.math.BigDecimal(Numbers.bfloat(b)))
        .add(new java.math.BigDecimal(Numbers.bfloat(c)));
    return Numbers.toBfloat(value.doubleValue());
  }

  @Test
  void eightBitFloatsRoundToTheNearestOfAllValues() {
    float[] values = new float[256];
    int[] bits = new int[256];
    for (int i = 0; i < 256; i++) {
      values[i] = (float) random.nextGaussian() * (i % 3 == 0 ? 300 : i % 3 == 1 ? 1 : 0.01f);
      bits[i] = b(values[i]);
    }
    try (PtxHarness harness = new PtxHarness()) {
      for (String type : new String[] {"e4m3", "e5m2"}) {
        int[] got = harness.map("mov.b32 %f1, %r11; mov.f32 %f2, 0f3F800000; cvt.rn.satfinite." + type + "x2.f32 %h1, %f2, %f1; cvt.u32.u16 %r10, %h1;", bits, bits, bits);
        int[] back = harness.map("cvt.u16.u32 %h1, %r11; cvt.rn.f16x2." + type + "x2 %r10, %h1;", got, got, got);
        for (int i = 0; i < 256; i++) {
          assertEquals(type.equals("e4m3") ? 0x38 : 0x3c, got[i] >> 8, "the first source is the upper half");
          float decoded = Float.float16ToFloat((short) back[i]);
          double best = Double.MAX_VALUE;
          for (int code = 0; code < 256; code++) {
            float each = type.equals("e4m3") ? e4m3(code) : Float.float16ToFloat((short) (code << 8));
            if (Float.isFinite(each)) {
              best = Math.min(best, Math.abs((double) each - values[i]));
            }
          }
          assertEquals(best, Math.abs((double) decoded - values[i]), type + " of " + values[i] + " gave " + decoded);
        }
      }
    }
  }

  /** From the table of the OCP specification: sign, four bits of exponent (bias 7), three of fraction. */
  private static float e4m3(int code) {
    int exponent = code >> 3 & 15;
    int fraction = code & 7;
    if (exponent == 15 && fraction == 7) {
      return Float.NaN;
    }
    double magnitude = exponent == 0 ? fraction / 8.0 * Math.pow(2, -6) : (1 + fraction / 8.0) * Math.pow(2, exponent - 7);
    return (float) (code >= 128 ? -magnitude : magnitude);
  }

  @ParameterizedTest
  @CsvSource({"wgmma.fence.sync.aligned;", "add.cc.u32 %r10, %r11, %r12;", "tex.1d.v4.f32.s32;", "frobnicate.u32 %r10, %r11;", "add.u32 %r10;", "add.u32 %r10, %rq, 1;"})
  void whatIsNotKnownIsRefusedByNameAndLine(String instruction) {
    PtxException e = assertThrows(PtxException.class, () -> PtxModule.parse(PtxHarness.kernel("", "\n" + instruction)));
    assertTrue(e.getMessage().contains("PTX line 1"), e.getMessage());
  }

  @Test
  void lanesThatDoNotTakePartKeepTheirValue() {
    int[] a = words();
    int[] expected = new int[COUNT];
    for (int i = 0; i < COUNT; i++) {
      expected[i] = i % 3 == 0 ? a[i] * 2 : a[i];
    }
    try (PtxHarness harness = new PtxHarness()) {
      assertArrayEquals(expected, harness.map("mov.u32 %r10, %r11; rem.u32 %r9, %r0, 3; setp.eq.u32 %p1, %r9, 0; @%p1 add.u32 %r10, %r10, %r11;", a, a, a));
    }
  }
}
