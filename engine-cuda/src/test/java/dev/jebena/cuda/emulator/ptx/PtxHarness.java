package dev.jebena.cuda.emulator.ptx;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** Runs small pieces of PTX for tests. */
final class PtxHarness implements AutoCloseable {

  private static final String HEAD = ".version 8.0\n.target sm_80\n.address_size 64\n";
  private static final String DECLARATIONS =
      ".reg .pred %p<32>;\n.reg .b16 %h<32>;\n.reg .b32 %r<64>;\n.reg .f32 %f<32>;\n.reg .b64 %d<32>;\n.reg .f64 %g<16>;\n";

  final AddressSpace space = new AddressSpace();
  final LaunchLog log = new LaunchLog();
  private Set<Check> checks = EnumSet.allOf(Check.class);

  PtxHarness with(Set<Check> wanted) {
    checks = wanted;
    return this;
  }

  Allocation words(int... values) {
    Allocation allocation = space.allocate(4L * values.length, 0, "words");
    space.bytes(allocation.address(), allocation.bytes()).copyFrom(java.lang.foreign.MemorySegment.ofArray(values));
    space.markWritten(allocation.address(), allocation.bytes());
    return allocation;
  }

  Allocation longs(long... values) {
    Allocation allocation = space.allocate(8L * values.length, 0, "longs");
    space.bytes(allocation.address(), allocation.bytes()).copyFrom(java.lang.foreign.MemorySegment.ofArray(values));
    space.markWritten(allocation.address(), allocation.bytes());
    return allocation;
  }

  int[] words(Allocation from) {
    return space.bytes(from.address(), from.bytes()).toArray(java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED);
  }

  long[] longs(Allocation from) {
    return space.bytes(from.address(), from.bytes()).toArray(java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED);
  }

  /**
   * A kernel {@code k} of which {@code body} is all but the beginning: there, %r0 is the thread's number in the grid, %r1 in its block, and
   * %d0 to %d3 are the addresses that the launch gives. Registers are %p, %h (16 bits), %r, %f, %d (64 bits), %g (f64).
   */
  static String kernel(String outside, String body) {
    return HEAD + outside + "\n.visible .entry k(.param .u64 a, .param .u64 b, .param .u64 c, .param .u64 e)\n{\n" + DECLARATIONS
        + """
        ld.param.u64 %d0, [a]; ld.param.u64 %d1, [b]; ld.param.u64 %d2, [c]; ld.param.u64 %d3, [e];
        mov.u32 %r1, %tid.x; mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mad.lo.s32 %r0, %r2, %r3, %r1;
        """
        + body + "\nret;\n}\n";
  }

  void run(String ptx, Grid.Shape shape, Allocation... arguments) {
    PtxModule module = PtxModule.parse(ptx);
    Map<String, Long> symbols = module.place(space, (name, bytes) -> space.allocate(bytes, 0, "variable " + name).address());
    java.nio.ByteBuffer parameters = java.nio.ByteBuffer.allocate(32).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    for (Allocation argument : arguments) {
      parameters.putLong(argument.address());
    }
    Grid.run(java.util.Objects.requireNonNull(module.kernel("k")), shape, parameters.array(),
        new Grid.Environment(space, 0, peer -> false, symbols, checks, task -> Thread.ofPlatform().daemon().start(task), 1, () -> false,
            Duration.ofSeconds(20).toNanos(), log));
  }

  void run(String ptx, int blocks, int threads, Allocation... arguments) {
    run(ptx, new Grid.Shape(blocks, 1, 1, threads, 1, 1, 0), arguments);
  }

  /** Runs a body whose result for each thread is the word at %d0 + 4 * thread; its inputs are likewise at %d1, %d2 and %d3. */
  int[] map(String body, int[] a, int[] b, int[] c) {
    Allocation out = space.allocate(4L * a.length, 0, "out");
    run(kernel("", "mul.wide.u32 %d4, %r0, 4; add.u64 %d0, %d0, %d4; add.u64 %d1, %d1, %d4; add.u64 %d2, %d2, %d4; add.u64 %d3, %d3, %d4;\n"
        + "ld.global.u32 %r11, [%d1]; ld.global.u32 %r12, [%d2]; ld.global.u32 %r13, [%d3];\n" + body + "\nst.global.u32 [%d0], %r10;"), 1, a.length, out, words(a),
        words(b), words(c));
    return words(out);
  }

  /** The same for 64 bits: %d10 is the result, %d11 to %d13 are the inputs. */
  long[] mapLongs(String body, long[] a, long[] b, long[] c) {
    Allocation out = space.allocate(8L * a.length, 0, "out");
    run(kernel("", "mul.wide.u32 %d4, %r0, 8; add.u64 %d0, %d0, %d4; add.u64 %d1, %d1, %d4; add.u64 %d2, %d2, %d4; add.u64 %d3, %d3, %d4;\n"
        + "ld.global.u64 %d11, [%d1]; ld.global.u64 %d12, [%d2]; ld.global.u64 %d13, [%d3];\n" + body + "\nst.global.u64 [%d0], %d10;"), 1, a.length, out, longs(a),
        longs(b), longs(c));
    return longs(out);
  }

  @Override
  public void close() {
    space.close();
  }
}
