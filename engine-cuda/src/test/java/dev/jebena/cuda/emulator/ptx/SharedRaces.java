package dev.jebena.cuda.emulator.ptx;

import dev.jebena.cuda.emulator.ptx.Memory.Access;
import java.util.Arrays;

/**
 * Finds accesses to a byte of shared memory by two threads, at least one of them a write, that no barrier puts in order.
 *
 * <p>Each warp has a clock that advances at its barriers, and knows of each other warp's clock what the last barrier told it (a vector clock).
 * An access is in order after another one if its warp knows that the other's clock has advanced since. Threads of one warp are put in
 * order by {@code bar.warp.sync} and barriers only, not by lockstep, which GPUs do not promise.
 */
final class SharedRaces {

  private final Block block;
  private final int warps;
  private final int[][] known;

  // what those that only arrived at a barrier knew
  private final int[][] left;
  private final int[] writer;
  private final int[] writeClock;
  private final int[] writeStep;
  private final int[] reader;
  private final int[] readClock;
  private final int[] readStep;
  private final byte[] writeAtomic;

  // words that were only ever accessed as a whole keep their state in the place of their first byte
  private final boolean[] byBytes;

  // a second thread that read the byte: whoever of the two writes later, the other one is still known
  private final int[] secondReader;
  private final int[] secondClock;
  private final int[] secondStep;

  SharedRaces(Block block, int warps, int bytes) {
    this.block = block;
    this.warps = warps;
    known = new int[warps][warps];
    left = new int[16][warps];
    writer = new int[bytes];
    writeClock = new int[bytes];
    writeStep = new int[bytes];
    reader = new int[bytes];
    readClock = new int[bytes];
    readStep = new int[bytes];
    writeAtomic = new byte[bytes];
    byBytes = new boolean[bytes / 4 + 1];
    secondReader = new int[bytes];
    secondClock = new int[bytes];
    secondStep = new int[bytes];
  }

  void start() {
    Arrays.fill(writer, -1);
    Arrays.fill(byBytes, false);
    Arrays.fill(reader, -1);
    Arrays.fill(secondReader, -1);
    for (int[] clocks : known) {
      Arrays.fill(clocks, 0);
    }
    for (int[] clocks : left) {
      Arrays.fill(clocks, 0);
    }
  }

  /** A barrier among the threads of a warp. */
  void warpBarrier(int warp) {
    known[warp][warp]++;
  }

  /** A warp arrives at barrier {@code id} and does not wait: those that wait are in order after it. */
  void arrive(int id, int warp) {
    known[warp][warp]++;
    for (int i = 0; i < warps; i++) {
      left[id & 15][i] = Math.max(left[id & 15][i], known[warp][i]);
    }
  }

  /** Barrier {@code id} opens for the warps of {@code arrived}. */
  void barrier(int id, boolean[] arrived) {
    int[] joined = left[id].clone();
    Arrays.fill(left[id], 0);
    for (int i = 0; i < warps; i++) {
      if (arrived[i]) {
        known[i][i]++;
        for (int j = 0; j < warps; j++) {
          joined[j] = Math.max(joined[j], known[i][j]);
        }
      }
    }
    for (int i = 0; i < warps; i++) {
      if (arrived[i]) {
        System.arraycopy(joined, 0, known[i], 0, warps);
      }
    }
  }

  void access(Warp warp, int lane, int offset, int bytes, Access access) {
    int thread = warp.number * LaneLoop.LANES + lane;
    int clock = known[warp.number][warp.number];
    if (bytes < 4 && !byBytes[offset / 4]) {
      spread(offset / 4 * 4);
    }
    for (int i = offset; i < offset + bytes; i += byBytes[i / 4] ? 1 : 4) {
      if (writer[i] >= 0 && writer[i] != thread && !ordered(warp.number, writer[i], writeClock[i])
          && !(access == Access.ATOMIC && writeAtomic[i] != 0)) {
        throw race(warp, lane, i, access, "write", writer[i], writeStep[i]);
      }
      if (access == Access.READ) {
        if (reader[i] >= 0 && reader[i] != thread && !ordered(warp.number, reader[i], readClock[i])) {
          secondReader[i] = thread;
          secondClock[i] = clock;
          secondStep[i] = warp.pc;
        } else {
          reader[i] = thread;
          readClock[i] = clock;
          readStep[i] = warp.pc;
        }
      } else {
        if (reader[i] >= 0 && reader[i] != thread && !ordered(warp.number, reader[i], readClock[i])) {
          throw race(warp, lane, i, access, "read", reader[i], readStep[i]);
        }
        if (secondReader[i] >= 0 && secondReader[i] != thread && !ordered(warp.number, secondReader[i], secondClock[i])) {
          throw race(warp, lane, i, access, "read", secondReader[i], secondStep[i]);
        }
        writer[i] = thread;
        writeClock[i] = clock;
        writeStep[i] = warp.pc;
        writeAtomic[i] = (byte) (access == Access.ATOMIC ? 1 : 0);
      }
    }
  }

  /** Gives each byte of a word a state of its own. */
  private void spread(int from) {
    byBytes[from / 4] = true;
    int to = Math.min(from + 4, writer.length);
    for (int[] state : new int[][] {writer, writeClock, writeStep, reader, readClock, readStep, secondReader, secondClock, secondStep}) {
      Arrays.fill(state, from + 1, to, state[from]);
    }
    Arrays.fill(writeAtomic, from + 1, to, writeAtomic[from]);
  }

  private boolean ordered(int warp, int otherThread, int otherClock) {
    return known[warp][otherThread / LaneLoop.LANES] > otherClock;
  }

  private KernelFault race(Warp warp, int lane, int offset, Access access, String other, int otherThread, int otherStep) {
    Step step = block.kernel.steps[otherStep];
    return warp.memory.fault(lane, KernelFault.Kind.RACE,
        "data race on shared memory at offset %d: this %s and a %s by %s at line %d (%s) have no barrier between".formatted(offset,
            access == Access.READ ? "read" : "write", other, block.thread(otherThread), step.line, step.text));
  }
}
