package dev.jebena.engine.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LogprobsTest {

  @Test
  void agreesWithASortedSoftmaxInDouble() {
    long seed = System.nanoTime();
    System.out.println("LogprobsTest seed " + seed);
    Random random = new Random(seed);
    for (int trial = 0; trial < 200; trial++) {
      int vocabulary = 1 + random.nextInt(500);
      float[] row = new float[vocabulary];
      for (int i = 0; i < vocabulary; i++) {
        // coarse, so that there are ties
        row[i] = random.nextInt(-40, 40) / 4f * (random.nextBoolean() ? 1 : -1);
      }
      double total = 0;
      for (float logit : row) {
        total += Math.exp(logit);
      }
      int top = random.nextInt(vocabulary + 5);
      Logprobs logprobs = new Logprobs(vocabulary);
      assertTrue(logprobs.measure(row, 0, top));
      assertEquals(Math.min(top, vocabulary), logprobs.topCount());
      List<Integer> order =
          IntStream.range(0, vocabulary).boxed().sorted(Comparator.comparingDouble((Integer i) -> 0.0 - row[i]).thenComparing(i -> i)).toList();
      for (int i = 0; i < vocabulary; i++) {
        int token = order.get(i);
        assertEquals(row[token] - Math.log(total), logprobs.of(row[token]), 1e-5);
        assertEquals(i + 1, logprobs.rank(row, 0, token));
        if (i < top) {
          assertEquals(token, logprobs.topToken(i));
          assertEquals(logprobs.of(row[token]), logprobs.topLogprob(i));
        }
      }
    }
  }

  @Test
  void doesNotOverflowOnLargeLogits() {
    Logprobs logprobs = new Logprobs(3);
    assertTrue(logprobs.measure(new float[] {3e38f, -3e38f, 3e38f}, 0, 1));
    assertEquals(-Math.log(2), logprobs.of(3e38f), 1e-6);
  }

  @Test
  void refusesWhatIsNotFinite() {
    Logprobs logprobs = new Logprobs(2);
    assertFalse(logprobs.measure(new float[] {0, Float.NaN}, 0, 1));
    assertFalse(logprobs.measure(new float[] {Float.NEGATIVE_INFINITY, 0}, 0, 1));
  }

  @Test
  void hasAnExponentialFunctionOfFloatPrecision() {
    for (float x = 0; x > -87; x -= 0.000731f) {
      double exact = Math.exp(x);
      assertEquals(exact, Exponential.exp(x), 6.1e-8 * exact, "exp(" + x + ")");
    }
    assertEquals(1, Exponential.exp(0));
    assertEquals(0, Exponential.exp(-150));
    assertEquals(0, Exponential.exp(-1e30f));
    assertEquals(0, Exponential.exp(Float.NEGATIVE_INFINITY));
  }
}
