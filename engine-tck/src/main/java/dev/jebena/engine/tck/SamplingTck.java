package dev.jebena.engine.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.RowStatus;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.StepResult;
import dev.jebena.engine.program.MapFunction;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.Site;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.tck.SequenceRunner.Row;
import dev.jebena.engine.tck.SequenceRunner.Sequence;
import dev.jebena.engine.weight.WeightSource;
import dev.jebena.engine.weight.WeightView;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Tokens are chosen and scored as the reference does. */
public interface SamplingTck extends TckSubject {

  KvFormat FORMAT = new KvFormat(KvType.F32, 16);
  int PROMPT_TOKENS = 5;
  int TOKENS = 40;

  @Test
  default void choosesTheSameTokensAsTheReference() {
    List<SamplingParameters> all =
        List.of(
            SamplingParameters.GREEDY,
            SamplingParameters.GREEDY.withTemperature(1).withSeed(5),
            new SamplingParameters(1.3f, 10, 1, 0, 1, 0, 0, Map.of(), -7),
            new SamplingParameters(1.3f, 0, 0.8f, 0, 1, 0, 0, Map.of(), 8),
            new SamplingParameters(1.3f, 0, 1, 0.1f, 1, 0, 0, Map.of(), Long.MAX_VALUE),
            new SamplingParameters(0.7f, 30, 0.9f, 0.02f, 1.3f, 0.5f, 0.3f, Map.of(7, 2f, 9, -100f), 1L << 40),
            new SamplingParameters(0, 0, 1, 0, 1.5f, 0, 0, Map.of(), 0),
            new SamplingParameters(0, 0, 1, 0, 1, 1, 0.5f, Map.of(1, 3f), 0));
    for (SamplingParameters parameters : all) {
      for (int top : new int[] {-1, 0, 3}) {
        SlotSettings settings = new SlotSettings(PROMPT_TOKENS, parameters, 0, new int[0], top, top);
        List<Row> expected = generate(settings, Providers.reference().name());
        List<Row> actual = generate(settings, provider().name());
        assertEquals(tokens(expected), tokens(actual), parameters.toString());
        for (int i = 0; i < expected.size(); i++) {
          assertEquals(expected.get(i).top().size(), actual.get(i).top().size());
          assertEquals(expected.get(i).logprob(), actual.get(i).logprob(), 1e-4f * toleranceFactor());
        }
      }
    }
  }

  @Test
  default void keepsEndTokensBackUntilTheMinimumLength() {
    int[] everyOther = IntStream.range(0, TinyShape.DEFAULT.vocabulary()).filter(token -> token % 2 == 0).toArray();
    SlotSettings settings = new SlotSettings(PROMPT_TOKENS, SamplingParameters.GREEDY, 10, everyOther, -1, -1);
    List<Row> rows = generate(settings, provider().name());
    for (Row row : rows.subList(PROMPT_TOKENS - 1, PROMPT_TOKENS + 9)) {
      assertEquals(1, row.token() % 2);
    }
    assertEquals(tokens(generate(settings, Providers.reference().name())), tokens(rows));
  }

  @Test
  default void reportsNoLogprobsUnlessAskedFor() {
    SlotSettings settings = new SlotSettings(PROMPT_TOKENS, SamplingParameters.GREEDY, 0, new int[0], -1, -1);
    for (Row row : generate(settings, provider().name())) {
      assertTrue(Float.isNaN(row.logprob()));
      assertEquals(0, row.rank());
      assertEquals(List.of(), row.top());
    }
  }

  @Test
  default void reportsTheMostLikelyTokensInOrder() {
    for (Row row : generate(new SlotSettings(PROMPT_TOKENS, SamplingParameters.GREEDY, 0, new int[0], 4, 4), provider().name())) {
      assertEquals(4, row.top().size());
      for (int i = 1; i < 4; i++) {
        assertTrue(Float.intBitsToFloat(row.topBits().get(i)) <= Float.intBitsToFloat(row.topBits().get(i - 1)));
      }
      if (row.rank() <= 4) {
        assertEquals(row.token(), row.top().get(row.rank() - 1));
        assertEquals(row.logprobBits(), row.topBits().get(row.rank() - 1));
      }
    }
  }

  @Test
  default void failsARowThatIsNotFiniteAlone() {
    Program program =
        OneOperation.of(
            List.of(16), 16,
            (builder, inputs, out) ->
                builder.append(new Op.Map(Site.of("map"), inputs.getFirst(), out, new MapFunction.Scale(2))));
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (int top : new int[] {-1, 2}) {
        for (float temperature : new float[] {0, 1}) {
          WeightSource weights = withBadRow(new RandomWeights(3), 5, bad);
          SlotSettings settings =
              new SlotSettings(1, SamplingParameters.GREEDY.withTemperature(temperature), 0, new int[0], top, top);
          try (StepDriver driver = subject(program, weights, new Limits(4, 3, 4, 8), FORMAT, 4, 1)) {
            for (int slot = 0; slot < 3; slot++) {
              driver.open(slot, new int[] {slot == 1 ? 5 : 6}, settings);
              driver.run(slot, 0, 1, 1);
            }
            StepResult result = driver.step();
            assertEquals(RowStatus.OK, result.status(0));
            assertEquals(RowStatus.NON_FINITE, result.status(1));
            assertEquals(RowStatus.OK, result.status(2));
            driver.close(1);
            driver.run(0, 1, 1, 1);
            driver.run(2, 1, 1, 1);
            driver.step();
          }
        }
      }
    }
  }

  @Test
  default void failsARowWithoutAnAllowedTokenAlone() {
    TinyShape shape = TinyShape.DEFAULT;
    int[] all = IntStream.range(0, shape.vocabulary()).toArray();
    try (StepDriver driver = subject(TinyPrograms.llama(shape), new RandomWeights(3), new Limits(16, 2, 4, 32), FORMAT, 8, 1)) {
      driver.open(0, prompt(), new SlotSettings(PROMPT_TOKENS, SamplingParameters.GREEDY, 1, all, -1, -1));
      driver.open(1, prompt(), new SlotSettings(PROMPT_TOKENS, SamplingParameters.GREEDY, 0, all, -1, -1));
      driver.run(0, 0, PROMPT_TOKENS, 1);
      driver.run(1, 0, PROMPT_TOKENS, 1);
      StepResult result = driver.step();
      assertEquals(RowStatus.NO_ALLOWED_TOKEN, result.status(0));
      assertEquals(RowStatus.OK, result.status(1));
    }
  }

  private List<Row> generate(SlotSettings settings, String backend) {
    Program program = TinyPrograms.llama(TinyShape.DEFAULT);
    Limits limits = new Limits(16, 1, 16, 64);
    RandomWeights weights = new RandomWeights(3);
    try (StepDriver driver =
        backend.equals(Providers.reference().name())
            ? reference(program, weights, limits, FORMAT, 16)
            : subject(program, weights, limits, FORMAT, 16, 1)) {
      SequenceRunner runner = new SequenceRunner(driver);
      Sequence sequence = runner.open(0, prompt(), settings, 3, PROMPT_TOKENS + TOKENS);
      runner.finish();
      return sequence.rows;
    }
  }

  private static int[] prompt() {
    return new int[] {5, 17, 80, 3, 44};
  }

  private static List<Integer> tokens(List<Row> rows) {
    return rows.stream().map(Row::token).toList();
  }

  private static WeightSource withBadRow(WeightSource source, int row, float bad) {
    return spec -> {
      WeightView view = source.weight(spec);
      if (!spec.name().equals("unit0")) {
        return view;
      }
      MemorySegment copy = MemorySegment.ofArray(view.data().toArray(ValueLayout.JAVA_BYTE));
      copy.set(ValueLayout.JAVA_FLOAT_UNALIGNED, row * spec.rowBytes() + 4, bad);
      return WeightView.contiguous(spec, copy);
    };
  }
}
