package dev.jebena.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector shapes of this process. They are constants of the JIT, so there is one width for a process: the widest that the machine has
 * up to 512 bits, or what the property {@code jebena.vectorBits} (128, 256, 512) asks for, so that every width can be tested anywhere.
 */
final class Lanes {

  static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;
  static final int BITS = chooseBits();
  static final VectorSpecies<Float> FLOAT = VectorSpecies.of(float.class, VectorShape.forBitSize(BITS));
  static final VectorSpecies<Integer> INT = VectorSpecies.of(int.class, VectorShape.forBitSize(BITS));
  /** As many shorts as {@link #INT} has lanes; 64 bits is the smallest shape. */
  static final VectorSpecies<Short> SHORT = VectorSpecies.of(short.class, VectorShape.forBitSize(BITS / 2));
  /** At least as many bytes as {@link #INT} has lanes. */
  static final VectorSpecies<Byte> BYTE = VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, BITS / 4)));
  /**
   * All memory outside the heap, by address. The one constant segment that kernels read through: its class and bounds are known to the JIT
   * whatever other segments the process uses, and no segment has to be made for a call. Addresses must be of memory that is held.
   */
  static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  /** Lanes of a vector of floats. */
  static final int WIDTH = FLOAT.length();

  private Lanes() {}

  private static int chooseBits() {
    int bits = Integer.getInteger("jebena.vectorBits", Math.min(512, FloatVector.SPECIES_PREFERRED.vectorBitSize()));
    if (bits != 128 && bits != 256 && bits != 512) {
      throw new IllegalArgumentException("jebena.vectorBits is " + bits + ": use 128, 256 or 512");
    }
    return bits;
  }

  /** Touches the species, so that a failure shows at once. */
  static String describe() {
    return BITS + " bits, " + FloatVector.zero(FLOAT).length() + " floats; shorts "
        + ShortVector.zero(SHORT).length() + ", bytes " + ByteVector.zero(BYTE).length() + ", ints " + IntVector.zero(INT).length();
  }
}
