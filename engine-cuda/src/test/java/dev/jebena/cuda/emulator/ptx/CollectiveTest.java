package dev.jebena.cuda.emulator.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jebena.cuda.emulator.EmulatedCuda;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What threads do together, against plain Java: shuffles, votes, barriers, asynchronous copies, matrix products. */
final class CollectiveTest {

  private static final long SEED = Long.getLong("jebena.seed", 20261125);
  private final Random random = new Random(SEED);
  private final PtxHarness harness = new PtxHarness();

  @BeforeAll
  static void supported() {
    EmulatedCuda.assumeSupported();
  }

  @AfterEach
  void close() {
    harness.close();
  }

  private int[] words(int count) {
    return random.ints(count).toArray();
  }

  @Test
  void shufflesMoveValuesAmongLanes() {
    int[] in = words(64);
    assertArrayEquals(IntStream.range(0, 64).map(i -> in[i ^ 5]).toArray(), harness.map("shfl.sync.bfly.b32 %r10, %r11, 5, 31, -1;", in, in, in));
    assertArrayEquals(IntStream.range(0, 64).map(i -> (i & 31) + 3 > 31 ? in[i] : in[i + 3]).toArray(),
        harness.map("shfl.sync.down.b32 %r10|%p1, %r11, 3, 31, -1;", in, in, in));
    assertArrayEquals(IntStream.range(0, 64).map(i -> (i & 31) < 2 ? -1 : in[i - 2]).toArray(),
        harness.map("shfl.sync.up.b32 %r10|%p1, %r11, 2, 0, -1; @!%p1 mov.u32 %r10, -1;", in, in, in));
    // segments of 8 lanes
    assertArrayEquals(IntStream.range(0, 64).map(i -> in[i & ~7 | 6]).toArray(), harness.map("shfl.sync.idx.b32 %r10, %r11, 6, 6175, -1;", in, in, in));
  }

  @Test
  void shufflesOfSomeLanesNeedOnlyThose() {
    int[] in = words(32);
    int[] got = harness.map("mov.u32 %r10, 0; setp.ge.u32 %p1, %r0, 16; @%p1 bra $out; shfl.sync.bfly.b32 %r10, %r11, 1, 31, 0xffff;\n$out:", in, in, in);
    assertArrayEquals(IntStream.range(0, 32).map(i -> i < 16 ? in[i ^ 1] : 0).toArray(), got);
  }

  @Test
  void votesMatchesAndReductions() {
    int[] in = IntStream.range(0, 32).map(i -> i % 5).toArray();
    assertEquals(0b01000_01000_01000_01000_01000_01000, harness.map("setp.eq.u32 %p1, %r11, 3; vote.sync.ballot.b32 %r10, %p1, -1;", in, in, in)[9]);
    assertEquals(1, harness.map("setp.lt.u32 %p1, %r11, 5; vote.sync.all.pred %p2, %p1, -1; selp.u32 %r10, 1, 0, %p2;", in, in, in)[0]);
    assertEquals(0, harness.map("setp.gt.u32 %p1, %r11, 4; vote.sync.any.pred %p2, %p1, -1; selp.u32 %r10, 1, 0, %p2;", in, in, in)[0]);
    int[] same = harness.map("match.any.sync.b32 %r10, %r11, -1;", in, in, in);
    assertEquals(IntStream.range(0, 32).filter(i -> i % 5 == 2).map(i -> 1 << i).sum(), same[7]);
    assertEquals(IntStream.of(in).sum(), harness.map("redux.sync.add.s32 %r10, %r11, -1;", in, in, in)[5]);
    assertEquals(4, harness.map("redux.sync.max.u32 %r10, %r11, -1;", in, in, in)[31]);
    assertEquals(0b1111, harness.map("mov.u32 %r10, 0; setp.lt.u32 %p1, %r0, 4; @%p1 activemask.b32 %r10;", in, in, in)[2]);
  }

  @Test
  void barriersWaitForAllAndReduce() {
    int[] in = words(256);
    int[] got = harness.map(
        """
        .shared .align 4 .b8 s[1024]; shl.b32 %r5, %r1, 2; mov.u32 %r6, s; add.u32 %r5, %r5, %r6; st.shared.u32 [%r5], %r11; bar.sync 0;
        sub.u32 %r7, 255, %r1; shl.b32 %r7, %r7, 2; add.u32 %r7, %r7, %r6; ld.shared.u32 %r10, [%r7];
        setp.lt.u32 %p1, %r1, 77; bar.red.popc.u32 %r8, 0, %p1; bar.red.and.pred %p2, 0, %p1; bar.red.or.pred %p3, 0, %p1;
        add.u32 %r10, %r10, %r8; @%p2 add.u32 %r10, %r10, 1000; @%p3 add.u32 %r10, %r10, 5000;
        """, in, in, in);
    assertArrayEquals(IntStream.range(0, 256).map(i -> in[255 - i] + 77 + 5000).toArray(), got);
  }

  @Test
  void namedBarriersTakeSomeWarps() {
    int[] in = words(96);
    // warps 0 and 1 exchange values by barrier 1; warp 2 does not take part
    int[] got = harness.map(
        """
        .shared .align 4 .b8 s[512]; shl.b32 %r5, %r1, 2; mov.u32 %r6, s; add.u32 %r5, %r5, %r6; mov.u32 %r10, %r11; setp.ge.u32 %p1, %r1, 64; @%p1 bra $out;
        st.shared.u32 [%r5], %r11; bar.sync 1, 64; xor.b32 %r7, %r1, 32; shl.b32 %r7, %r7, 2; add.u32 %r7, %r7, %r6; ld.shared.u32 %r10, [%r7];
        $out:
        """, in, in, in);
    assertArrayEquals(IntStream.range(0, 96).map(i -> i < 64 ? in[i ^ 32] : in[i]).toArray(), got);
  }

  @Test
  void asynchronousCopiesArriveWhenTheyAreWaitedFor() {
    int[] in = words(256);
    Allocation source = harness.words(in);
    Allocation out = harness.space.allocate(4 * 64, 0, "out");
    harness.run(PtxHarness.kernel("",
        """
        .shared .align 16 .b8 s[2048]; shl.b32 %r5, %r1, 4; mov.u32 %r6, s; add.u32 %r5, %r5, %r6; mul.wide.u32 %d5, %r1, 16; add.u64 %d5, %d5, %d1;
        cp.async.cg.shared.global [%r5], [%d5], 16; cp.async.commit_group;
        setp.lt.u32 %p1, %r1, 32; selp.u32 %r7, 4, 0, %p1; add.u32 %r8, %r5, 1024; cp.async.ca.shared.global [%r8], [%d5], 4, %r7; cp.async.commit_group;
        cp.async.wait_group 1; bar.sync 0; xor.b32 %r9, %r1, 63; shl.b32 %r9, %r9, 4; add.u32 %r9, %r9, %r6; ld.shared.u32 %r10, [%r9+8];
        cp.async.wait_group 0; bar.sync 0; ld.shared.u32 %r11, [%r9+1024]; add.u32 %r10, %r10, %r11;
        mul.wide.u32 %d6, %r1, 4; add.u64 %d6, %d6, %d0; st.global.u32 [%d6], %r10;
        """), 1, 64, out, source);
    assertArrayEquals(IntStream.range(0, 64).map(i -> in[(i ^ 63) * 4 + 2] + ((i ^ 63) < 32 ? in[(i ^ 63) * 4] : 0)).toArray(), harness.words(out));
  }

  @Test
  void ldmatrixDealsRowsOut() {
    int[] in = words(128); // four matrices of 8 x 8 halves
    Allocation source = harness.words(in);
    Allocation out = harness.space.allocate(4 * 256, 0, "out");
    harness.run(PtxHarness.kernel("",
        """
        .shared .align 16 .b8 s[512]; shl.b32 %r5, %r1, 4; mov.u32 %r6, s; add.u32 %r5, %r5, %r6; mul.wide.u32 %d5, %r1, 16; add.u64 %d5, %d5, %d1;
        ld.global.v4.u32 {%r10, %r11, %r12, %r13}, [%d5]; st.shared.v4.u32 [%r5], {%r10, %r11, %r12, %r13}; bar.sync 0;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r14, %r15, %r16, %r17}, [%r5];
        ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%r18, %r19, %r20, %r21}, [%r5];
        mul.wide.u32 %d6, %r1, 32; add.u64 %d6, %d6, %d0; st.global.v4.u32 [%d6], {%r14, %r15, %r16, %r17}; st.global.v4.u32 [%d6+16], {%r18, %r19, %r20, %r21};
        """), 1, 32, out, source);
    int[] got = harness.words(out);
    for (int lane = 0; lane < 32; lane++) {
      for (int matrix = 0; matrix < 4; matrix++) {
        int row = lane / 4;
        int column = lane % 4 * 2;
        assertEquals(half(in, matrix, row, column) | half(in, matrix, row, column + 1) << 16, got[lane * 8 + matrix]);
        assertEquals(half(in, matrix, column, row) | half(in, matrix, column + 1, row) << 16, got[lane * 8 + 4 + matrix]);
      }
    }
  }

  private static int half(int[] words, int matrix, int row, int column) {
    return words[(matrix * 64 + row * 8 + column) / 2] >>> 16 * (column & 1) & 0xffff;
  }

  /**
   * The fragments are filled and read by the formulas of the manual's figures, written down apart from the interpreter's: "row = groupID for
   * a_i where 0 <= i < 2 || 4 <= i < 6, groupID + 8 otherwise; col = threadID_in_group * 2 + (i & 1) for i < 4, + 8 otherwise", and so on.
   */
  @ParameterizedTest
  @CsvSource({"16, bf16, f32", "16, f16, f32", "8, bf16, f32", "8, f16, f32", "16, f16, f16", "8, tf32, f32", "4, tf32, f32", "32, s8, s32", "16, s8, s32", "32, u8, s32",
      "32, e4m3, f32", "32, e5m2, f32"})
  void matrixProductsOfAllShapes(int k, String type, String sum) {
    int each = type.equals("tf32") ? 1 : type.endsWith("16") ? 2 : 4;
    double[][] a = new double[16][k];
    double[][] b = new double[k][8];
    double[][] c = new double[16][8];
    int aRegisters = k / (2 * each);
    int bRegisters = k / (4 * each);
    int cRegisters = sum.equals("f16") ? 2 : 4;
    int[] in = new int[32 * 16];
    for (int lane = 0; lane < 32; lane++) {
      int group = lane >> 2;
      int within = lane % 4;
      for (int i = 0; i < aRegisters * each; i++) {
        int code = code(type);
        int row;
        int column;
        if (each == 2) {
          row = k == 8 ? (i < 2 ? group : group + 8) : i < 2 || i >= 4 && i < 6 ? group : group + 8;
          column = within * 2 + (i & 1) + (i >= 4 ? 8 : 0);
        } else if (each == 4) {
          row = k == 16 ? (i < 4 ? group : group + 8) : i < 4 || i >= 8 && i < 12 ? group : group + 8;
          column = within * 4 + (i & 3) + (i >= 8 ? 16 : 0);
        } else {
          row = i == 0 || i == 2 ? group : group + 8;
          column = i < 2 ? within : within + 4;
        }
        a[row][column] = value(type, code);
        in[lane * 16 + i / each] |= code << 32 / each * (i % each);
      }
      for (int i = 0; i < bRegisters * each; i++) {
        int code = code(type);
        int row = each == 2 ? within * 2 + (i & 1) + (i >= 2 ? 8 : 0) : each == 4 ? within * 4 + (i & 3) + (i >= 4 ? 16 : 0) : within + 4 * i;
        b[row][group] = value(type, code);
        in[lane * 16 + 4 + i / each] |= code << 32 / each * (i % each);
      }
      for (int i = 0; i < 4; i++) {
        int whole = random.nextInt(64) - 32;
        c[i < 2 ? group : group + 8][within * 2 + (i & 1)] = whole;
        switch (sum) {
          case "f32" -> in[lane * 16 + 8 + i] = Float.floatToRawIntBits(whole);
          case "s32" -> in[lane * 16 + 8 + i] = whole;
          default -> in[lane * 16 + 8 + i / 2] |= Numbers.toHalf((float) whole) << 16 * (i & 1);
        }
      }
    }
    Allocation out = harness.space.allocate(4 * 32 * 4, 0, "out");
    String types = sum + "." + type + "." + type + "." + sum;
    harness.run(PtxHarness.kernel("",
        "mul.wide.u32 %d5, %r1, 64; add.u64 %d5, %d5, %d1; ld.global.v4.u32 {%r10, %r11, %r12, %r13}, [%d5]; ld.global.v4.u32 {%r14, %r15, %r16, %r17}, [%d5+16];"
            + "ld.global.v4.u32 {%r18, %r19, %r20, %r21}, [%d5+32]; mov.u32 %r24, 0; mov.u32 %r25, 0;\n"
            + "mma.sync.aligned.m16n8k" + k + ".row.col." + types + " " + list(22, cRegisters) + ", " + list(10, aRegisters) + ", " + list(14, bRegisters) + ", "
            + list(18, cRegisters) + ";\nmul.wide.u32 %d6, %r1, 16; add.u64 %d6, %d6, %d0; st.global.v4.u32 [%d6], {%r22, %r23, %r24, %r25};"), 1, 32, out, harness.words(in));
    int[] got = harness.words(out);
    for (int lane = 0; lane < 32; lane++) {
      for (int i = 0; i < 4; i++) {
        int row = (lane >> 2) + (i < 2 ? 0 : 8);
        int column = lane % 4 * 2 + (i & 1);
        double expected = c[row][column];
        for (int q = 0; q < k; q++) {
          expected += a[row][q] * b[q][column];
        }
        double actual =
            switch (sum) {
              case "f32" -> Float.intBitsToFloat(got[lane * 4 + i]);
              case "s32" -> got[lane * 4 + i];
              default -> Float.float16ToFloat((short) (got[lane * 4 + i / 2] >> 16 * (i & 1)));
            };
        assertEquals(expected, actual, Math.abs(expected) * (sum.equals("f16") ? 1e-3 : 1e-6) + 1e-6, "row %d, column %d (seed %d)".formatted(row, column, SEED));
      }
    }
  }

  private static String list(int from, int count) {
    return IntStream.range(from, from + count).mapToObj(i -> "%r" + i).collect(java.util.stream.Collectors.joining(", ", "{", "}"));
  }

  /** Small whole numbers, of which all sums are exact. */
  private int code(String type) {
    int whole = random.nextInt(9) - (type.equals("u8") ? 0 : 4);
    return switch (type) {
      case "f16" -> Numbers.toHalf((float) whole);
      case "bf16" -> Numbers.toBfloat((float) whole);
      case "tf32" -> Float.floatToRawIntBits(whole);
      case "e4m3" -> Numbers.toE4m3(whole);
      case "e5m2" -> Numbers.toE5m2(whole);
      default -> whole & 255;
    };
  }

  private static double value(String type, int code) {
    return switch (type) {
      case "f16" -> Float.float16ToFloat((short) code);
      case "bf16" -> Numbers.bfloat(code);
      case "tf32" -> Float.intBitsToFloat(code);
      case "e4m3" -> Numbers.e4m3(code);
      case "e5m2" -> Numbers.e5m2(code);
      case "s8" -> (byte) code;
      default -> code;
    };
  }
}
