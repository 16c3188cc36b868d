package dev.jebena.engine.tck;

import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.program.Activation;
import dev.jebena.engine.program.MapFunction;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.ProgramBuilder;
import dev.jebena.engine.program.RopeFrequencies;
import dev.jebena.engine.program.RowDomain;
import dev.jebena.engine.program.Site;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each operation by itself on random shapes, against the reference backend. */
public interface OperationTck extends TckSubject {

  /** Lengths around the widths of vectors and blocks. */
  List<Integer> SIZES = List.of(1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 128, 255, 257, 300);

  List<Integer> ROWS = List.of(1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33);

  @ParameterizedTest
  @EnumSource
  default void multipliesByWeightsOfEveryType(BlockType type) {
    Random random = seeded("linear " + type);
    for (int trial = 0; trial < scale().trials(12); trial++) {
      int blocks = 1 + random.nextInt(type.elements() == 256 ? 3 : 12);
      int in = type.elements() == 1 ? pick(random, sizes()) : type.elements() * blocks;
      int out = pick(random, sizes());
      Optional<WeightSpec> bias = random.nextBoolean() ? Optional.of(OneOperation.table("bias", 1, out)) : Optional.empty();
      WeightSpec weight = new WeightSpec("weight", out, in, WeightFormat.of(type));
      Program program =
          OneOperation.of(
              List.of(in), out,
              (builder, inputs, result) ->
                  builder.append(
                      new Op.Linear(Site.of("linear"), inputs.getFirst(), List.of(new Op.Linear.Part(result, weight, bias)))));
      check(program, random, in, "linear " + type + " [" + out + ", " + in + "]");
    }
  }

  @Test
  default void multipliesSeveralPartsOfDifferentTypes() {
    Random random = seeded("linear parts");
    for (int trial = 0; trial < scale().trials(12); trial++) {
      int in = 32 * (1 + random.nextInt(4));
      int[] columns = {pick(random, sizes()), pick(random, sizes()), pick(random, sizes())};
      List<BlockType> types =
          List.of(BlockType.Q4_1, BlockType.F32, BlockType.Q8_0, BlockType.F16).subList(trial % 2, trial % 2 + 3);
      Program program =
          OneOperation.of(
              List.of(in), columns[0] + columns[1] + columns[2],
              (builder, inputs, result) -> {
                List<Op.Linear.Part> parts = new ArrayList<>();
                int from = 0;
                for (int i = 0; i < 3; i++) {
                  WeightSpec weight = new WeightSpec("weight" + i, columns[i], in, WeightFormat.of(types.get(i)));
                  Optional<WeightSpec> bias =
                      i == 1 ? Optional.of(OneOperation.table("bias", 1, columns[i])) : Optional.empty();
                  parts.add(new Op.Linear.Part(builder.slice("part" + i, result, from, columns[i]), weight, bias));
                  from += columns[i];
                }
                builder.append(new Op.Linear(Site.of("linear"), inputs.getFirst(), parts));
              });
      check(program, random, in, "linear of parts");
    }
  }

  @Test
  default void multipliesASliceOfAValue() {
    Random random = seeded("linear of a slice");
    for (int trial = 0; trial < scale().trials(8); trial++) {
      int in = 32 * (1 + random.nextInt(4));
      int before = pick(random, sizes());
      int out = pick(random, sizes());
      WeightSpec weight = new WeightSpec("weight", out, in, WeightFormat.of(trial % 2 == 0 ? BlockType.F32 : BlockType.Q8_0));
      Program program =
          OneOperation.of(
              List.of(before + in + 3), out,
              (builder, inputs, result) -> {
                Value slice = builder.slice("slice", inputs.getFirst(), before, in);
                builder.append(
                    new Op.Linear(Site.of("linear"), slice, List.of(new Op.Linear.Part(result, weight, Optional.empty()))));
              });
      check(program, random, in, "linear of a slice");
    }
  }

  @ParameterizedTest
  @EnumSource
  default void looksUpRowsOfEveryType(BlockType type) {
    Random random = seeded("embed " + type);
    for (Op.Embed.Index index : Op.Embed.Index.values()) {
      int columns = type.elements() == 1 ? pick(random, sizes()) : type.elements() * (1 + random.nextInt(3));
      WeightSpec weight = new WeightSpec("weight", Math.max(columns + 1, 80), columns, WeightFormat.of(type));
      Program program =
          OneOperation.of(
              List.of(), columns, (builder, _, out) -> builder.append(new Op.Embed(Site.of("embed"), out, weight, index)));
      check(program, random, 1, "embed " + type + " by " + index);
    }
  }

  @ParameterizedTest
  @EnumSource
  default void normalisesRowsAndGroups(Op.Norm.Kind kind) {
    Random random = seeded("norm " + kind);
    for (int trial = 0; trial < scale().trials(24); trial++) {
      int groups = trial % 3 == 0 ? 1 : 1 + random.nextInt(4);
      // a LAYER norm of two values or fewer turns rounding errors of the input into signs
      int group = Math.max(kind == Op.Norm.Kind.LAYER ? 3 : 1, pick(random, sizes()) / groups);
      int columns = groups * group;
      Optional<WeightSpec> weight = vector(random, "weight_norm", group, columns);
      Optional<WeightSpec> bias = vector(random, "bias", group, columns);
      float offset = random.nextBoolean() ? 0 : 1;
      Program program =
          OneOperation.of(
              List.of(columns), columns,
              (builder, inputs, out) ->
                  builder.append(new Op.Norm(Site.of("norm"), inputs.getFirst(), out, kind, weight, bias, group, 1e-5f, offset)));
      check(program, random, group, "norm " + kind + " of " + groups + " groups of " + group);
    }
  }

  @ParameterizedTest
  @EnumSource
  default void turnsPairsOfColumns(Op.Rope.Pairing pairing) {
    Random random = seeded("rope " + pairing);
    for (int trial = 0; trial < scale().trials(16); trial++) {
      int headDim = 2 + random.nextInt(trial % 2 == 0 ? 8 : 70);
      int heads = 1 + random.nextInt(5);
      float[] inverse = new float[1 + random.nextInt(headDim / 2)];
      for (int i = 0; i < inverse.length; i++) {
        inverse[i] = random.nextFloat();
      }
      RopeFrequencies frequencies = new RopeFrequencies(inverse, trial % 4 == 0 ? 1.2f : 1);
      Program program =
          OneOperation.of(
              List.of(heads * headDim), heads * headDim,
              (builder, inputs, out) ->
                  builder.append(new Op.Rope(Site.of("rope"), inputs.getFirst(), out, headDim, pairing, frequencies)));
      check(program, random, 8, "rope " + pairing + " of " + heads + " heads of " + headDim);
    }
  }

  @Test
  default void mapsElements() {
    Random random = seeded("map");
    List<MapFunction> functions = new ArrayList<>();
    functions.add(new MapFunction.Scale(-1.7f));
    functions.add(new MapFunction.SoftCap(0.9f));
    functions.add(new MapFunction.SoftCap(30));
    for (Activation activation : Activation.values()) {
      functions.add(new MapFunction.Activate(activation));
    }
    for (MapFunction function : functions) {
      for (int trial = 0; trial < scale().trials(4); trial++) {
        int columns = pick(random, sizes());
        Program program =
            OneOperation.of(
                List.of(columns), columns,
                (builder, inputs, out) -> builder.append(new Op.Map(Site.of("map"), inputs.getFirst(), out, function)));
        check(program, random, 16, "map " + function + " of " + columns);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  default void gatesElements(Activation activation) {
    Random random = seeded("gate " + activation);
    for (int trial = 0; trial < scale().trials(6); trial++) {
      int columns = pick(random, sizes());
      Program program =
          OneOperation.of(
              List.of(columns, columns), columns,
              (builder, inputs, out) ->
                  builder.append(new Op.Gate(Site.of("gate"), inputs.get(0), inputs.get(1), out, activation)));
      check(program, random, 16, "gate " + activation + " of " + columns);
    }
  }

  @ParameterizedTest
  @EnumSource
  default void combinesElements(Op.Combine.Kind kind) {
    Random random = seeded("combine " + kind);
    for (int trial = 0; trial < scale().trials(6); trial++) {
      int columns = pick(random, sizes());
      Program program =
          OneOperation.of(
              List.of(columns, columns), columns,
              (builder, inputs, out) ->
                  builder.append(new Op.Combine(Site.of("combine"), inputs.get(0), inputs.get(1), out, kind)));
      check(program, random, 1, "combine " + kind + " of " + columns);
    }
  }

  @ParameterizedTest
  @EnumSource
  default void routesRowsToExperts(Op.MoeRoute.Scoring scoring) {
    Random random = seeded("moe route " + scoring);
    for (Op.MoeRoute.Weighting weighting : Op.MoeRoute.Weighting.values()) {
      for (int trial = 0; trial < scale().trials(4); trial++) {
        int experts = pick(random, sizes());
        int topK = Math.min(experts, 1 + random.nextInt(8));
        Optional<WeightSpec> bias = trial % 2 == 0 ? Optional.empty() : Optional.of(OneOperation.table("bias", 1, experts));
        Program program =
            OneOperation.of(
                List.of(experts), 2 * topK,
                (builder, inputs, out) ->
                    builder.append(
                        new Op.MoeRoute(Site.of("route"), inputs.getFirst(), out, topK, scoring, weighting, trialScale(topK), bias)));
        check(program, random, experts, "moe route " + scoring + " " + weighting + " of " + topK + " of " + experts);
      }
    }
  }

  private static float trialScale(int topK) {
    return topK % 2 == 0 ? 1 : 2.5f;
  }

  @ParameterizedTest
  @EnumSource
  default void runsTheNetworksOfExperts(BlockType type) {
    Random random = seeded("moe experts " + type);
    for (int trial = 0; trial < scale().trials(4); trial++) {
      int unit = type.elements();
      int in = unit == 1 ? pick(random, sizes()) : unit * (1 + random.nextInt(unit == 256 ? 1 : 3));
      int wide = unit == 1 ? 1 + random.nextInt(90) : unit * (1 + random.nextInt(unit == 256 ? 1 : 2));
      int columns = 1 + random.nextInt(80);
      int experts = 1 + random.nextInt(trial == 0 ? 2 : 9);
      int topK = Math.min(experts, 1 + random.nextInt(4));
      Activation activation = List.of(Activation.values()).get(random.nextInt(Activation.values().length));
      Program program =
          OneOperation.of(
              List.of(in, experts), columns,
              (builder, inputs, out) -> {
                Value route = builder.value("route", RowDomain.TOKENS, 2 * topK);
                builder.append(
                    new Op.MoeRoute(
                        Site.of("route"), inputs.get(1), route, topK, Op.MoeRoute.Scoring.SOFTMAX, Op.MoeRoute.Weighting.RENORMALISED, 1,
                        Optional.empty()));
                builder.append(
                    new Op.MoeExperts(
                        Site.of("experts"), inputs.getFirst(), route, out, 0, experts, new WeightSpec("gate", experts * wide, in, WeightFormat.of(type)),
                        new WeightSpec("up", experts * wide, in, WeightFormat.of(type)),
                        new WeightSpec("down", experts * columns, wide, WeightFormat.of(type)), activation));
              });
      check(program, random, 2 * in + wide, "moe of " + topK + " of " + experts + " experts " + type + " [" + columns + ", " + wide + ", " + in + "]");
    }
  }

  @Test
  default void runsOperationsOverOutputRows() {
    Random random = seeded("outputs");
    for (int trial = 0; trial < scale().trials(4); trial++) {
      int columns = 32 * (1 + random.nextInt(3));
      int vocabulary = pick(random, sizes()) + 1;
      ProgramBuilder builder = new ProgramBuilder("outputs");
      Value in = builder.embedTokens(Site.of("in"), "in", OneOperation.table("unit", vocabulary, columns));
      Value selected = builder.selectOutputs(Site.of("select"), "selected", in);
      Value normed = builder.rmsNorm(Site.of("norm"), "normed", selected, OneOperation.table("norm", 1, columns), 1e-5f);
      Value doubled = builder.add(Site.of("add"), "doubled", normed, selected);
      Value gated = builder.gate(Site.of("gate"), "gated", doubled, normed, Activation.GELU);
      Value logits = builder.value("raw", RowDomain.OUTPUTS, vocabulary);
      WeightSpec head = new WeightSpec("head", vocabulary, columns, WeightFormat.of(BlockType.Q8_0));
      builder.append(new Op.Linear(Site.of("head"), gated, List.of(new Op.Linear.Part(logits, head, Optional.empty()))));
      Value capped = builder.map(Site.of("cap"), "capped", logits, new MapFunction.SoftCap(3));
      check(builder.build(capped, vocabulary), random, columns, "operations over output rows");
    }
  }

  /** Runs the Program on both backends on the same random tokens and compares all log-probabilities. */
  default void check(Program program, Random random, int reductionLength, String what) {
    int vocabulary = program.vocabularySize();
    int[] tokens = random.ints(pick(random, ROWS), 0, vocabulary).toArray();
    RandomWeights weights = new RandomWeights(random.nextLong());
    Limits limits = new Limits(tokens.length, 1, tokens.length, tokens.length + 2);
    KvFormat format = new KvFormat(KvType.F32, 4);
    try (StepDriver reference = reference(program, weights, limits, format, 20);
        StepDriver subject = subject(program, weights, limits, format, 20, 1)) {
      float[][] expected = LogprobTable.of(reference, vocabulary, tokens.length, tokens);
      float[][] actual = LogprobTable.of(subject, vocabulary, tokens.length, tokens);
      LogprobTable.assertClose(
          expected,
          actual,
          Tolerances.afterReduction(reductionLength) * toleranceFactor(),
          what + " over " + tokens.length + " rows");
    }
  }

  private List<Integer> sizes() {
    return scale().upTo(100, SIZES);
  }

  private static Optional<WeightSpec> vector(Random random, String name, int group, int columns) {
    return switch (random.nextInt(3)) {
      case 0 -> Optional.empty();
      case 1 -> Optional.of(OneOperation.table(name, 1, group));
      default -> Optional.of(OneOperation.table(name, 1, columns));
    };
  }

  private static int pick(Random random, List<Integer> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  /** A random generator whose seed is printed; the system property {@code jebena.tck.seed} repeats a run. */
  static Random seeded(String what) {
    long seed = Long.getLong("jebena.tck.seed", System.nanoTime());
    System.out.println("TCK " + what + ": -Djebena.tck.seed=" + seed);
    return new Random(seed);
  }
}
