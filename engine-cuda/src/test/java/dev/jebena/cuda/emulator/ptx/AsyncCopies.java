package dev.jebena.cuda.emulator.ptx;

import static dev.jebena.cuda.emulator.ptx.Memory.ALL;

import dev.jebena.cuda.emulator.ptx.Memory.Access;
import dev.jebena.cuda.emulator.ptx.MemorySteps.Address;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * The {@code cp.async} copies of a warp that are under way. A copy is done as late as it may be, when it is waited for, and its target counts
 * as never written until then: a kernel that does not wait reads what is not there.
 */
final class AsyncCopies {

  private record Copy(int lane, long from, long to, int sourceBytes, int bytes) {}

  private record Group(int mask, List<Copy> copies) {}

  private List<Copy> open = new ArrayList<>();
  private final ArrayDeque<Group> committed = new ArrayDeque<>();

  void clear() {
    open.clear();
    committed.clear();
  }

  private void commit(int mask) {
    committed.addLast(new Group(mask, open));
    open = new ArrayList<>();
  }

  /** Completes all groups but the {@code pending} youngest, for the lanes of {@code mask}: lanes count their own groups. */
  private void waitFor(Warp w, int pending, int mask) {
    int left = committed.size() - pending;
    while (left-- > 0) {
      Group group = committed.removeFirst();
      if ((group.mask & ~mask) != 0 && (group.mask & w.live & ~mask) != 0) {
        throw new KernelFault(KernelFault.Kind.INTERNAL, "cp.async.wait_group by some lanes only is not emulated");
      }
      complete(w, group.copies);
    }
  }

  private static void complete(Warp w, List<Copy> copies) {
    for (Copy copy : copies) {
      long source = copy.sourceBytes == copy.bytes ? whole(w, copy) : byBytes(w, copy);
      long target = w.memory.place(Space.SHARED, copy.to, copy.bytes, copy.lane, Access.WRITE);
      for (int i = 0; i < copy.bytes; i += 4) {
        ALL.set(Memory.INT, target + i, i + 4 <= copy.sourceBytes ? ALL.get(Memory.INT, source + i) : tail(source + i, copy.sourceBytes - i));
      }
      w.memory.markWritten(target, copy.bytes);
    }
  }

  /** The last word of a copy, with zeros for the bytes that the source does not have. */
  private static int tail(long source, int bytes) {
    int word = 0;
    for (int b = 0; b < bytes; b++) {
      word |= (ALL.get(Memory.BYTE, source + b) & 255) << 8 * b;
    }
    return word;
  }

  private static long whole(Warp w, Copy copy) {
    long source = w.memory.place(Space.GLOBAL, copy.from, copy.bytes, copy.lane, Access.READ);
    w.memory.checkWritten(source, copy.bytes, copy.lane, copy.from);
    return source;
  }

  private static long byBytes(Warp w, Copy copy) {
    long source = 0;
    for (int i = copy.sourceBytes - 1; i >= 0; i--) {
      source = w.memory.place(Space.GLOBAL, copy.from + i, 1, copy.lane, Access.READ);
      w.memory.checkWritten(source, 1, copy.lane, copy.from + i);
    }
    return source;
  }

  /** {@code cp.async}: {@code sourceBytes} is a register, or -1 where all bytes are copied; the rest is set to zero. */
  static Step copy(Address to, Address from, int bytes, int sourceBytes) {
    return Step.of((w, mask) -> {
      int sectors = 0;
      long last = -1;
      long moved = 0;
      for (int m = mask; m != 0; m &= m - 1) {
        int lane = Integer.numberOfTrailingZeros(m);
        long target = to.of(w, lane);
        long offset = Space.SHARED.holds(target) ? target - Space.SHARED.window : target;
        int wanted = sourceBytes < 0 ? bytes : Math.min(bytes, w.r[sourceBytes + lane]);
        long source = from.of(w, lane);
        if (wanted > 0) {
          w.memory.place(Space.GLOBAL, source & -bytes, 1, lane, Access.READ);
          if ((source & bytes - 1) != 0) {
            throw w.memory.fault(lane, KernelFault.Kind.MISALIGNED, "misaligned source of cp.async at 0x%x".formatted(source));
          }
        }
        long place = w.memory.place(Space.SHARED, offset, bytes, lane, Access.WRITE);
        for (int i = 0; i < bytes; i += 4) {
          ALL.set(Memory.INT, place + w.memory.shadow + i, 0);
        }
        w.copies.open.add(new Copy(lane, source, offset, wanted, bytes));
        moved += wanted;
        if (source >> 5 != last && wanted > 0) {
          last = source >> 5;
          sectors++;
        }
      }
      w.block.statistics.read(moved, sectors);
    });
  }

  static Step commitGroup() {
    return Step.of((w, mask) -> w.copies.commit(mask));
  }

  static Step waitGroup(int pending) {
    return Step.of((w, mask) -> w.copies.waitFor(w, pending, mask));
  }

  static Step waitAll() {
    return Step.of((w, mask) -> {
      w.copies.commit(mask);
      w.copies.waitFor(w, 0, mask);
    });
  }
}
