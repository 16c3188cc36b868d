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

    /** The register's lanes, wide, in the warp's room for addresses. */
    long[] copy(Warp w) {
      long[] lanes = w.addresses;
      if (wide) {
        System.arraycopy(w.q, register, lanes, 0, LaneLoop.LANES);
      } else {
        for (int lane = 0; lane < LaneLoop.LANES; lane++) {
          lanes[lane] = w.r[register + lane] & 0xffffffffL;
        }
      }
      return lanes;
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
    return new Load(address, bytes, signed, targets, wideTargets, ordered);
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
      long[] q = w.q;
      int from = address.register;
      if (from >= 0 && !(address.wide && targets.length == 1)) {
        // the registers of the addresses may be among the targets
        q = address.copy(w);
        from = 0;
      }
      long distance = from < 0 ? Memory.NOT_TOGETHER : memory.together(address.space, q, from, address.offset, total, mask);
      if (distance == Memory.NOT_TOGETHER) {
        laneByLane(w, mask, total);
      } else {
        together(w, q, from, mask, total, distance);
      }
      if (ordered) {
        VarHandle.fullFence();
      }
    }

    private void together(Warp w, long[] q, int from, int mask, int total, long distance) {
      Memory memory = w.memory;
      if (memory.checksWritten()) {
        for (int m = mask; m != 0; m &= m - 1) {
          int lane = Integer.numberOfTrailingZeros(m);
          memory.checkWritten(q[from + lane] + distance, total, lane, q[from + lane] + address.offset);
        }
      }
      if (memory.global) {
        w.block.statistics.read((long) total * Integer.bitCount(mask), sectors(q, from, address.offset, mask));
      }
      for (int i = 0; i < targets.length; i++) {
        if (targets[i] >= 0) {
          element(w, q, from, targets[i], distance + (long) i * bytes, mask);
        }
      }
    }

    private void element(Warp w, long[] q, int from, int target, long distance, int mask) {
      int[] r = w.r;
      if (bytes == 4 && !wideTargets) {
        if (mask == -1) {
          for (int lane = 0; lane < LaneLoop.LANES; lane++) {
            r[target + lane] = ALL.get(Memory.INT, q[from + lane] + distance);
          }
          return;
        }
        for (int m = mask; m != 0; m &= m - 1) {
          int lane = Integer.numberOfTrailingZeros(m);
          r[target + lane] = ALL.get(Memory.INT, q[from + lane] + distance);
        }
        return;
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int lane = Integer.numberOfTrailingZeros(m);
        long value = read(q[from + lane] + distance, bytes, signed);
        if (wideTargets) {
          w.q[target + lane] = value;
        } else {
          r[target + lane] = (int) value;
        }
      }
    }

    private void laneByLane(Warp w, int mask, int total) {
      Memory memory = w.memory;
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
      if (memory.global) {
        w.block.statistics.read((long) total * Integer.bitCount(mask), sectors);
      }
    }
  }

  /** Sectors that the lanes reach, one after the other. */
  private static int sectors(long[] q, int from, long offset, int mask) {
    int sectors = 0;
    long last = -1;
    for (int m = mask; m != 0; m &= m - 1) {
      long sector = q[from + Integer.numberOfTrailingZeros(m)] + offset >> 5;
      sectors += sector != last ? 1 : 0;
      last = sector;
    }
    return sectors;
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
      if (ordered) {
        VarHandle.fullFence();
      }
      Memory memory = w.memory;
      int total = bytes * sources.length;
      long[] q = w.q;
      int from = address.register;
      if (from >= 0 && !address.wide) {
        q = address.copy(w);
        from = 0;
      }
      long distance = from < 0 ? Memory.NOT_TOGETHER : memory.together(address.space, q, from, address.offset, total, mask);
      if (distance == Memory.NOT_TOGETHER) {
        laneByLane(w, mask, total);
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int lane = Integer.numberOfTrailingZeros(m);
          long place = q[from + lane] + distance;
          for (int i = 0; i < sources.length; i++) {
            write(place + (long) i * bytes, bytes, source(w, i, lane));
          }
          memory.markWritten(place, total);
        }
        if (memory.global) {
          w.block.statistics.written((long) total * Integer.bitCount(mask), sectors(q, from, address.offset, mask));
        }
      }
      if (ordered) {
        VarHandle.fullFence();
      }
    }

    private void laneByLane(Warp w, int mask, int total) {
      Memory memory = w.memory;
      int sectors = 0;
      long last = -1;
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
