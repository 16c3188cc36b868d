package dev.jebena.cuda.emulator.ptx;

import dev.jebena.cuda.emulator.ptx.Memory.Access;
import dev.jebena.cuda.emulator.ptx.MemorySteps.Address;

/**
 * {@code mma.sync} and {@code ldmatrix}.
 *
 * <p>Fragments of {@code m16n8k*}, from the tables of the PTX manual: with group = lane / 4, within = lane % 4 and e elements in a register,
 * register i of A holds row {@code group + 8 (i % 2)} and columns {@code e within + 4 e (i / 2)} and following; register i of B holds column
 * {@code group} and rows {@code e within + 4 e i} and following; the accumulator holds rows {@code group} and {@code group + 8}, columns
 * {@code 2 within} and {@code 2 within + 1}.
 */
final class MatrixSteps {

  private static final int M = 16;
  private static final int N = 8;

  private MatrixSteps() {}

  /** The element types of A and B. */
  enum Element {
    F16(2),
    BF16(2),
    TF32(1),
    S8(4),
    U8(4),
    E4M3(4),
    E5M2(4);

    final int perRegister;

    Element(int perRegister) {
      this.perRegister = perRegister;
    }

    /** Element {@code index} of a register, of all lanes. */
    void read(int[] r, int register, int index, double[] values) {
      int shift = 32 / perRegister * index;
      switch (this) {
        case F16 -> {
          for (int l = 0; l < LaneLoop.LANES; l++) values[l] = Numbers.half(r[register + l] >> shift);
        }
        case BF16 -> {
          for (int l = 0; l < LaneLoop.LANES; l++) values[l] = Numbers.bfloat(r[register + l] >>> shift);
        }
        case TF32 -> {
          for (int l = 0; l < LaneLoop.LANES; l++) values[l] = Numbers.f(r[register + l] & 0xffffe000);
        }
        case S8 -> {
          for (int l = 0; l < LaneLoop.LANES; l++) values[l] = (byte) (r[register + l] >> shift);
        }
        case U8 -> {
          for (int l = 0; l < LaneLoop.LANES; l++) values[l] = r[register + l] >> shift & 255;
        }
        case E4M3 -> {
          for (int l = 0; l < LaneLoop.LANES; l++) values[l] = Numbers.e4m3(r[register + l] >> shift);
        }
        case E5M2 -> {
          for (int l = 0; l < LaneLoop.LANES; l++) values[l] = Numbers.e5m2(r[register + l] >> shift);
        }
      }
    }
  }

  /** Room for A (up to 32 columns), B, their product and one element of each lane. */
  static final class Operands {
    private final double[] left = new double[M * 32];
    private final double[] right = new double[32 * N];
    private final double[] products = new double[M * N];
    private final double[] values = new double[LaneLoop.LANES];
  }

  /** The types of the accumulator. */
  enum Sum {
    F32,
    F16,
    S32
  }

  /** D = A B + C on a warp's fragments. */
  static final class Multiply extends WarpSteps.Aligned {
    private final Element aType;
    private final Element bType;
    private final Sum sum;
    private final boolean saturate;
    private final int k;
    private final int[] d;
    private final int[] a;
    private final int[] b;
    private final int[] c;

    Multiply(Element aType, Element bType, Sum sum, boolean saturate, int k, int[] d, int[] a, int[] b, int[] c) {
      this.aType = aType;
      this.bType = bType;
      this.sum = sum;
      this.saturate = saturate;
      this.k = k;
      this.d = d;
      this.a = a;
      this.b = b;
      this.c = c;
      flops = 2 * M * N * k / LaneLoop.LANES;
    }

    @Override
    void together(Warp w, int mask) {
      if (mask != -1) {
        throw w.memory.fault(w.lane, KernelFault.Kind.SHUFFLE_MASK, "mma needs all 32 lanes, only 0x%08x are here".formatted(mask));
      }
      int[] r = w.r;
      Operands operands = w.block.operands();
      double[] left = operands.left;
      double[] right = operands.right;
      double[] products = operands.products;
      double[] values = operands.values;
      int e = aType.perRegister;
      for (int i = 0; i < a.length; i++) {
        int at = 8 * (i & 1) * k + 4 * e * (i >> 1);
        for (int j = 0; j < e; j++) {
          aType.read(r, a[i], j, values);
          for (int lane = 0; lane < LaneLoop.LANES; lane++) {
            left[at + (lane >> 2) * k + e * (lane & 3) + j] = values[lane];
          }
        }
      }
      for (int i = 0; i < b.length; i++) {
        for (int j = 0; j < e; j++) {
          bType.read(r, b[i], j, values);
          for (int lane = 0; lane < LaneLoop.LANES; lane++) {
            right[(4 * e * i + e * (lane & 3) + j) * N + (lane >> 2)] = values[lane];
          }
        }
      }
      for (int row = 0; row < M; row++) {
        multiplyRow(left, row * k, right, products, row * N);
      }
      for (int lane = 0; lane < LaneLoop.LANES; lane++) {
        for (int half = 0; half < 2; half++) {
          int at = ((lane >> 2) + 8 * half) * N + 2 * (lane & 3);
          add(r, lane, half, products[at], products[at + 1]);
        }
      }
    }

    /** One row of the product, its eight sums at once so that none waits for the one before. */
    private void multiplyRow(double[] left, int from, double[] right, double[] products, int to) {
      double c0 = 0;
      double c1 = 0;
      double c2 = 0;
      double c3 = 0;
      double c4 = 0;
      double c5 = 0;
      double c6 = 0;
      double c7 = 0;
      for (int i = 0; i < k; i++) {
        double x = left[from + i];
        int at = i * N;
        c0 += x * right[at];
        c1 += x * right[at + 1];
        c2 += x * right[at + 2];
        c3 += x * right[at + 3];
        c4 += x * right[at + 4];
        c5 += x * right[at + 5];
        c6 += x * right[at + 6];
        c7 += x * right[at + 7];
      }
      products[to] = c0;
      products[to + 1] = c1;
      products[to + 2] = c2;
      products[to + 3] = c3;
      products[to + 4] = c4;
      products[to + 5] = c5;
      products[to + 6] = c6;
      products[to + 7] = c7;
    }

    private void add(int[] r, int lane, int half, double first, double second) {
      switch (sum) {
        case F32 -> {
          r[d[2 * half] + lane] = Numbers.bits((float) (first + Numbers.f(r[c[2 * half] + lane])));
          r[d[2 * half + 1] + lane] = Numbers.bits((float) (second + Numbers.f(r[c[2 * half + 1] + lane])));
        }
        case F16 -> {
          int before = r[c[half] + lane];
          r[d[half] + lane] = Numbers.toHalf(first + Numbers.half(before)) | Numbers.toHalf(second + Numbers.half(before >> 16)) << 16;
        }
        case S32 -> {
          r[d[2 * half] + lane] = integer((long) first + r[c[2 * half] + lane]);
          r[d[2 * half + 1] + lane] = integer((long) second + r[c[2 * half + 1] + lane]);
        }
      }
    }

    private int integer(long value) {
      return saturate ? (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, value)) : (int) value;
    }
  }

  /** {@code ldmatrix}: lane l of each eight gives the address of row l % 8 of matrix l / 8. */
  static final class LoadMatrix extends WarpSteps.Aligned {
    private final Address address;
    private final boolean transposed;
    private final int[] targets;

    LoadMatrix(Address address, boolean transposed, int[] targets) {
      this.address = address;
      this.transposed = transposed;
      this.targets = targets;
    }

    @Override
    void together(Warp w, int mask) {
      if (mask != -1) {
        throw w.memory.fault(w.lane, KernelFault.Kind.SHUFFLE_MASK, "ldmatrix needs all 32 lanes, only 0x%08x are here".formatted(mask));
      }
      int[] elements = new int[64];
      for (int matrix = 0; matrix < targets.length; matrix++) {
        for (int row = 0; row < 8; row++) {
          int lane = 8 * matrix + row;
          long place = rowPlace(w, address, lane, Access.READ);
          for (int i = 0; i < 8; i++) {
            elements[8 * row + i] = Memory.ALL.get(Memory.SHORT, place + 2 * i) & 0xffff;
          }
        }
        for (int lane = 0; lane < LaneLoop.LANES; lane++) {
          int row = lane >> 2;
          int column = 2 * (lane & 3);
          w.r[targets[matrix] + lane] = transposed
              ? elements[8 * column + row] | elements[8 * (column + 1) + row] << 16
              : elements[8 * row + column] | elements[8 * row + column + 1] << 16;
        }
      }
    }
  }

  /** {@code stmatrix}. */
  static final class StoreMatrix extends WarpSteps.Aligned {
    private final Address address;
    private final boolean transposed;
    private final int[] sources;

    StoreMatrix(Address address, boolean transposed, int[] sources) {
      this.address = address;
      this.transposed = transposed;
      this.sources = sources;
    }

    @Override
    void together(Warp w, int mask) {
      for (int matrix = 0; matrix < sources.length; matrix++) {
        for (int row = 0; row < 8; row++) {
          long place = rowPlace(w, address, 8 * matrix + row, Access.WRITE);
          for (int i = 0; i < 8; i++) {
            int lane = transposed ? 4 * i + row / 2 : 4 * row + i / 2;
            int half = transposed ? row & 1 : i & 1;
            Memory.ALL.set(Memory.SHORT, place + 2 * i, (short) (w.r[sources[matrix] + lane] >> 16 * half));
          }
          w.memory.markWritten(place, 16);
        }
      }
    }
  }

  /** The place of the 16 bytes of a row. */
  private static long rowPlace(Warp w, Address address, int lane, Access access) {
    long at = address.of(w, lane);
    long offset = Space.SHARED.holds(at) ? at - Space.SHARED.window : at;
    long place = w.memory.place(Space.SHARED, offset, 16, lane, access);
    if (access == Access.READ) {
      w.memory.checkWritten(place, 16, lane, offset);
    }
    return place;
  }
}
