package dev.jebena.engine.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.program.Activation;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.ProgramBuilder;
import dev.jebena.engine.program.RopeFrequencies;
import dev.jebena.engine.program.RowDomain;
import dev.jebena.engine.program.Site;
import dev.jebena.engine.program.Value;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RowOperationsTest {

  @Test
  void sumsProductsOfEveryLength() {
    Random random = new Random(2);
    for (int length = 0; length < 70; length++) {
      float[] a = new float[length + 3];
      float[] b = new float[length + 5];
      double exact = 0;
      for (int i = 0; i < length; i++) {
        a[3 + i] = random.nextFloat() - 0.5f;
        b[5 + i] = random.nextFloat() - 0.5f;
        exact += (double) a[3 + i] * b[5 + i];
      }
      assertEquals(exact, RowOperations.dot(a, 3, b, 5, length), 1e-6);
    }
  }

  @Test
  void normalisesByTheRootOfTheMeanSquare() {
    float[] out = norm(Op.Norm.Kind.RMS, 2, 0, null, null, 3, 4, 0, -2);
    // sqrt((9 + 16) / 2) and sqrt(4 / 2)
    assertClose(out, 3 / 3.5355339f, 4 / 3.5355339f, 0, -2 / 1.4142135f);
  }

  @Test
  void normalisesByMeanAndVariance() {
    float[] out = norm(Op.Norm.Kind.LAYER, 4, 0, new float[] {1, 2, 3, 4}, new float[] {0, 0, 0, 1}, 1, 2, 3, 6);
    // mean 3, variance (4 + 1 + 0 + 9) / 4 = 3.5
    float root = (float) Math.sqrt(3.5);
    assertClose(out, -2 / root, -1 / root * 2, 0, 3 / root * 4 + 1);
  }

  @Test
  void addsTheOffsetToTheWeight() {
    assertClose(norm(Op.Norm.Kind.RMS, 2, 1, new float[] {0, 1}, null, 1, 1, 1, 1), 1, 2, 1, 2);
  }

  @Test
  void turnsHalvesAndNeighbours() {
    float quarter = (float) (Math.PI / 2);
    assertClose(rope(Op.Rope.Pairing.HALVES, 1, new float[] {quarter, 0}, 1, 2, 3, 4), -3, 2, 1, 4);
    assertClose(rope(Op.Rope.Pairing.INTERLEAVED, 1, new float[] {quarter, 0}, 1, 2, 3, 4), -2, 1, 3, 4);
    assertClose(rope(Op.Rope.Pairing.HALVES, 2, new float[] {quarter, 0}, 1, 2, 3, 4), -1, 2, -3, 4);
    // only the first two columns turn; the others pass
    assertClose(rope(Op.Rope.Pairing.HALVES, 1, new float[] {quarter}, 1, 2, 3, 4), -2, 1, 3, 4);
  }

  @Test
  void hasTheErrorFunctionOfTheTables() {
    double[][] table = {
      {0, 0}, {0.1, 0.1124629160182849}, {0.5, 0.5204998778130465}, {1, 0.8427007929497149}, {2, 0.9953222650189527},
      {2.5, 0.999593047982555}, {3, 0.9999779095030014}, {4, 0.9999999845827421}, {7, 1}
    };
    for (double[] entry : table) {
      assertEquals(entry[1], ElementFunctions.erf(entry[0]), 1e-14, "erf(" + entry[0] + ")");
      assertEquals(-entry[1], ElementFunctions.erf(-entry[0]), 1e-14);
    }
    assertTrue(Double.isNaN(ElementFunctions.erf(Double.NaN)));
    assertEquals(1, ElementFunctions.erf(Double.POSITIVE_INFINITY));
  }

  @Test
  void hasTheActivationsOfTheirFormulas() {
    assertEquals(0.7310586f, ElementFunctions.activate(Activation.SILU, 1));
    assertEquals(0.8413447f, ElementFunctions.activate(Activation.GELU, 1), 1e-7f);
    assertEquals(0.841192f, ElementFunctions.activate(Activation.GELU_TANH, 1), 1e-6f);
    assertEquals(0, ElementFunctions.activate(Activation.RELU, -1));
    for (Activation activation : Activation.values()) {
      assertEquals(0, ElementFunctions.activate(activation, -1e4f), 1e-6f);
      assertEquals(1e4f, ElementFunctions.activate(activation, 1e4f));
      assertTrue(Float.isNaN(ElementFunctions.activate(activation, Float.NaN)));
    }
  }

  @Test
  void capsSoftly() {
    assertEquals(2 * (float) Math.tanh(0.5), ElementFunctions.softCap(1, 2), 1e-7f);
    assertEquals(30, ElementFunctions.softCap(1e6f, 30));
  }

  private static float[] norm(
      Op.Norm.Kind kind, int group, float weightOffset, float[] weight, float[] bias, float... row) {
    ProgramBuilder builder = new ProgramBuilder("test");
    Value in = builder.value("in", RowDomain.TOKENS, row.length);
    Value out = builder.value("out", RowDomain.TOKENS, row.length);
    Op.Norm norm = new Op.Norm(Site.of("norm"), in, out, kind, Optional.empty(), Optional.empty(), group, 0, weightOffset);
    float[] result = new float[row.length];
    RowOperations.norm(norm, matrix(row), weight, bias, 1, matrix(result));
    return result;
  }

  private static float[] rope(Op.Rope.Pairing pairing, int position, float[] inverse, float... row) {
    ProgramBuilder builder = new ProgramBuilder("test");
    Value in = builder.value("in", RowDomain.TOKENS, row.length);
    Value out = builder.value("out", RowDomain.TOKENS, row.length);
    Op.Rope rope = new Op.Rope(Site.of("rope"), in, out, row.length, pairing, new RopeFrequencies(inverse, 1));
    float[] result = new float[row.length];
    RowOperations.rope(rope, matrix(row), new int[] {position}, 1, matrix(result));
    return result;
  }

  private static Matrix matrix(float[] row) {
    return new Matrix(row, row.length, 0, row.length);
  }

  private static void assertClose(float[] actual, float... expected) {
    assertArrayEquals(expected, actual, 1e-6f);
  }
}
