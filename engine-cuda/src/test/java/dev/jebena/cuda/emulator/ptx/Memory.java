package dev.jebena.cuda.emulator.ptx;

import dev.jebena.cuda.emulator.ptx.KernelFault.Kind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A warp's way to memory: finds and checks the place of every access. */
final class Memory {

  /** What an access does. */
  enum Access {
    READ,
    WRITE,
    ATOMIC
  }

  static final MemorySegment ALL = NativePages.ALL;
  static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  /** No distance between two addresses. */
  static final long NOT_TOGETHER = Long.MIN_VALUE;

  private final Warp warp;
  private final boolean checkWritten;

  // the allocation of the last access to global memory: the next one is mostly there too
  private long base;
  private long limit;
  private long data;
  private long delta;

  /** Distance from the place found last to its marks, 0 where there are none. */
  long shadow;

  /** Whether the place found last lies in global memory. */
  boolean global;

  Memory(Warp warp) {
    this.warp = warp;
    this.checkWritten = warp.block.checks.contains(Check.UNINITIALISED);
  }

  /** Forgets what was found in an earlier launch. */
  void start() {
    base = 0;
    limit = 0;
  }

  /**
   * The place in this process of {@code bytes} bytes at {@code address} for a lane.
   *
   * @throws KernelFault where the lane must not go there
   */
  long place(Space space, long address, int bytes, int lane, Access access) {
    if ((address & bytes - 1) != 0) {
      throw fault(lane, Kind.MISALIGNED, "misaligned %s of %d bytes at 0x%x".formatted(name(access), bytes, address));
    }
    return switch (space) {
      case GLOBAL, CONST -> global(address, bytes, lane);
      case SHARED -> shared(address, bytes, lane, access);
      case LOCAL -> local(address, bytes, lane);
      case PARAM -> param(address, bytes, lane);
      case GENERIC -> generic(address, bytes, lane, access);
    };
  }

  /**
   * Finds all lanes' places at once where they lie in one allocation or in shared memory, as they mostly do, and need no look at races. Sets {@link #shadow} and
   * {@link #global}.
   *
   * @param from register of the addresses, in {@code q}
   * @return what has to be added to an address for its place; {@link #NOT_TOGETHER} where each lane has to be looked at by itself
   */
  long together(Space space, long[] q, int from, long offset, int bytes, int mask) {
    long least = Long.MAX_VALUE;
    long most = Long.MIN_VALUE;
    long bits = 0;
    if (mask == -1) {
      for (int lane = from; lane < from + LaneLoop.LANES; lane++) {
        long at = q[lane];
        least = Math.min(least, at);
        most = Math.max(most, at);
        bits |= at + offset;
      }
    } else {
      for (int m = mask; m != 0; m &= m - 1) {
        long at = q[from + Integer.numberOfTrailingZeros(m)];
        least = Math.min(least, at);
        most = Math.max(most, at);
        bits |= at + offset;
      }
    }
    least += offset;
    most += offset;
    if ((bits & bytes - 1) != 0) {
      return NOT_TOGETHER;
    }
    if (space == Space.SHARED) {
      Block block = warp.block;
      if (block.races != null || least < 0 || most > block.sharedBytes - bytes) {
        return NOT_TOGETHER;
      }
      global = false;
      shadow = block.sharedShadow;
      return block.shared + offset;
    }
    if (space != Space.GLOBAL) {
      return NOT_TOGETHER;
    }
    if (least < base || most - base > limit - bytes) {
      int first = Integer.numberOfTrailingZeros(mask);
      seek(q[from + first] + offset, bytes, first);
      if (least < base || most - base > limit - bytes) {
        return NOT_TOGETHER;
      }
    }
    global = true;
    shadow = delta;
    return data - base + offset;
  }

  private long generic(long address, int bytes, int lane, Access access) {
    if (Space.SHARED.holds(address)) {
      return shared(address - Space.SHARED.window, bytes, lane, access);
    }
    if (Space.LOCAL.holds(address)) {
      return local(address - Space.LOCAL.window, bytes, lane);
    }
    if (Space.PARAM.holds(address)) {
      return param(address - Space.PARAM.window, bytes, lane);
    }
    return global(address, bytes, lane);
  }

  private long global(long address, int bytes, int lane) {
    global = true;
    long offset = address - base;
    if (offset < 0 || offset > limit - bytes) {
      seek(address, bytes, lane);
      offset = address - base;
    }
    shadow = delta;
    return data + offset;
  }

  private void seek(long address, int bytes, int lane) {
    Grid grid = warp.block.grid;
    Allocation found;
    try {
      found = grid.space.require(address, bytes);
    } catch (KernelFault e) {
      throw fault(lane, e.kind(), e.getMessage());
    }
    if (found.device != Allocation.HOST && found.device != grid.device && !grid.peers.test(found.device)) {
      throw fault(lane, Kind.ILLEGAL_ADDRESS,
          "illegal address 0x%x: %s, and device %d has no peer access to it".formatted(address, found, grid.device));
    }
    base = found.address;
    limit = found.bytes;
    data = found.data;
    delta = found.shadowDelta;
  }

  private long shared(long address, int bytes, int lane, Access access) {
    global = false;
    Block block = warp.block;
    if (address < 0 || address > block.sharedBytes - bytes) {
      throw fault(lane, Kind.ILLEGAL_ADDRESS,
          "shared memory out of bounds: %s of %d bytes at offset %d of %d".formatted(name(access), bytes, address, block.sharedBytes));
    }
    if (block.races != null) {
      block.races.access(warp, lane, (int) address, bytes, access);
    }
    shadow = block.sharedShadow;
    return block.shared + address;
  }

  private long local(long address, int bytes, int lane) {
    global = false;
    Block block = warp.block;
    if (address < 0 || address > block.kernel.localBytes - bytes) {
      throw fault(lane, Kind.ILLEGAL_ADDRESS, "local memory out of bounds: offset %d of %d".formatted(address, block.kernel.localBytes));
    }
    shadow = block.localShadow;
    return block.local + (long) (warp.number * LaneLoop.LANES + lane) * block.localStride + address;
  }

  private long param(long address, int bytes, int lane) {
    global = false;
    Grid grid = warp.block.grid;
    if (address < 0 || address > warp.block.kernel.parameterBytes - bytes) {
      throw fault(lane, Kind.ILLEGAL_ADDRESS, "parameters out of bounds: offset %d of %d".formatted(address, warp.block.kernel.parameterBytes));
    }
    shadow = 0;
    return grid.parameters.address() + address;
  }

  /** Whether there are marks of what was written at the place found last, and they are looked at. */
  boolean checksWritten() {
    return checkWritten && shadow != 0;
  }

  /** Sees to it that {@code bytes} bytes at the place found last were written once. */
  void checkWritten(long place, int bytes, int lane, long address) {
    if (!checkWritten || shadow == 0) {
      return;
    }
    boolean written =
        switch (bytes) {
          case 1 -> ALL.get(BYTE, place + shadow) == 1;
          case 2 -> ALL.get(SHORT, place + shadow) == 0x0101;
          case 4 -> ALL.get(INT, place + shadow) == 0x01010101;
          case 8 -> ALL.get(LONG, place + shadow) == 0x0101010101010101L;
          default -> ALL.get(LONG, place + shadow) == 0x0101010101010101L && ALL.get(LONG, place + shadow + 8) == 0x0101010101010101L;
        };
    if (!written) {
      throw fault(lane, Kind.UNINITIALISED, "uninitialised read of %d bytes at 0x%x%s".formatted(bytes, address, global ? " of " + describe(address) : ""));
    }
  }

  private String describe(long address) {
    return warp.block.grid.space.containing(address).map(a -> "offset " + (address - a.address()) + " of " + a).orElse("?");
  }

  /** Marks bytes at the place found last as written. */
  void markWritten(long place, int bytes) {
    if (shadow == 0) {
      return;
    }
    switch (bytes) {
      case 1 -> ALL.set(BYTE, place + shadow, (byte) 1);
      case 2 -> ALL.set(SHORT, place + shadow, (short) 0x0101);
      case 4 -> ALL.set(INT, place + shadow, 0x01010101);
      case 8 -> ALL.set(LONG, place + shadow, 0x0101010101010101L);
      default -> {
        ALL.set(LONG, place + shadow, 0x0101010101010101L);
        ALL.set(LONG, place + shadow + 8, 0x0101010101010101L);
      }
    }
  }

  private static String name(Access access) {
    return switch (access) {
      case READ -> "read";
      case WRITE -> "write";
      case ATOMIC -> "atomic access";
    };
  }

  KernelFault fault(int lane, Kind kind, String message) {
    warp.lane = lane;
    return new KernelFault(kind, message);
  }
}
