package dev.jebena.cuda.emulator.ptx;

import static dev.jebena.cuda.emulator.ptx.Memory.ALL;

import dev.jebena.cuda.emulator.ptx.Memory.Access;
import java.lang.invoke.VarHandle;

/** Loads and stores. */
final class MemorySteps {

  private MemorySteps() {}

  /** Where an access goes: a register (of 64 or fewer bits, or none) and an offset. */
  record Address(Space space, int register, boolean wide, long offset) {
    long of(Warp w, int lane) {
      if (register < 0) {
        return offset;
      }
      return wide ? w.q[register + lane] + offset : (w.r[register + lane] & 0xffffffffL) + offset;
    }
  }

  /**
   * A load.
   *
   * @param bytes of an element
   * @param targets registers, one for each element; -1: not wanted
   * @param wideTargets whether the registers have 64 bits
   */
  static Step load(Address address, int bytes, boolean signed, int[] targets, boolean wideTargets, boolean ordered) {
    if (address.space == Space.PARAM && address.register < 0 && targets.length == 1 && targets[0] >= 0) {
      return loadParameter(address, bytes, signed, targets[0], wideTargets);
    }
    return bytes == 4 && targets.length == 1 && !wideTargets && !ordered && targets[0] >= 0 && address.wide && address.register >= 0
        ? new LoadWord(address, targets[0])
        : new Load(address, bytes, signed, targets, wideTargets, ordered);
  }

  /** A parameter is the same for all lanes. */
  private static Step loadParameter(Address address, int bytes, boolean signed, int target, boolean wideTarget) {
    return Step.of((w, mask) -> {
      long place = w.memory.place(Space.PARAM, address.offset, bytes, Integer.numberOfTrailingZeros(mask), Access.READ);
      long value = read(place, bytes, signed);
      for (int m = mask; m != 0; m &= m - 1) {
        int lane = Integer.numberOfTrailingZeros(m);
        if (wideTarget) {
          w.q[target + lane] = value;
        } else {
          w.r[target + lane] = (int) value;
        }
      }
    });
  }

  /** The commonest load by far, of 32 bits. */
  private static final class LoadWord extends Step {
    private final Address address;
    private final int target;

    LoadWord(Address address, int target) {
      this.address = address;
      this.target = target;
    }

    @Override
    void run(Warp w, int mask) {
      Memory memory = w.memory;
      int[] r = w.r;
      long[] q = w.q;
      int from = address.register;
      int sectors = 0;
      long last = -1;
      for (int m = mask; m != 0; m &= m - 1) {
        int lane = Integer.numberOfTrailingZeros(m);
        long at = q[from + lane] + address.offset;
        long place = memory.place(address.space, at, 4, lane, Access.READ);
        memory.checkWritten(place, 4, lane, at);
        r[target + lane] = ALL.get(Memory.INT, place);
        if (at >> 5 != last) {
          last = at >> 5;
          sectors++;
        }
      }
      if (memory.global) {
        w.block.statistics.read(4L * Integer.bitCount(mask), sectors);
      }
    }
  }

  private static final class Load extends Step {
    private final Address address;
    private final int bytes;
    private final boolean signed;
    private final int[] targets;
    private final boolean wideTargets;
    private final boolean ordered;

    Load(Address address, int bytes, boolean signed, int[] targets, boolean wideTargets, boolean ordered) {
      this.address = address;
      this.bytes = bytes;
      this.signed = signed;
      this.targets = targets;
      this.wideTargets = wideTargets;
      this.ordered = ordered;
    }

    @Override
    void run(Warp w, int mask) {
      Memory memory = w.memory;
      int total = bytes * targets.length;
      int sectors = 0;
      long last = -1;
      for (int m = mask; m != 0; m &= m - 1) {
        int lane = Integer.numberOfTrailingZeros(m);
        long at = address.of(w, lane);
        long place = memory.place(address.space, at, total, lane, Access.READ);
        memory.checkWritten(place, total, lane, at);
        for (int i = 0; i < targets.length; i++) {
          long value = read(place + (long) i * bytes, bytes, signed);
          if (targets[i] < 0) {
            continue;
          }
          if (wideTargets) {
            w.q[targets[i] + lane] = value;
          } else {
            w.r[targets[i] + lane] = (int) value;
          }
        }
        if (at >> 5 != last) {
          last = at >> 5;
          sectors++;
        }
      }
      if (ordered) {
        VarHandle.fullFence();
      }
      if (memory.global) {
        w.block.statistics.read((long) total * Integer.bitCount(mask), sectors);
      }
    }
  }

  static long read(long place, int bytes, boolean signed) {
    return switch (bytes) {
      case 1 -> signed ? ALL.get(Memory.BYTE, place) : ALL.get(Memory.BYTE, place) & 255;
      case 2 -> signed ? ALL.get(Memory.SHORT, place) : ALL.get(Memory.SHORT, place) & 0xffff;
      case 4 -> signed ? ALL.get(Memory.INT, place) : ALL.get(Memory.INT, place) & 0xffffffffL;
      default -> ALL.get(Memory.LONG, place);
    };
  }

  static void write(long place, int bytes, long value) {
    switch (bytes) {
      case 1 -> ALL.set(Memory.BYTE, place, (byte) value);
      case 2 -> ALL.set(Memory.SHORT, place, (short) value);
      case 4 -> ALL.set(Memory.INT, place, (int) value);
      default -> ALL.set(Memory.LONG, place, value);
    }
  }

  /** A store of {@code sources}, one register for each element. */
  static final class Store extends Step {
    private final Address address;
    private final int bytes;
    private final int[] sources;
    private final boolean wideSources;
    private final boolean ordered;

    Store(Address address, int bytes, int[] sources, boolean wideSources, boolean ordered) {
      this.address = address;
      this.bytes = bytes;
      this.sources = sources;
      this.wideSources = wideSources;
      this.ordered = ordered;
    }

    @Override
    void run(Warp w, int mask) {
      Memory memory = w.memory;
      int total = bytes * sources.length;
      int sectors = 0;
      long last = -1;
      if (ordered) {
        VarHandle.fullFence();
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int lane = Integer.numberOfTrailingZeros(m);
        long at = address.of(w, lane);
        if (w.block.races != null && sources.length == 1 && silent(w, lane, at)) {
          continue;
        }
        long place = memory.place(address.space, at, total, lane, Access.WRITE);
        for (int i = 0; i < sources.length; i++) {
          write(place + (long) i * bytes, bytes, source(w, i, lane));
        }
        memory.markWritten(place, total);
        if (at >> 5 != last) {
          last = at >> 5;
          sectors++;
        }
      }
      if (ordered) {
        VarHandle.fullFence();
      }
      if (memory.global) {
        w.block.statistics.written((long) total * Integer.bitCount(mask), sectors);
      }
    }

    private long source(Warp w, int i, int lane) {
      return wideSources ? w.q[sources[i] + lane] : w.r[sources[i] + lane];
    }

    /** Whether shared memory holds the value already: several threads that write the same value do no harm. */
    private boolean silent(Warp w, int lane, long at) {
      long offset = address.space == Space.SHARED ? at : address.space == Space.GENERIC && Space.SHARED.holds(at) ? at - Space.SHARED.window : -1;
      Block block = w.block;
      if (offset < 0 || offset > block.sharedBytes - bytes || (offset & bytes - 1) != 0) {
        return false;
      }
      long place = block.shared + offset;
      long kept = bytes == 8 ? -1 : (1L << 8 * bytes) - 1;
      return read(place + block.sharedShadow, bytes, false) == (0x0101010101010101L & kept)
          && read(place, bytes, false) == (source(w, 0, lane) & kept);
    }
  }
}
