package dev.jebena.engine.program;

import java.util.Arrays;

/**
 * The rotation of each pair of columns for each position, scaling of the context included.
 *
 * <p>Pair i at position p turns by {@code p * inverse[i]} radians; cosine and sine are multiplied by {@code magnitude}. Source: Su et
 * al., RoFormer, 2021; the magnitude is YaRN's attention factor (Peng et al., 2023).
 */
public final class RopeFrequencies {

  private final float[] inverse;
  private final float magnitude;

  /**
   * Frequencies for {@code 2 * inverse.length} rotary columns.
   *
   * @param inverse radians for each position, one for each pair of columns
   * @param magnitude factor of cosine and sine, 1 unless the scaling asks for it
   */
  public RopeFrequencies(float[] inverse, float magnitude) {
    this.inverse = inverse.clone();
    this.magnitude = magnitude;
  }

  /** Pairs of columns that are turned. */
  public int pairs() {
    return inverse.length;
  }

  /** Radians for each position of pair {@code pair}. */
  public float inverse(int pair) {
    return inverse[pair];
  }

  /** Factor of cosine and sine. */
  public float magnitude() {
    return magnitude;
  }

  @Override
  public boolean equals(@org.jspecify.annotations.Nullable Object other) {
    return other instanceof RopeFrequencies that && magnitude == that.magnitude && Arrays.equals(inverse, that.inverse);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(inverse) + Float.hashCode(magnitude);
  }
}
