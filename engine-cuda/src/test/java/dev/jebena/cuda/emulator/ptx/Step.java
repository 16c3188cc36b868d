package dev.jebena.cuda.emulator.ptx;

/** An instruction, decoded. */
abstract class Step {

  /** The number of the predicate that says which lanes take part, or -1. */
  int guard = -1;

  /** Whether the lanes whose predicate is false take part. */
  boolean negated;

  int line;
  String text = "";

  /** Floating-point (or dot product) operations that a lane does here. */
  int flops;

  /** Whether the step itself moves the warp on to its next step. */
  final boolean control;

  Step() {
    this(false);
  }

  Step(boolean control) {
    this.control = control;
  }

  /**
   * Runs the step.
   *
   * @param mask the lanes that take part; never 0 for a step that is not control
   */
  abstract void run(Warp w, int mask);

  /** Arithmetic on registers. */
  static final class Arithmetic extends Step {
    private final LaneLoop loop;
    private final boolean wide;
    private final int d;
    private final int a;
    private final int b;
    private final int c;

    Arithmetic(LaneLoop loop, boolean wide, int d, int a, int b, int c) {
      this.loop = loop;
      this.wide = wide;
      this.d = d;
      this.a = a;
      this.b = b;
      this.c = c;
    }

    @Override
    void run(Warp w, int mask) {
      if (mask == -1) {
        loop.apply(w.r, w.q, d, a, b, c);
        return;
      }
      loop.apply(w.r, w.q, 0, a, b, c);
      if (wide) {
        commitWide(w, d, mask);
      } else {
        commit(w, d, mask);
      }
    }
  }

  /** Takes over the lanes of {@code mask} from the scratch register. */
  static void commit(Warp w, int d, int mask) {
    int[] r = w.r;
    for (int m = mask; m != 0; m &= m - 1) {
      int l = Integer.numberOfTrailingZeros(m);
      r[d + l] = r[l];
    }
  }

  static void commitWide(Warp w, int d, int mask) {
    long[] q = w.q;
    for (int m = mask; m != 0; m &= m - 1) {
      int l = Integer.numberOfTrailingZeros(m);
      q[d + l] = q[l];
    }
  }

  /** A step that is one statement over the warp. */
  @FunctionalInterface
  interface Body {
    void run(Warp w, int mask);
  }

  static Step of(Body body) {
    return new Step() {
      @Override
      void run(Warp w, int mask) {
        body.run(w, mask);
      }
    };
  }

  /** A jump, for all lanes of the mask. The target is known when all labels are. */
  static final class Branch extends Step {
    int target;

    Branch() {
      super(true);
    }

    @Override
    void run(Warp w, int mask) {
      w.branch(target, mask);
    }
  }

  /** The end of a thread. */
  static final class Exit extends Step {
    Exit() {
      super(true);
    }

    @Override
    void run(Warp w, int mask) {
      w.exit(mask);
    }
  }

  /** Something that lanes do together: it waits until all lanes that it names are here. */
  abstract static class Collective extends Step {
    Collective() {
      super(true);
    }

    /** The lanes that {@code lane} expects to take part. */
    abstract int members(Warp w, int lane);

    /** Whether all lanes expect all lanes. */
    abstract boolean everyone(Warp w);

    /** Runs with all lanes of {@code mask} here. */
    abstract void together(Warp w, int mask);

    @Override
    final void run(Warp w, int mask) {
      w.collective(this, mask);
    }
  }
}
