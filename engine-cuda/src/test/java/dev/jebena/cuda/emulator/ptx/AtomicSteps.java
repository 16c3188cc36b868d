package dev.jebena.cuda.emulator.ptx;

import static dev.jebena.cuda.emulator.ptx.Memory.ALL;

import dev.jebena.cuda.emulator.ptx.Memory.Access;
import dev.jebena.cuda.emulator.ptx.MemorySteps.Address;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** {@code atom} and {@code red}: real compare-and-swap, since blocks and devices run in parallel. */
final class AtomicSteps {

  private static final VarHandle INTS = ValueLayout.JAVA_INT.varHandle();
  private static final VarHandle LONGS = ValueLayout.JAVA_LONG.varHandle();

  private AtomicSteps() {}

  /** The new value for an old one and an operand; {@code c} is the second operand of {@code cas}. */
  @FunctionalInterface
  interface Operation {
    long apply(long old, long b, long c);
  }

  static @org.jspecify.annotations.Nullable Operation find(String name, String type) {
    return switch (name + "." + type) {
      case "add.s32", "add.u32", "add.u64", "add.s64" -> (o, b, c) -> o + b;
      case "min.s32" -> (o, b, c) -> Math.min((int) o, (int) b);
      case "max.s32" -> (o, b, c) -> Math.max((int) o, (int) b);
      case "min.u32" -> (o, b, c) -> Math.min(o & 0xffffffffL, b & 0xffffffffL);
      case "max.u32" -> (o, b, c) -> Math.max(o & 0xffffffffL, b & 0xffffffffL);
      case "min.s64" -> (o, b, c) -> Math.min(o, b);
      case "max.s64" -> (o, b, c) -> Math.max(o, b);
      case "min.u64" -> (o, b, c) -> Long.compareUnsigned(o, b) < 0 ? o : b;
      case "max.u64" -> (o, b, c) -> Long.compareUnsigned(o, b) > 0 ? o : b;
      case "inc.u32" -> (o, b, c) -> Integer.compareUnsigned((int) o, (int) b) >= 0 ? 0 : o + 1;
      case "dec.u32" -> (o, b, c) -> (int) o == 0 || Integer.compareUnsigned((int) o, (int) b) > 0 ? b : o - 1;
      case "and.b32", "and.b64" -> (o, b, c) -> o & b;
      case "or.b32", "or.b64" -> (o, b, c) -> o | b;
      case "xor.b32", "xor.b64" -> (o, b, c) -> o ^ b;
      case "exch.b32", "exch.b64" -> (o, b, c) -> b;
      case "cas.b64" -> (o, b, c) -> o == b ? c : o;
      case "cas.b32" -> (o, b, c) -> (int) o == (int) b ? c : o;
      case "cas.b16" -> (o, b, c) -> (o & 0xffff) == (b & 0xffff) ? c : o;
      case "add.f32" -> (o, b, c) -> Numbers.bits(Numbers.f((int) o) + Numbers.f((int) b));
      case "add.f64" -> (o, b, c) -> Double.doubleToRawLongBits(Double.longBitsToDouble(o) + Double.longBitsToDouble(b));
      case "add.f16" -> (o, b, c) -> Numbers.toHalf(Numbers.half((int) o) + Numbers.half((int) b));
      case "add.bf16" -> (o, b, c) -> Numbers.toBfloat(Numbers.bfloat((int) o) + Numbers.bfloat((int) b));
      case "add.f16x2" -> (o, b, c) -> Numbers.toHalf(Numbers.half((int) o) + Numbers.half((int) b))
          | Numbers.toHalf(Numbers.half((int) o >> 16) + Numbers.half((int) b >> 16)) << 16;
      case "add.bf16x2" -> (o, b, c) -> Numbers.toBfloat(Numbers.bfloat((int) o) + Numbers.bfloat((int) b))
          | Numbers.toBfloat(Numbers.bfloat((int) o >>> 16) + Numbers.bfloat((int) b >>> 16)) << 16;
      default -> null;
    };
  }

  /** {@code target} is -1 where the old value is not wanted; {@code c} is -1 but for {@code cas}. */
  static final class Atomic extends Step {
    private final Address address;
    private final int bytes;
    private final Operation operation;
    private final int target;
    private final int b;
    private final int c;

    Atomic(Address address, int bytes, Operation operation, int target, int b, int c) {
      this.address = address;
      this.bytes = bytes;
      this.operation = operation;
      this.target = target;
      this.b = b;
      this.c = c;
    }

    @Override
    void run(Warp w, int mask) {
      Memory memory = w.memory;
      for (int m = mask; m != 0; m &= m - 1) {
        int lane = Integer.numberOfTrailingZeros(m);
        long at = address.of(w, lane);
        long place = memory.place(address.space(), at, bytes, lane, Access.ATOMIC);
        memory.checkWritten(place, bytes, lane, at);
        long operand = bytes == 8 ? w.q[b + lane] : w.r[b + lane];
        long second = c < 0 ? 0 : bytes == 8 ? w.q[c + lane] : w.r[c + lane];
        long old = swap(place, operand, second);
        if (target >= 0 && bytes == 8) {
          w.q[target + lane] = old;
        } else if (target >= 0) {
          w.r[target + lane] = (int) old;
        }
      }
      if (memory.global) {
        long moved = (long) bytes * Integer.bitCount(mask);
        w.block.statistics.read(moved, Integer.bitCount(mask));
        w.block.statistics.written(moved, Integer.bitCount(mask));
      }
    }

    private long swap(long place, long operand, long second) {
      if (bytes == 8) {
        while (true) {
          long old = (long) LONGS.getVolatile(ALL, place);
          if (LONGS.compareAndSet(ALL, place, old, operation.apply(old, operand, second))) {
            return old;
          }
        }
      }
      long word = place & ~3L;
      int shift = (int) (place & 3) * 8;
      int kept = bytes == 4 ? 0 : ~(0xffff << shift);
      while (true) {
        int old = (int) INTS.getVolatile(ALL, word);
        long value = bytes == 4 ? old : old >>> shift & 0xffff;
        int changed = bytes == 4 ? (int) operation.apply(value, operand, second)
            : old & kept | ((int) operation.apply(value, operand, second) & 0xffff) << shift;
        if (INTS.compareAndSet(ALL, word, old, changed)) {
          return value;
        }
      }
    }
  }
}
