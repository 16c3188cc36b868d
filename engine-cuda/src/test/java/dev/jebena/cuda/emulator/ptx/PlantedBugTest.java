package dev.jebena.cuda.emulator.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.cuda.emulator.EmulatedCuda;
import dev.jebena.cuda.emulator.ptx.KernelFault.Kind;
import java.util.EnumSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Each class of mistakes, made on purpose, is found and told with thread and instruction; the same code without the mistake runs. */
final class PlantedBugTest {

  private static final String SHARED =
      ".shared .align 16 .b8 s[256]; shl.b32 %r5, %r1, 2; mov.u32 %r6, s; add.u32 %r5, %r5, %r6; mul.wide.u32 %d5, %r0, 4; add.u64 %d5, %d5, %d0;\n";

  private final PtxHarness harness = new PtxHarness();

  @BeforeAll
  static void supported() {
    EmulatedCuda.assumeSupported();
  }

  @AfterEach
  void close() {
    harness.close();
  }

  private void finds(Kind kind, String thread, String inText, int threads, String body) {
    Allocation words = harness.words(new int[64]);
    KernelFault fault = assertThrows(KernelFault.class, () -> harness.run(PtxHarness.kernel("", body), 1, threads, words, words));
    assertEquals(kind, fault.kind(), fault.getMessage());
    assertTrue(fault.getMessage().contains(inText) && fault.getMessage().contains(thread), fault.getMessage());
  }

  private void runs(int threads, String body) {
    Allocation words = harness.words(new int[64]);
    harness.run(PtxHarness.kernel("", body), 1, threads, words, words);
  }

  @Test
  void anAccessBehindTheEndOfAnAllocation() {
    finds(Kind.ILLEGAL_ADDRESS, "thread (64, 0, 0)", "out of bounds at offset 256 of words", 96,
        "mul.wide.u32 %d5, %r0, 4; add.u64 %d5, %d5, %d0; st.global.u32 [%d5], %r0;");
    finds(Kind.ILLEGAL_ADDRESS, "ld.global.v4.f32", "out of bounds at offset 256", 17,
        "mul.wide.u32 %d5, %r0, 16; add.u64 %d5, %d5, %d0; ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%d5];");
  }

  @Test
  void anAddressWithNothingBehindIt() {
    finds(Kind.ILLEGAL_ADDRESS, "thread (0, 0, 0)", "no allocation is there", 1, "mov.u64 %d5, 0; ld.global.u32 %r10, [%d5];");
    finds(Kind.ILLEGAL_ADDRESS, "thread (0, 0, 0)", "no allocation is there", 1, "mov.u64 %d5, 8; ld.u32 %r10, [%d5];");
  }

  @Test
  void memoryThatWasFreed() {
    Allocation words = harness.words(1, 2);
    harness.space.free(words);
    KernelFault fault = assertThrows(KernelFault.class, () -> harness.run(PtxHarness.kernel("", "ld.global.u32 %r10, [%d0];"), 1, 1, words));
    assertEquals(Kind.USE_AFTER_FREE, fault.kind());
  }

  @Test
  void anAddressThatIsNotAligned() {
    finds(Kind.MISALIGNED, "thread (1, 0, 0)", "misaligned read of 8 bytes", 2, "mul.wide.u32 %d5, %r0, 4; add.u64 %d5, %d5, %d0; ld.global.v2.u32 {%r10, %r11}, [%d5];");
  }

  @Test
  void memoryThatNobodyWrote() {
    Allocation fresh = harness.space.allocate(64, 0, "fresh");
    KernelFault fault = assertThrows(KernelFault.class, () -> harness.run(PtxHarness.kernel("", "ld.global.u32 %r10, [%d0+12];"), 1, 1, fresh));
    assertEquals(Kind.UNINITIALISED, fault.kind());
    assertTrue(fault.getMessage().contains("offset 12 of fresh"), fault.getMessage());
    finds(Kind.UNINITIALISED, "thread (32, 0, 0)", "ld.shared", 64,
        SHARED + "setp.lt.u32 %p1, %r1, 32; @%p1 st.shared.u32 [%r5], %r1; bar.sync 0; ld.shared.u32 %r10, [%r5];");
    finds(Kind.UNINITIALISED, "thread (0, 0, 0)", "ld.local", 1, ".local .align 4 .b8 depot[8]; st.local.u32 [depot], %r1; ld.local.u32 %r10, [depot+4];");
    harness.with(EnumSet.noneOf(Check.class)).run(PtxHarness.kernel("", "ld.global.u32 %r10, [%d0+12];"), 1, 1, fresh);
  }

  @Test
  void anAsynchronousCopyThatWasNotWaitedFor() {
    String copy = SHARED + "cp.async.ca.shared.global [%r5], [%d5], 4; cp.async.commit_group; ";
    finds(Kind.UNINITIALISED, "thread (0, 0, 0)", "ld.shared", 32, copy + "ld.shared.u32 %r10, [%r5];");
    runs(32, copy + "cp.async.wait_group 0; ld.shared.u32 %r10, [%r5];");
  }

  @Test
  void sharedMemoryOutOfBounds() {
    finds(Kind.ILLEGAL_ADDRESS, "thread (63, 0, 0)", "shared memory out of bounds", 64, SHARED + "st.shared.u32 [%r5], %r1; bar.sync 0; ld.shared.u32 %r10, [%r5+4];");
  }

  @Test
  void aRaceBetweenWarps() {
    String exchange = SHARED + "st.shared.u32 [%r5], %r1; setp.ge.u32 %p1, %r1, 32; %s xor.b32 %r7, %r5, 128; @%p1 ld.shared.u32 %r10, [%r7];";
    finds(Kind.RACE, "thread (32, 0, 0)", "write by thread (0, 0, 0) at line", 64, exchange.replace("%s", ""));
    runs(64, exchange.replace("%s", "bar.sync 0;"));
    finds(Kind.RACE, "thread (32, 0, 0)", "write by thread (0, 0, 0)", 64, exchange.replace("%s", "bar.warp.sync -1;"));
  }

  @Test
  void aRaceWithinAWarp() {
    String exchange = SHARED + "st.shared.u32 [%r5], %r1; %s xor.b32 %r7, %r5, 4; ld.shared.u32 %r10, [%r7];";
    finds(Kind.RACE, "thread (0, 0, 0)", "write by thread (1, 0, 0)", 32, exchange.replace("%s", ""));
    runs(32, exchange.replace("%s", "bar.warp.sync -1;"));
  }

  @Test
  void aWriteWhileOthersMayStillRead() {
    String twice = SHARED + "setp.eq.u32 %p1, %r1, 0; @%p1 st.shared.u32 [s], %r3; bar.sync 0; ld.shared.u32 %r10, [s]; %s @%p1 st.shared.u32 [s], %r10;"
        + " add.u32 %r10, %r10, 1; @%p1 st.shared.u32 [s], %r10;";
    finds(Kind.RACE, "thread (0, 0, 0)", "a read by thread", 64, twice.replace("%s", ""));
    runs(64, twice.replace("%s", "bar.sync 0;"));
  }

  @Test
  void writersOfTheSameValueDoNoHarmAndOfDifferentOnesDo() {
    runs(64, SHARED + "mov.u32 %r8, 7; st.shared.u32 [s], %r8;");
    finds(Kind.RACE, "st.shared", "write by thread (0, 0, 0)", 64, SHARED + "st.shared.u32 [s], %r1;");
  }

  @Test
  void whoArrivesAtABarrierIsInOrderBeforeThoseThatWait() {
    String hand = SHARED + "setp.ge.u32 %p1, %r1, 32; @%p1 bra $wait; st.shared.u32 [%r5], %r1; %s bra.uni $end;\n"
        + "$wait: bar.sync 1, 64; ld.shared.u32 %r10, [%r5+-128];\n$end: mov.u32 %r11, 0;";
    runs(64, hand.replace("%s", "bar.arrive 1, 64;"));
    finds(Kind.RACE, "ld.shared", "write by thread (0, 0, 0)", 64, hand.replace("%s", "bar.arrive 1, 64; st.shared.u32 [%r5], %r3;"));
  }

  @Test
  void neighbouringBytesDoNotRaceAndTheSameBytesDo() {
    String bytes = SHARED + "mov.u32 %r8, s; add.u32 %r8, %r8, %r1; st.shared.u8 [%r8], %r1; ";
    runs(64, bytes + "bar.sync 0; ld.shared.u32 %r10, [s+4];");
    finds(Kind.RACE, "ld.shared.u32", "at offset 4: this read and a write by thread", 64, bytes + "setp.ge.u32 %p1, %r1, 32; @%p1 ld.shared.u32 %r10, [s+4];");
  }

  @Test
  void sharedAtomicsDoNotRaceWithEachOther() {
    runs(64, SHARED + "setp.eq.u32 %p1, %r1, 0; @%p1 st.shared.u32 [s], 0; bar.sync 0; atom.shared.add.u32 %r10, [s], 1; bar.sync 0; ld.shared.u32 %r11, [s];");
    finds(Kind.RACE, "ld.shared", "write by thread", 64,
        SHARED + "setp.eq.u32 %p1, %r1, 0; @%p1 st.shared.u32 [s], 0; bar.sync 0; atom.shared.add.u32 %r10, [s], 1; ld.shared.u32 %r11, [s];");
  }

  @Test
  void aBarrierThatSomeThreadsDoNotReach() {
    finds(Kind.DIVERGENT_BARRIER, "thread (32, 0, 0) has returned", "bar.sync", 64, "setp.ge.u32 %p1, %r1, 32; @%p1 bra $out; bar.sync 0;\n$out:");
    finds(Kind.DIVERGENT_BARRIER, "thread (16, 0, 0) has returned", "bar.sync", 32, "setp.ge.u32 %p1, %r1, 16; @%p1 bra $out; bar.sync 0;\n$out:");
    harness.with(EnumSet.noneOf(Check.class));
    runs(64, "setp.ge.u32 %p1, %r1, 32; @%p1 bra $out; bar.sync 0;\n$out:");
  }

  @Test
  void threadsAtDifferentBarriers() {
    finds(Kind.DIVERGENT_BARRIER, "lanes 0x", "bar.sync 1", 32, "setp.ge.u32 %p1, %r1, 16; @%p1 bra $other; bar.sync 0; bra.uni $end;\n$other: bar.sync 1;\n$end: mov.u32 %r10, 0;");
    finds(Kind.DIVERGENT_BARRIER, "warp 1", "bar.sync 1", 64, "setp.ge.u32 %p1, %r1, 32; @%p1 bra $other; bar.sync 0; bra.uni $end;\n$other: bar.sync 1;\n$end: mov.u32 %r10, 0;");
  }

  @Test
  void shufflesWithLanesThatAreNotThere() {
    finds(Kind.SHUFFLE_MASK, "thread (8, 0, 0)", "lane 8 reads lane 16", 32,
        "setp.ge.u32 %p1, %r1, 16; @%p1 bra $out; shfl.sync.down.b32 %r10, %r1, 8, 31, 0xffff;\n$out:");
    finds(Kind.SHUFFLE_MASK, "thread (0, 0, 0)", "not in its own mask", 32, "shfl.sync.bfly.b32 %r10, %r1, 1, 31, 0xfffffffe;");
    finds(Kind.DEADLOCK, "shfl.sync", "wait for lanes that never come", 32,
        "setp.ge.u32 %p1, %r1, 16; @%p1 bra $other; shfl.sync.bfly.b32 %r10, %r1, 1, 31, -1; bra.uni $end;\n$other: bar.sync 0;\n$end: mov.u32 %r10, 0;");
  }

  @Test
  void aKernelThatNeverEndsIsToldWithItsPlace() {
    Allocation words = harness.words(0);
    PtxModule module = PtxModule.parse(PtxHarness.kernel("", "$forever: bra.uni $forever;"));
    Kernel kernel = java.util.Objects.requireNonNull(module.kernel("k"));
    Grid.Environment environment = new Grid.Environment(harness.space, 0, peer -> false, java.util.Map.of(), EnumSet.noneOf(Check.class), Runnable::run, 0, () -> false,
        1_000_000, harness.log);
    KernelFault fault = assertThrows(KernelFault.class, () -> Grid.run(kernel, new Grid.Shape(1, 1, 1, 32, 1, 1, 0), new byte[32], environment));
    assertEquals(Kind.TIMEOUT, fault.kind());
    assertTrue(fault.getMessage().contains("bra.uni"), fault.getMessage() + words);
  }

  @Test
  void aTrap() {
    finds(Kind.TRAP, "thread (5, 0, 0)", "trap", 32, "setp.eq.u32 %p1, %r1, 5; @%p1 trap;");
  }

  @Test
  void memoryOfAnotherDeviceWithoutPeerAccess() {
    Allocation other = harness.space.allocate(64, 1, "far");
    KernelFault fault = assertThrows(KernelFault.class, () -> harness.run(PtxHarness.kernel("", "st.global.u32 [%d0], %r0;"), 1, 1, other));
    assertEquals(Kind.ILLEGAL_ADDRESS, fault.kind());
    assertTrue(fault.getMessage().contains("no peer access"), fault.getMessage());
  }
}
