package dev.jebena.cuda.emulator.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jebena.cuda.emulator.EmulatedCuda;
import java.util.EnumSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Ways that part and meet, calls, indirect branches, memory of all spaces, blocks that wait for each other. */
final class ControlFlowTest {

  private final PtxHarness harness = new PtxHarness();

  @BeforeAll
  static void supported() {
    EmulatedCuda.assumeSupported();
  }

  @AfterEach
  void close() {
    harness.close();
  }

  private static int[] range(int count) {
    return IntStream.range(0, count).toArray();
  }

  @Test
  void loopsOfDifferentLengthMeetAgain() {
    int[] n = range(70);
    int[] sums = harness.map(
        """
        mov.u32 %r10, 0; mov.u32 %r9, 0;
        $loop: setp.ge.u32 %p1, %r9, %r11; @%p1 bra $end;
        add.u32 %r9, %r9, 1; and.b32 %r8, %r9, 1; setp.eq.u32 %p2, %r8, 0; @%p2 bra $even;
        add.u32 %r10, %r10, %r9; bra.uni $loop;
        $even: sub.u32 %r10, %r10, 1; bra.uni $loop;
        $end: vote.sync.ballot.b32 %r7, %p1, 0x3f; setp.ne.u32 %p3, %r0, 3; @%p3 bra $out; add.u32 %r10, %r10, %r7;
        $out:
        """.replace("0x3f", "-1"), n, n, n);
    for (int i = 0; i < n.length; i++) {
      int expected = 0;
      for (int k = 1; k <= i; k++) {
        expected += k % 2 == 0 ? -1 : k;
      }
      assertEquals(i == 3 ? expected - 1 : expected, sums[i], "thread " + i);
    }
  }

  @Test
  void lanesMayWaitForEachOtherThroughMemory() {
    // lane 0 spins on what lane 1 writes further on in the code: lockstep with reconvergence alone would never end
    Allocation flag = harness.words(0, 0);
    harness.run(PtxHarness.kernel("",
        """
        setp.ne.u32 %p1, %r0, 0; @%p1 bra $other;
        $spin: ld.volatile.global.u32 %r10, [%d0]; setp.eq.u32 %p2, %r10, 0; @%p2 bra $spin;
        st.global.u32 [%d0+4], %r10; bra.uni $end;
        $other: mov.u32 %r11, 7; st.volatile.global.u32 [%d0], %r11;
        $end:
        """), 1, 2, flag);
    assertArrayEquals(new int[] {7, 7}, harness.words(flag));
  }

  @Test
  void blocksMayWaitForLaterBlocks() {
    Allocation count = harness.words(0, 0);
    harness.run(PtxHarness.kernel("",
        """
        atom.global.add.u32 %r10, [%d0], 1;
        $spin: ld.acquire.gpu.global.u32 %r10, [%d0]; setp.ne.u32 %p2, %r10, 640; nanosleep.u32 20; @%p2 bra $spin;
        red.release.gpu.global.add.u32 [%d0+4], 1;
        """), 20, 32, count);
    assertArrayEquals(new int[] {640, 640}, harness.words(count));
  }

  @Test
  void indirectBranchesTakeEachLaneToItsOwn() {
    int[] in = range(64);
    int[] got = harness.map(
        """
        rem.u32 %r9, %r11, 3;
        $list: .branchtargets $a, $b, $c;
        brx.idx %r9, $list;
        $a: mov.u32 %r10, 100; bra.uni $end;
        $b: mov.u32 %r10, 200; bra.uni $end;
        $c: mov.u32 %r10, 300;
        $end: add.u32 %r10, %r10, %r11;
        """, in, in, in);
    assertArrayEquals(IntStream.range(0, 64).map(i -> 100 * (i % 3 + 1) + i).toArray(), got);
  }

  @Test
  void calledFunctionsTakeTheirParametersFromTheirCaller() {
    String function =
        """
        .func (.param .b32 result) square(.param .b32 x, .param .b64 y)
        {
          .reg .b32 %r<4>; .reg .b64 %rd<2>; .reg .pred %p<2>;
          ld.param.u32 %r1, [x]; ld.param.u64 %rd1, [y];
          setp.gt.u32 %p1, %r1, 40; @%p1 bra $big;
          mul.lo.u32 %r2, %r1, %r1; st.param.b32 [result], %r2; ret;
          $big: cvt.u32.u64 %r3, %rd1; st.param.b32 [result+0], %r3; ret;
        }
        """;
    Allocation out = harness.space.allocate(4 * 64, 0, "out");
    harness.run(PtxHarness.kernel(function,
        """
        cvt.u64.u32 %d5, %r0; mul.lo.u64 %d6, %d5, 4; add.u64 %d6, %d6, %d0;
        { .param .b32 param0; st.param.b32 [param0], %r0; .param .b64 param1; st.param.b64 [param1], 5; .param .b32 retval0;
          call.uni (retval0), square, (param0, param1); ld.param.b32 %r10, [retval0+0]; }
        st.global.u32 [%d6], %r10;
        """), 1, 64, out);
    assertArrayEquals(IntStream.range(0, 64).map(i -> i > 40 ? 5 : i * i).toArray(), harness.words(out));
  }

  @Test
  void blocksOfThreeDimensionsNumberTheirThreads() {
    Allocation out = harness.space.allocate(4L * 4 * 3 * 2 * 6, 0, "out");
    harness.run(PtxHarness.kernel("",
        """
        mov.u32 %r10, %tid.x; mov.u32 %r11, %tid.y; mov.u32 %r12, %tid.z; mad.lo.u32 %r13, %r12, 3, %r11; mad.lo.u32 %r13, %r13, 4, %r10;
        mov.u32 %r14, %ctaid.x; mov.u32 %r15, %ctaid.y; mov.u32 %r16, %nctaid.x; mad.lo.u32 %r17, %r15, %r16, %r14; mad.lo.u32 %r18, %r17, 24, %r13;
        mul.wide.u32 %d5, %r18, 4; add.u64 %d5, %d5, %d0; st.global.u32 [%d5], %r18;
        """), new Grid.Shape(3, 2, 1, 4, 3, 2, 0), out);
    assertArrayEquals(range(144), harness.words(out));
  }

  @Test
  void localSharedConstantAndGenericMemory() {
    int[] in = range(64);
    Allocation out = harness.space.allocate(4 * 64, 0, "out");
    harness.run(PtxHarness.kernel(".const .align 4 .u32 table[4] = {10, 20, 30, 40};\n.global .align 8 .u64 where[1] = {generic(table)};\n.extern .shared .align 16 .b8 dynamic[];",
        """
        .local .align 8 .b8 depot[16]; .shared .align 4 .b8 fixed[256];
        mov.u64 %d4, depot; cvta.local.u64 %d5, %d4; st.u32 [%d5+4], %r0;
        and.b32 %r10, %r0, 3; mul.wide.u32 %d6, %r10, 4; mov.u64 %d7, table; add.u64 %d7, %d7, %d6; ld.const.u32 %r11, [%d7];
        ld.local.u32 %r12, [depot+4]; add.u32 %r13, %r11, %r12;
        shl.b32 %r14, %r1, 2; mov.u32 %r15, dynamic; add.u32 %r15, %r15, %r14; st.shared.u32 [%r15], %r13;
        mov.u32 %r20, fixed; add.u32 %r20, %r20, %r14; st.shared.u32 [%r20], %r13;
        bar.sync 0;
        xor.b32 %r16, %r14, 4; mov.u64 %d8, dynamic; cvta.shared.u64 %d8, %d8; cvt.u64.u32 %d9, %r16; add.u64 %d8, %d8, %d9; ld.u32 %r17, [%d8];
        ld.global.u64 %d11, [where]; ld.global.u32 %r18, [%d11+12]; add.u32 %r17, %r17, %r18;
        mul.wide.u32 %d10, %r0, 4; add.u64 %d10, %d10, %d0; st.global.u32 [%d10], %r17;
        """), new Grid.Shape(1, 1, 1, 64, 1, 1, 256), out);
    assertArrayEquals(IntStream.of(in).map(i -> (i ^ 1) + 10 * (1 + ((i ^ 1) & 3)) + 40).toArray(), harness.words(out));
  }

  @Test
  void vectorsAndSignsOfLoads() {
    Allocation in = harness.words(0x80ff7f01, 2, 3, 4, 0xfffefffd, 6, 7, 8);
    Allocation out = harness.space.allocate(40, 0, "out");
    harness.run(PtxHarness.kernel("",
        """
        ld.global.nc.L1::no_allocate.L2::128B.v4.u32 {%r10, %r11, %r12, %r13}, [%d1]; add.u32 %r14, %r11, %r12; add.u32 %r14, %r14, %r13; st.global.u32 [%d0], %r14;
        ld.global.s8 %r15, [%d1+3]; st.global.u32 [%d0+4], %r15; ld.global.u8 %h1, [%d1+2]; cvt.u32.u16 %r16, %h1; st.global.u32 [%d0+8], %r16;
        ld.global.v2.s16 {%r17, %r18}, [%d1+16]; st.global.v2.u32 [%d0+16], {%r17, %r18}; ld.global.s32 %d5, [%d1+16]; st.global.u64 [%d0+24], %d5;
        mov.u32 %r19, 0x12345678; st.global.u8 [%d0+32], %r19; st.global.u16 [%d0+34], %r19; st.global.u8 [%d0+33], 1; st.global.u32 [%d0+12], 9; st.global.u32 [%d0+36], %d5;
        """), 1, 1, out, in);
    assertArrayEquals(new int[] {9, (byte) 0x80, 0xff, 9, -3, -2, 0xfffefffd, -1, 0x56780178, 0xfffefffd}, harness.words(out));
  }

  @Test
  void atomicsAreOneByOneAcrossBlocks() {
    harness.with(EnumSet.noneOf(Check.class));
    Allocation sums = harness.words(0, 0, Integer.MAX_VALUE, 0, 0, 0, 0, 0);
    harness.run(PtxHarness.kernel("",
        """
        atom.global.add.u32 %r10, [%d0], 1; cvt.rn.f32.u32 %f1, %r1; red.global.add.f32 [%d0+4], %f1; red.global.min.s32 [%d0+8], %r0; red.global.max.u32 [%d0+12], %r0;
        red.global.or.b32 [%d0+16], 4; mov.u32 %r11, 0x3c003c00; red.global.add.noftz.f16x2 [%d0+20], %r11; mov.u64 %d5, 3; red.global.add.u64 [%d0+24], %d5;
        """), 40, 32, sums);
    int[] got = harness.words(sums);
    assertEquals(1280, got[0]);
    assertEquals(40 * 496f, Float.intBitsToFloat(got[1]));
    assertEquals(0, got[2]);
    assertEquals(1279, got[3]);
    assertEquals(4, got[4]);
    assertEquals(1280f, Float.float16ToFloat((short) got[5]));
    assertEquals(3840, got[6]);
  }

  @Test
  void compareAndSwapMakesALock() {
    harness.with(EnumSet.noneOf(Check.class));
    Allocation lock = harness.words(0, 0);
    harness.run(PtxHarness.kernel("",
        """
        $try: atom.global.cas.b32 %r10, [%d0], 0, 1; setp.ne.u32 %p1, %r10, 0; @%p1 bra $try;
        membar.gl; ld.volatile.global.u32 %r11, [%d0+4]; add.u32 %r11, %r11, 1; st.volatile.global.u32 [%d0+4], %r11; membar.gl;
        atom.global.exch.b32 %r10, [%d0], 0;
        """), 30, 1, lock);
    assertArrayEquals(new int[] {0, 30}, harness.words(lock));
  }

  @Test
  void countersCountLanesBytesAndOperations() {
    int[] in = range(64);
    harness.map("cvt.rn.f32.u32 %f1, %r11; fma.rn.f32 %f2, %f1, %f1, %f1; cvt.rzi.u32.f32 %r10, %f2;", in, in, in);
    LaunchCounts counts = harness.log.counts().getFirst();
    assertEquals(128, counts.flops());
    assertEquals(3 * 256, counts.globalBytesRead());
    assertEquals(256, counts.globalBytesWritten());
    assertEquals(3 * 9, counts.globalSectorsRead(), 3);
    assertEquals(64, counts.opcodes().get("fma.rn.f32"));
  }
}
