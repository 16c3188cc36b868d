package dev.jebena.cuda.emulator.ptx;

import dev.jebena.cuda.emulator.ptx.Step.Collective;

/** What the lanes of a warp do together: shuffles, votes, matches, reductions, warp barriers. */
final class WarpSteps {

  private static final int L = LaneLoop.LANES;

  private WarpSteps() {}

  /** A collective whose mask of members is in a register. */
  abstract static class Masked extends Collective {
    private final int members;

    Masked(int members) {
      this.members = members;
    }

    @Override
    int members(Warp w, int lane) {
      return w.r[members + lane];
    }

    @Override
    boolean everyone(Warp w) {
      int all = -1;
      for (int l = 0; l < L; l++) {
        all &= w.r[members + l];
      }
      return all == -1;
    }
  }

  /** Moves values between lanes. {@code inRange} is the predicate that says whether the source lane was in range; 0: not wanted. */
  static final class Shuffle extends Masked {
    /** Where a lane reads. */
    enum Mode {
      UP,
      DOWN,
      BFLY,
      IDX
    }

    private final Mode mode;
    private final int target;
    private final int inRange;
    private final int source;
    private final int b;
    private final int c;

    Shuffle(Mode mode, int target, int inRange, int source, int b, int c, int members) {
      super(members);
      this.mode = mode;
      this.target = target;
      this.inRange = inRange;
      this.source = source;
      this.b = b;
      this.c = c;
    }

    @Override
    void together(Warp w, int mask) {
      int[] r = w.r;
      int valid = 0;
      for (int m = mask; m != 0; m &= m - 1) {
        int lane = Integer.numberOfTrailingZeros(m);
        int offset = r[b + lane] & 31;
        int clamp = r[c + lane] & 31;
        int segment = r[c + lane] >> 8 & 31;
        int max = lane & segment | clamp & ~segment;
        int min = lane & segment;
        int from =
            switch (mode) {
              case UP -> lane - offset;
              case DOWN -> lane + offset;
              case BFLY -> lane ^ offset;
              case IDX -> min | offset & ~segment;
            };
        boolean ok = mode == Mode.UP ? from >= max : from <= max;
        if (ok) {
          valid |= 1 << lane;
        } else {
          from = lane;
        }
        if ((mask >> from & 1) == 0) {
          throw w.memory.fault(lane, KernelFault.Kind.SHUFFLE_MASK,
              "lane %d reads lane %d, which does not take part in the shuffle (lanes 0x%x do)".formatted(lane, from, mask));
        }
        r[lane] = r[source + from];
      }
      Step.commit(w, target, mask);
      w.p[inRange] = w.p[inRange] & ~mask | valid;
    }
  }

  /** {@code vote.sync}: into a register for a ballot, into a predicate otherwise. */
  static final class Vote extends Masked {
    private final String mode;
    private final int target;
    private final int source;
    private final boolean negated;

    Vote(String mode, int target, int source, boolean negated, int members) {
      super(members);
      this.mode = mode;
      this.target = target;
      this.source = source;
      this.negated = negated;
    }

    @Override
    void together(Warp w, int mask) {
      int votes = (negated ? ~w.p[source] : w.p[source]) & mask;
      if (mode.equals("ballot")) {
        for (int m = mask; m != 0; m &= m - 1) {
          w.r[target + Integer.numberOfTrailingZeros(m)] = votes;
        }
        return;
      }
      boolean result =
          switch (mode) {
            case "any" -> votes != 0;
            case "all" -> votes == mask;
            default -> votes == 0 || votes == mask;
          };
      w.p[target] = result ? w.p[target] | mask : w.p[target] & ~mask;
    }
  }

  /** {@code match.sync}: the lanes that hold the same value. {@code agreed} is the predicate of {@code match.all}; 0: none. */
  static final class Match extends Masked {
    private final boolean all;
    private final boolean wide;
    private final int target;
    private final int agreed;
    private final int source;

    Match(boolean all, boolean wide, int target, int agreed, int source, int members) {
      super(members);
      this.all = all;
      this.wide = wide;
      this.target = target;
      this.agreed = agreed;
      this.source = source;
    }

    @Override
    void together(Warp w, int mask) {
      int agreeing = 0;
      for (int m = mask; m != 0; m &= m - 1) {
        int lane = Integer.numberOfTrailingZeros(m);
        int same = 0;
        for (int n = mask; n != 0; n &= n - 1) {
          int other = Integer.numberOfTrailingZeros(n);
          boolean equal = wide ? w.q[source + lane] == w.q[source + other] : w.r[source + lane] == w.r[source + other];
          same |= (equal ? 1 : 0) << other;
        }
        boolean everyone = same == mask;
        agreeing |= (everyone ? 1 : 0) << lane;
        w.r[lane] = all && !everyone ? 0 : same;
      }
      Step.commit(w, target, mask);
      w.p[agreed] = w.p[agreed] & ~mask | agreeing;
    }
  }

  /** {@code redux.sync}. */
  static final class Reduce extends Masked {
    private final String operation;
    private final int target;
    private final int source;

    Reduce(String operation, int target, int source, int members) {
      super(members);
      this.operation = operation;
      this.target = target;
      this.source = source;
    }

    @Override
    void together(Warp w, int mask) {
      int result = w.r[source + Integer.numberOfTrailingZeros(mask)];
      for (int m = mask & mask - 1; m != 0; m &= m - 1) {
        int value = w.r[source + Integer.numberOfTrailingZeros(m)];
        result =
            switch (operation) {
              case "add" -> result + value;
              case "and" -> result & value;
              case "or" -> result | value;
              case "xor" -> result ^ value;
              case "min.s32" -> Math.min(result, value);
              case "max.s32" -> Math.max(result, value);
              case "min.u32" -> Integer.compareUnsigned(result, value) < 0 ? result : value;
              default -> Integer.compareUnsigned(result, value) > 0 ? result : value;
            };
      }
      for (int m = mask; m != 0; m &= m - 1) {
        w.r[target + Integer.numberOfTrailingZeros(m)] = result;
      }
    }
  }

  /** {@code bar.warp.sync}. */
  static final class WarpBarrier extends Masked {
    WarpBarrier(int members) {
      super(members);
    }

    @Override
    void together(Warp w, int mask) {
      if (w.block.races != null) {
        w.block.races.warpBarrier(w.number);
      }
    }
  }

  /** A collective of the whole warp: {@code .aligned} instructions. */
  abstract static class Aligned extends Collective {
    @Override
    int members(Warp w, int lane) {
      return w.live | 1 << lane;
    }

    @Override
    boolean everyone(Warp w) {
      return true;
    }
  }
}
