package dev.jebena.cpu;

import static dev.jebena.cpu.Lanes.FLOAT;
import static dev.jebena.cpu.Lanes.WIDTH;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** What the Vector API lacks, or leaves open: an exponential, and sums in a fixed order. */
@SuppressWarnings("FloatingPointLiteralPrecision") // the coefficients as they are published
final class VectorMath {

  private static final float LOG2_E = 1.44269504f;
  /** log 2 in two parts, the first with few bits, so that a multiple of it is exact. */
  private static final float LN2_HIGH = 0.693359375f;

  private static final float LN2_LOW = -2.12194440e-4f;
  private static final float SMALLEST = -87.3f;
  private static final float LARGEST = 88.3f;
  /** Adding it rounds a float to an integer, whose bits then stand at the end of the mantissa. */
  private static final float ROUND = 12582912f;

  private VectorMath() {}

  /**
   * e to the power of each lane, within 2 units in the last place; lanes under -87.3 count as -87.3, lanes over 88.3 as 88.3. The
   * polynomial is that of Cephes' {@code expf} (Moshier, 1992).
   */
  static FloatVector exp(FloatVector power) {
    return bounded(power.max(SMALLEST).min(LARGEST));
  }

  /** The same for lanes of at most 0; a comparison and a blend cost half of {@code max}, which minds the sign of zero. */
  static FloatVector expOfDistance(FloatVector distance) {
    return bounded(distance.blend(SMALLEST, distance.compare(VectorOperators.LT, SMALLEST)));
  }

  private static FloatVector bounded(FloatVector x) {
    FloatVector shifted = x.fma(FloatVector.broadcast(FLOAT, LOG2_E), FloatVector.broadcast(FLOAT, ROUND));
    FloatVector n = shifted.sub(ROUND);
    FloatVector r = n.fma(FloatVector.broadcast(FLOAT, -LN2_HIGH), x);
    r = n.fma(FloatVector.broadcast(FLOAT, -LN2_LOW), r);
    FloatVector p = FloatVector.broadcast(FLOAT, 1.9875691500e-4f);
    p = p.fma(r, FloatVector.broadcast(FLOAT, 1.3981999507e-3f));
    p = p.fma(r, FloatVector.broadcast(FLOAT, 8.3334519073e-3f));
    p = p.fma(r, FloatVector.broadcast(FLOAT, 4.1665795894e-2f));
    p = p.fma(r, FloatVector.broadcast(FLOAT, 1.6666665459e-1f));
    p = p.fma(r, FloatVector.broadcast(FLOAT, 5.0000001201e-1f));
    FloatVector e = p.fma(r.mul(r), r.add(1));
    IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    return e.reinterpretAsInts().add(exponent).reinterpretAsFloats();
  }

  /**
   * The sum of the lanes of a vector in a fixed order, which {@code reduceLanes} does not promise.
   *
   * @param room holds the vector's {@link Lanes#WIDTH} floats from {@code at}; they are overwritten
   */
  static float sum(float[] room, int at) {
    for (int half = WIDTH / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        room[at + i] += room[at + i + half];
      }
    }
    return room[at];
  }
}
