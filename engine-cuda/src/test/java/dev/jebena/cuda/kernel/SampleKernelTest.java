package dev.jebena.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.cuda.kernel.KernelBench.Launch;
import dev.jebena.engine.sampling.Logprobs;
import dev.jebena.engine.sampling.Sampler;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.sampling.SamplingState;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** sample.cu against the sampler of engine-core, which is its specification. */
class SampleKernelTest {

  private static final int SLOT_BYTES = 96;
  private static final int RESULT_BYTES = 24;
  private static final int TOP_STRIDE = 64;
  private static final int SEEN = 0x40000000;
  private static final int OK = 0;
  private static final int NON_FINITE = 1;
  private static final int NO_ALLOWED_TOKEN = 2;

  private final Random random = Floats.seeded("SampleKernelTest");

  /** A row to sample: its slot's settings, and what came before. */
  private record Row(
      float[] logits, SamplingParameters parameters, int minTokens, int[] endTokens, int[] prompt, int[] output, int top, int next, int[] mask) {

    Row(float[] logits, SamplingParameters parameters) {
      this(logits, parameters, 0, new int[0], new int[] {1}, new int[0], -1, -1, new int[0]);
    }

    Row withTop(int count) {
      return new Row(logits, parameters, minTokens, endTokens, prompt, output, count, next, mask);
    }

    Row scoring(int token) {
      return new Row(logits, parameters, minTokens, endTokens, prompt, output, top, token, mask);
    }

    Row with(int[] newPrompt, int[] newOutput) {
      return new Row(logits, parameters, minTokens, endTokens, newPrompt, newOutput, top, next, mask);
    }

    Row withEnd(int tokens, int... ends) {
      return new Row(logits, parameters, tokens, ends, prompt, output, top, next, mask);
    }

    Row withMask(int... words) {
      return new Row(logits, parameters, minTokens, endTokens, prompt, output, top, next, words);
    }

    boolean counts() {
      return parameters.repetitionPenalty() != 1 || parameters.presencePenalty() != 0 || parameters.frequencyPenalty() != 0;
    }

    int position() {
      return prompt.length + output.length;
    }
  }

  /** What the device gave for a row. */
  private record Result(int status, int token, float logprob, int rank, int topCount, int[] topTokens, float[] topLogprobs, int slotToken) {}

  private List<Result> sample(List<Row> rows, int vocabulary) {
    int count = rows.size();
    try (KernelBench bench = new KernelBench()) {
      ByteBuffer slots = ByteBuffer.allocate(SLOT_BYTES * count).order(ByteOrder.LITTLE_ENDIAN);
      float[] logits = new float[count * vocabulary];
      int[] position = new int[count];
      int[] next = new int[count];
      int[] slot = new int[count];
      int[] maskRow = new int[count];
      int words = Math.ceilDiv(vocabulary, 32);
      int[] masks = new int[words * count];
      long[] counts = new long[count];
      for (int i = 0; i < count; i++) {
        Row row = rows.get(i);
        System.arraycopy(row.logits(), 0, logits, i * vocabulary, vocabulary);
        slot[i] = count - 1 - i;
        position[i] = row.position() - 1;
        next[i] = row.next();
        maskRow[i] = row.mask().length == 0 ? -1 : i;
        System.arraycopy(row.mask(), 0, masks, i * words, row.mask().length);
        if (row.counts()) {
          counts[i] = bench.ints(new int[vocabulary]);
          int[] known = Arrays.copyOf(row.prompt(), row.position());
          System.arraycopy(row.output(), 0, known, row.prompt().length, row.output().length);
          bench.launch("sample", "count_tokens", Launch.of(1, 1, 256), counts[i], bench.ints(known), row.prompt().length, known.length);
        }
        slots.position(slot[i] * SLOT_BYTES);
        write(slots, row, counts[i], bench);
      }
      long results = bench.empty(RESULT_BYTES * count);
      long slotTokens = bench.ints(new int[count]);
      long topTokens = bench.ints(new int[TOP_STRIDE * count]);
      long topLogprobs = bench.floats(new float[TOP_STRIDE * count]);
      bench.launch("sample", "sample", Launch.of(count, 1, 1024), bench.floats(logits), vocabulary, bench.empty(4L * logits.length), vocabulary, 0,
          bench.bytes(slots.array()), bench.ints(slot), bench.ints(position), bench.ints(next), bench.ints(maskRow), bench.ints(masks), words,
          slotTokens, results, topTokens, topLogprobs, TOP_STRIDE);
      List<Result> read = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        ByteBuffer result = ByteBuffer.wrap(bench.readBytes(results + (long) i * RESULT_BYTES, RESULT_BYTES)).order(ByteOrder.LITTLE_ENDIAN);
        Result one = new Result(result.getInt(), result.getInt(), result.getFloat(), result.getInt(), result.getInt(),
            bench.readInts(topTokens + 4L * i * TOP_STRIDE, TOP_STRIDE), bench.readFloats(topLogprobs + 4L * i * TOP_STRIDE, TOP_STRIDE),
            bench.readInts(slotTokens + 4L * slot[i], 1)[0]);
        read.add(one);
        checkCounted(bench, counts[i], rows.get(i), one);
      }
      return read;
    }
  }

  private static void write(ByteBuffer slots, Row row, long counts, KernelBench bench) {
    SamplingParameters p = row.parameters();
    int[] biased = p.logitBias().keySet().stream().mapToInt(Integer::intValue).toArray();
    float[] biases = new float[biased.length];
    for (int i = 0; i < biased.length; i++) {
      biases[i] = p.logitBias().getOrDefault(biased[i], 0f);
    }
    slots.putFloat(p.temperature()).putInt(p.topK()).putFloat(p.topP()).putFloat(p.minP());
    slots.putFloat(p.repetitionPenalty()).putFloat(p.presencePenalty()).putFloat(p.frequencyPenalty()).putInt(row.minTokens());
    slots.putLong(p.seed()).putInt(row.prompt().length).putInt(row.top()).putInt(row.top()).putInt(biased.length);
    slots.putInt(row.endTokens().length).putInt(0);
    slots.putLong(biased.length == 0 ? 0 : bench.ints(biased)).putLong(biased.length == 0 ? 0 : bench.floats(biases));
    slots.putLong(row.endTokens().length == 0 ? 0 : bench.ints(row.endTokens())).putLong(counts);
  }

  private static void checkCounted(KernelBench bench, long counts, Row row, Result result) {
    if (counts == 0 || result.status() != OK || row.next() >= 0) {
      return;
    }
    int before = (int) Arrays.stream(row.output()).filter(token -> token == result.token()).count();
    assertEquals(SEEN | before + 1, bench.raw(counts + 4L * result.token(), 4).get(ValueLayout.JAVA_INT_UNALIGNED, 0));
  }

  private void check(List<Row> rows, int vocabulary) {
    List<Result> results = sample(rows, vocabulary);
    for (int i = 0; i < rows.size(); i++) {
      check(rows.get(i), results.get(i), vocabulary);
    }
  }

  private static void check(Row row, Result result, int vocabulary) {
    SamplingState state = new SamplingState(row.parameters(), row.minTokens(), row.endTokens(), vocabulary);
    Arrays.stream(row.prompt()).forEach(state::addPrompt);
    Arrays.stream(row.output()).forEach(state::addOutput);
    Sampler sampler = new Sampler(vocabulary);
    int token = row.next();
    if (row.next() < 0) {
      Sampler.Outcome outcome = sampler.choose(row.logits().clone(), 0, state, row.position());
      assertEquals(outcome.ordinal(), result.status(), row.parameters().toString());
      if (outcome != Sampler.Outcome.OK) {
        return;
      }
      token = sampler.token();
      assertEquals(token, result.slotToken());
    }
    assertEquals(token, result.token(), row.parameters() + " at " + row.position());
    if (row.top() < 0) {
      assertTrue(Float.isNaN(result.logprob()));
      assertEquals(0, result.rank());
      return;
    }
    Logprobs logprobs = new Logprobs(vocabulary);
    assertTrue(logprobs.measure(row.logits(), 0, row.top()));
    assertEquals(logprobs.of(row.logits()[token]), result.logprob(), 2e-5);
    assertEquals(logprobs.rank(row.logits(), 0, token), result.rank());
    assertEquals(logprobs.topCount(), result.topCount());
    for (int i = 0; i < logprobs.topCount(); i++) {
      assertEquals(logprobs.topToken(i), result.topTokens()[i], "alternative " + i);
      assertEquals(logprobs.topLogprob(i), result.topLogprobs()[i], 2e-5);
    }
  }

  private float[] logits(int vocabulary) {
    float[] logits = Floats.random(random, vocabulary);
    for (int i = 0; i < vocabulary; i++) {
      // many ties, some of them at the top
      logits[i] = random.nextInt(3) == 0 ? Math.round(logits[i] * 4) / 2f : 3 * logits[i];
    }
    return logits;
  }

  private SamplingParameters drawn(float temperature, int topK, float topP, float minP) {
    return new SamplingParameters(temperature, topK, topP, minP, 1, 0, 0, Map.of(), random.nextLong());
  }

  @Test
  void greedyRowsTakeTheLargestLogitAndOfEqualsTheLowestId() {
    float[] ties = new float[1500];
    ties[700] = 2;
    ties[1499] = 2;
    float[] zeros = new float[1500];
    zeros[0] = -0.0f;
    check(List.of(new Row(ties, SamplingParameters.GREEDY), new Row(zeros, SamplingParameters.GREEDY),
        new Row(logits(1500), SamplingParameters.GREEDY)), 1500);
  }

  @Test
  void drawsAreThoseOfTheSampler() {
    int vocabulary = 1 + random.nextInt(2500);
    List<Row> rows = new ArrayList<>();
    for (float temperature : new float[] {0.3f, 1, 2.5f}) {
      rows.add(new Row(logits(vocabulary), drawn(temperature, 0, 1, 0)));
      rows.add(new Row(logits(vocabulary), drawn(temperature, 1 + random.nextInt(60), 1, 0)));
      rows.add(new Row(logits(vocabulary), drawn(temperature, 0, 0.9f, 0)));
      rows.add(new Row(logits(vocabulary), drawn(temperature, 0, 0.05f, 0)));
      rows.add(new Row(logits(vocabulary), drawn(temperature, 0, 1, 0.02f)));
      rows.add(new Row(logits(vocabulary), drawn(temperature, 40, 0.8f, 0.01f)));
    }
    check(rows, vocabulary);
  }

  @Test
  void penaltiesBiasAndMinimumLengthComeFirst() {
    int vocabulary = 300;
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      SamplingParameters parameters = new SamplingParameters(
          i % 2, 0, i < 3 ? 1 : 0.7f, 0, 1 + i * 0.3f, i * 0.2f, 1 - i * 0.3f, Map.of(3, 5f, 299, -4f, 17, 2.5f), random.nextLong());
      int[] output = random.ints(i * 3L, 0, vocabulary).toArray();
      rows.add(new Row(logits(vocabulary), parameters).with(random.ints(20, 0, vocabulary).toArray(), output).withEnd(7, 3, 44));
    }
    check(rows, vocabulary);
  }

  @Test
  void logprobsAreTheModelsOwn() {
    int vocabulary = 1300;
    SamplingParameters penalised = new SamplingParameters(0.8f, 0, 1, 0, 1.5f, 0, 0, Map.of(), 7);
    check(List.of(
        new Row(logits(vocabulary), SamplingParameters.GREEDY).withTop(0),
        new Row(logits(vocabulary), drawn(1, 0, 0.9f, 0)).withTop(5),
        new Row(logits(vocabulary), penalised).with(new int[] {1, 2, 3}, new int[] {4}).withTop(TOP_STRIDE),
        new Row(logits(vocabulary), SamplingParameters.GREEDY).scoring(17).withTop(3),
        new Row(logits(vocabulary), SamplingParameters.GREEDY).scoring(18)), vocabulary);
  }

  @Test
  void aSmallVocabularyIsReportedWhole() {
    check(List.of(new Row(logits(5), SamplingParameters.GREEDY).withTop(20)), 5);
  }

  @Test
  void masksAllowOnlyTheirTokens() {
    float[] logits = logits(70);
    List<Result> results = sample(List.of(
        new Row(logits, SamplingParameters.GREEDY).withMask(1 << 5, 1 << 31, 1 << 2),
        new Row(logits, drawn(1, 0, 1, 0)).withMask(0, 1 << 9, 0),
        new Row(logits, SamplingParameters.GREEDY).withMask(0, 0, 0)), 70);
    int best = logits[5] >= logits[63] && logits[5] >= logits[66] ? 5 : logits[63] >= logits[66] ? 63 : 66;
    assertEquals(best, results.get(0).token());
    assertEquals(41, results.get(1).token());
    assertEquals(NO_ALLOWED_TOKEN, results.get(2).status());
  }

  @Test
  void aRowThatIsNotFiniteFailsAlone() {
    float[] infinite = logits(100);
    infinite[99] = Float.POSITIVE_INFINITY;
    float[] none = logits(100);
    none[0] = Float.NaN;
    List<Row> rows = List.of(new Row(infinite, SamplingParameters.GREEDY), new Row(none, drawn(1, 0, 1, 0)).withTop(2),
        new Row(logits(100), SamplingParameters.GREEDY), new Row(none, SamplingParameters.GREEDY).scoring(4));
    List<Result> results = sample(rows, 100);
    assertEquals(NON_FINITE, results.get(0).status());
    assertEquals(NON_FINITE, results.get(1).status());
    check(rows.get(2), results.get(2), 100);
    check(rows.get(3), results.get(3), 100);
  }
}
