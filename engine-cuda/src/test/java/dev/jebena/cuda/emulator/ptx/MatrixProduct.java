package dev.jebena.cuda.emulator.ptx;

import static dev.jebena.cuda.emulator.ptx.Memory.ALL;

/**
 * {@code C = alpha op(A) op(B) + beta C}, column-major, on device memory, with the meaning of cuBLAS' {@code gemmEx}: products and sums in float.
 *
 * @param transposeA 0: as it is, 1: transposed
 * @param m rows of C
 * @param n columns of C
 * @param k what is summed over
 * @param batch how many products, each operand moved on by its stride
 * @param compute cuBLAS' compute type
 */
public record MatrixProduct(int transposeA, int transposeB, int m, int n, int k, float alpha, Operand a, Operand b, float beta, Operand c, int batch,
    int compute) {

  public static final int COMPUTE_16F = 64;
  public static final int COMPUTE_32F = 68;

  /**
   * A matrix in device memory.
   *
   * @param type 0 float, 2 half, 14 bfloat16
   * @param leading elements from a column to the next
   * @param stride elements from one of the batch to the next
   */
  public record Operand(long address, int type, int leading, long stride) {
    int bytes() {
      return switch (type) {
        case 0 -> 4;
        case 2, 14 -> 2;
        default -> throw new UnsupportedOperationException("matrices of cudaDataType " + type + " are not emulated");
      };
    }

    private float read(long place) {
      return switch (type) {
        case 0 -> Numbers.f(ALL.get(Memory.INT, place));
        case 2 -> Numbers.half(ALL.get(Memory.SHORT, place));
        default -> Numbers.bfloat(ALL.get(Memory.SHORT, place) & 0xffff);
      };
    }

    private void write(long place, float value) {
      switch (type) {
        case 0 -> ALL.set(Memory.INT, place, Numbers.bits(value));
        case 2 -> ALL.set(Memory.SHORT, place, (short) Numbers.toHalf(value));
        default -> ALL.set(Memory.SHORT, place, (short) Numbers.toBfloat(value));
      }
    }
  }

  private boolean transposedA() {
    return transposeA != 0;
  }

  private boolean transposedB() {
    return transposeB != 0;
  }

  /** Bytes from the first to the last element that is touched. */
  private static long extent(Operand operand, int rows, int columns, int batch) {
    return columns == 0 || rows == 0 ? 0 : ((batch - 1) * operand.stride + (long) (columns - 1) * operand.leading + rows) * operand.bytes();
  }

  /**
   * Checks sizes, types and places.
   *
   * @throws IllegalArgumentException for sizes that do not fit
   * @throws UnsupportedOperationException for types that are not emulated
   * @throws KernelFault for memory that is not there
   */
  public void check(AddressSpace space) {
    if (transposeA < 0 || transposeA > 2 || transposeB < 0 || transposeB > 2 || m < 0 || n < 0 || k < 0 || batch < 0
        || a.leading < Math.max(1, transposedA() ? k : m) || b.leading < Math.max(1, transposedB() ? n : k) || c.leading < Math.max(1, m)) {
      throw new IllegalArgumentException("sizes do not fit: " + this);
    }
    boolean floats = compute == COMPUTE_32F || compute == 69 || compute == 74 || compute == 75 || compute == 77;
    if (!floats && compute != COMPUTE_16F || a.type != b.type) {
      throw new UnsupportedOperationException("compute type " + compute + " with types " + a.type + ", " + b.type + " and " + c.type + " is not emulated");
    }
    for (Operand operand : new Operand[] {a, b, c}) {
      if (operand.address % operand.bytes() != 0) {
        throw new IllegalArgumentException("misaligned matrix at 0x%x".formatted(operand.address));
      }
    }
    if (m == 0 || n == 0 || batch == 0) {
      return;
    }
    space.require(c.address, extent(c, m, n, batch));
    if (k > 0) {
      space.require(a.address, extent(a, transposedA() ? k : m, transposedA() ? m : k, batch));
      space.require(b.address, extent(b, transposedB() ? n : k, transposedB() ? k : n, batch));
    }
  }

  /** Computes the product. */
  public void run(AddressSpace space) {
    check(space);
    if (m == 0 || n == 0 || batch == 0) {
      return;
    }
    float[] left = new float[m * k];
    float[] right = new float[n * k];
    for (int z = 0; z < batch; z++) {
      gather(space, "A", a, z, m, transposedA(), left);
      gather(space, "B", b, z, n, !transposedB(), right);
      long place = place(space, c.address) + z * c.stride * c.bytes();
      long marks = space.require(c.address, 1).shadowDelta;
      for (int column = 0; column < n; column++) {
        for (int row = 0; row < m; row++) {
          float sum = 0;
          for (int i = 0; i < k; i++) {
            sum += left[row * k + i] * right[column * k + i];
          }
          long at = place + ((long) column * c.leading + row) * c.bytes();
          c.write(at, alpha * sum + (beta == 0 ? 0 : beta * c.read(at)));
          if (marks != 0) {
            for (int i = 0; i < c.bytes(); i++) {
              ALL.set(Memory.BYTE, at + marks + i, (byte) 1);
            }
          }
        }
      }
    }
  }

  private static long place(AddressSpace space, long address) {
    Allocation allocation = space.require(address, 1);
    return allocation.data + (address - allocation.address);
  }

  /** Copies an operand to rows of k elements. {@code along}: the k elements of a row lie side by side. */
  private void gather(AddressSpace space, String name, Operand from, int z, int rows, boolean along, float[] to) {
    if (k == 0) {
      return;
    }
    long place = place(space, from.address) + z * from.stride * from.bytes();
    long marks = space.require(from.address, 1).shadowDelta;
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < k; i++) {
        long at = place + (along ? (long) row * from.leading + i : (long) i * from.leading + row) * from.bytes();
        if (marks != 0 && ALL.get(Memory.BYTE, at + marks) == 0) {
          throw new KernelFault(KernelFault.Kind.UNINITIALISED, "uninitialised element of %s (row %d, %d of k): %s".formatted(name, row, i, this));
        }
        to[row * k + i] = from.read(at);
      }
    }
  }
}
