package dev.jebena.engine.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SamplerTest {

  private static final int[] NO_TOKENS = {};

  @Test
  void takesTheLowestIdOfEqualLogitsWhenGreedy() {
    assertEquals(1, chosen(SamplingParameters.GREEDY, 0, 3, 3, 2));
  }

  @Test
  void reportsLogitsThatAreNotFinite() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (SamplingParameters parameters : List.of(SamplingParameters.GREEDY, SamplingParameters.GREEDY.withTemperature(1))) {
        Sampler sampler = new Sampler(3);
        assertEquals(Sampler.Outcome.NON_FINITE, sampler.choose(new float[] {1, bad, 0}, 0, state(parameters, 3), 5));
      }
    }
  }

  @Test
  void reportsThatNoTokenIsAllowed() {
    SamplingState state = new SamplingState(SamplingParameters.GREEDY, 1, new int[] {0, 1}, 2);
    Sampler sampler = new Sampler(2);
    assertEquals(Sampler.Outcome.NO_ALLOWED_TOKEN, sampler.choose(new float[] {1, 2}, 0, state, 1));
    state.addOutput(0);
    assertEquals(Sampler.Outcome.OK, sampler.choose(new float[] {1, 2}, 0, state, 1));
    assertEquals(1, sampler.token());
  }

  @Test
  void bansEndTokensBelowTheMinimumLength() {
    SamplingState state = new SamplingState(SamplingParameters.GREEDY, 2, new int[] {2}, 3);
    assertFalse(state.isPlainArgmax());
    Sampler sampler = new Sampler(3);
    for (int expected : new int[] {1, 1, 2}) {
      sampler.choose(new float[] {0, 1, 5}, 0, state, 1);
      assertEquals(expected, sampler.token());
      state.addOutput(sampler.token());
    }
    assertTrue(state.isPlainArgmax());
  }

  @Test
  void addsTheLogitBias() {
    assertEquals(0, chosen(new SamplingParameters(0, 0, 1, 0, 1, 0, 0, Map.of(0, 4f), 0), 0, 3, 2));
  }

  @Test
  void penalisesRepetitionOverPromptAndOutputButPresenceAndFrequencyOverTheOutputOnly() {
    float[] logits = {2, -2, 2, 2};
    SamplingState repetition = state(new SamplingParameters(0, 0, 1, 0, 2, 0, 0, Map.of(), 0), 4);
    SamplingState others = state(new SamplingParameters(0, 0, 1, 0, 1, 0.5f, 0.25f, Map.of(), 0), 4);
    for (SamplingState state : List.of(repetition, others)) {
      state.addPrompt(0);
      state.addPrompt(1);
      state.addOutput(2);
      state.addOutput(2);
    }
    float[] row = logits.clone();
    repetition.adjust(row, 0);
    assertRow(row, 1, -4, 1, 2);
    row = logits.clone();
    others.adjust(row, 0);
    assertRow(row, 2, -2, 2 - 0.5f - 2 * 0.25f, 2);
  }

  @Test
  void countsManyDifferentTokens() {
    SamplingState state = state(new SamplingParameters(0, 0, 1, 0, 1, 0, 1, Map.of(), 0), 5000);
    Random random = new Random(5);
    float[] expected = new float[5000];
    for (int i = 0; i < 20_000; i++) {
      int token = random.nextInt(5000);
      expected[token]--;
      state.addOutput(token);
    }
    float[] row = new float[5000];
    state.adjust(row, 0);
    assertRow(row, expected);
  }

  @Test
  void givesTheSameTokenForTheSameSeedAndPosition() {
    float[] row = randomRow(new Random(3), 1000);
    SamplingParameters parameters = new SamplingParameters(1, 50, 0.9f, 0, 1, 0, 0, Map.of(), 99);
    int first = chosen(parameters, row);
    chosen(parameters.withSeed(4), randomRow(new Random(9), 1000));
    assertEquals(first, chosen(parameters, row));
  }

  @Test
  void agreesWithAnImplementationThatSortsTheVocabulary() {
    long seed = System.nanoTime();
    System.out.println("SamplerTest seed " + seed);
    Random random = new Random(seed);
    int different = 0;
    // one sampler for all rows of a vocabulary, as a thread has it: what it kept of earlier rows must not matter
    Map<Integer, Sampler> samplers = new HashMap<>();
    for (int trial = 0; trial < 3000; trial++) {
      int vocabulary = trial % 10 == 0 ? 3000 : 1 + random.nextInt(60);
      float[] row = randomRow(random, vocabulary);
      SamplingParameters parameters =
          new SamplingParameters(
              0.1f + 2 * random.nextFloat(),
              random.nextBoolean() ? 0 : 1 + random.nextInt(vocabulary),
              random.nextBoolean() ? 1 : 0.01f + 0.98f * random.nextFloat(),
              random.nextBoolean() ? 0 : random.nextFloat(),
              1,
              0,
              0,
              Map.of(),
              random.nextLong());
      int position = random.nextInt(1000);
      Sampler sampler = samplers.computeIfAbsent(vocabulary, Sampler::new);
      float[] shifted = new float[vocabulary + 3];
      System.arraycopy(row, 0, shifted, 3, vocabulary);
      sampler.choose(shifted, 3, state(parameters, vocabulary), position);
      if (sampler.token() != naive(row, parameters, position)) {
        different++;
      }
    }
    // the twin computes in double: a draw within float's rounding of a border may fall on the other side
    assertTrue(different <= 3, different + " of 3000 draws differ");
  }

  @Test
  void drawsEachTokenAsOftenAsItsProbabilitySays() {
    long seed = System.nanoTime();
    System.out.println("SamplerTest seed " + seed);
    Random random = new Random(seed);
    float[] row = randomRow(random, 20);
    for (int topK : new int[] {0, 20}) {
      SamplingParameters parameters = new SamplingParameters(1.5f, topK, 1, 0, 1, 0, 0, Map.of(), seed);
      int draws = 40_000;
      int[] counts = new int[20];
      Sampler sampler = new Sampler(20);
      SamplingState state = state(parameters, 20);
      for (int position = 0; position < draws; position++) {
        sampler.choose(row.clone(), 0, state, position);
        counts[sampler.token()]++;
      }
      double total = 0;
      for (float logit : row) {
        total += Math.exp(logit / 1.5);
      }
      double chiSquare = 0;
      for (int i = 0; i < 20; i++) {
        double expected = draws * Math.exp(row[i] / 1.5) / total;
        chiSquare += (counts[i] - expected) * (counts[i] - expected) / expected;
      }
      // 19 degrees of freedom: beyond 70 once in 10^7 seeds
      assertTrue(chiSquare < 70, "chi-square " + chiSquare);
    }
  }

  @Test
  void keepsOnlyTheBestTokenForTinyTopPAndTopKOne() {
    float[] row = randomRow(new Random(8), 500);
    int best = chosen(SamplingParameters.GREEDY, row);
    assertEquals(best, chosen(new SamplingParameters(5, 0, 1e-6f, 0, 1, 0, 0, Map.of(), 1), row));
    assertEquals(best, chosen(new SamplingParameters(5, 1, 1, 0, 1, 0, 0, Map.of(), 1), row));
    assertEquals(best, chosen(new SamplingParameters(5, 0, 1, 1, 1, 0, 0, Map.of(), 1), row));
    assertEquals(best, chosen(new SamplingParameters(Float.MIN_VALUE, 0, 1, 0, 1, 0, 0, Map.of(), 1), row));
  }

  private static int naive(float[] row, SamplingParameters parameters, int position) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < row.length; i++) {
      order.add(i);
    }
    order.sort(Comparator.comparingDouble((Integer i) -> -row[i]).thenComparing(i -> i));
    double best = row[order.getFirst()];
    List<Integer> kept = order.stream().filter(i -> weight(row, i, best, parameters) >= parameters.minP()).toList();
    if (parameters.topK() > 0 && parameters.topK() < kept.size()) {
      kept = kept.subList(0, parameters.topK());
    }
    double total = kept.stream().mapToDouble(i -> weight(row, i, best, parameters)).sum();
    double before = 0;
    List<Integer> last = new ArrayList<>();
    for (int i : kept) {
      if (parameters.topP() < 1 && before >= parameters.topP() * total) {
        break;
      }
      last.add(i);
      before += weight(row, i, best, parameters);
    }
    last.sort(Comparator.naturalOrder());
    double weightOfLast = last.stream().mapToDouble(i -> weight(row, i, best, parameters)).sum();
    double bound = Philox.uniform(parameters.seed(), position) * weightOfLast;
    double reached = 0;
    for (int i : last) {
      reached += weight(row, i, best, parameters);
      if (reached > bound) {
        return i;
      }
    }
    return last.getLast();
  }

  private static double weight(float[] row, int token, double best, SamplingParameters parameters) {
    return Math.exp((row[token] - best) / parameters.temperature());
  }

  private static float[] randomRow(Random random, int length) {
    float[] row = new float[length];
    for (int i = 0; i < length; i++) {
      row[i] = (float) (3 * random.nextGaussian());
    }
    return row;
  }

  private static int chosen(SamplingParameters parameters, float... logits) {
    Sampler sampler = new Sampler(logits.length);
    assertEquals(Sampler.Outcome.OK, sampler.choose(logits.clone(), 0, state(parameters, logits.length), 7));
    return sampler.token();
  }

  private static SamplingState state(SamplingParameters parameters, int vocabulary) {
    return new SamplingState(parameters, 0, NO_TOKENS, vocabulary);
  }

  private static void assertRow(float[] actual, float... expected) {
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], 1e-6f, "element " + i);
    }
  }
}
