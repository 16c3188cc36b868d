package dev.jebena.engine.shard;

import dev.jebena.engine.program.Activation;
import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.program.KvGroup;
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
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Decoders of one layer or two that differ in what architectures differ in: drawn at random, the same for the same seed. */
final class VariedPrograms {

  private static final float EPSILON = 1e-5f;

  private final Random random;
  private final ProgramBuilder builder = new ProgramBuilder("varied");
  private final StringBuilder traits = new StringBuilder();
  private final int layers;
  private final int kvHeads;
  private final int heads;
  private final int headDim;
  private final int valueDim;
  private final int hidden;
  private final int feedForward;
  private final int vocabulary;
  private final BlockType type;

  private VariedPrograms(Random random) {
    this.random = random;
    this.layers = 1 + random.nextInt(2);
    this.kvHeads = 1 + random.nextInt(5);
    this.heads = kvHeads * (1 + random.nextInt(4));
    this.headDim = 2 * (2 + random.nextInt(4));
    this.valueDim = 3 + random.nextInt(8);
    BlockType[] types = {BlockType.F32, BlockType.F16, BlockType.Q8_0, BlockType.Q4_1, BlockType.Q6_K};
    this.type = types[random.nextInt(types.length)];
    this.hidden = Math.max(32, type.elements());
    this.feedForward = Math.max(32, type.elements()) * (1 + random.nextInt(3));
    this.vocabulary = 40 + random.nextInt(60);
    traits.append(type).append(" heads ").append(heads).append('/').append(kvHeads).append(" of ").append(headDim).append('/').append(valueDim)
        .append(" ff ").append(feedForward);
  }

  /** A Program, and what is special about it. */
  record Varied(Program program, String traits) {}

  static Varied draw(long seed) {
    VariedPrograms varied = new VariedPrograms(new Random(seed));
    Program program = varied.build();
    return new Varied(program, varied.traits.toString());
  }

  private boolean is(String trait) {
    boolean chosen = random.nextBoolean();
    if (chosen) {
      traits.append(", ").append(trait);
    }
    return chosen;
  }

  private Program build() {
    builder.kvGroup(Collections.nCopies(layers, new KvGroup.CacheLayer(kvHeads, headDim, valueDim)));
    WeightSpec table = matrix("embedding", vocabulary, hidden);
    Value stream = builder.embedTokens(Site.of("embedding"), "embedded", table);
    if (is("learned positions")) {
      Value positions = builder.value("positions", RowDomain.TOKENS, hidden);
      builder.append(new Op.Embed(Site.of("positions"), positions, matrix("position_table", 64, hidden), Op.Embed.Index.POSITION));
      stream = builder.add(Site.of("positions"), "with_positions", stream, positions);
    }
    boolean parallel = is("parallel residual");
    boolean layerNorm = is("layer norm");
    for (int layer = 0; layer < layers; layer++) {
      Value normed = norm(layer, "norm1", stream, layerNorm);
      Value attended = attention(layer, normed);
      Value middle = builder.add(site(layer, "residual1"), name(layer, "r1"), stream, attended);
      Value fed = feedForward(layer, parallel ? normed : norm(layer, "norm2", middle, layerNorm));
      stream = builder.add(site(layer, "residual2"), name(layer, "r2"), middle, fed);
    }
    Value outputs = builder.selectOutputs(Site.of("outputs"), "outputs", stream);
    Value normed = builder.rmsNorm(Site.of("final"), "final", outputs, vector("final_norm", hidden), EPSILON);
    WeightSpec head = is("untied head") ? matrix("head", vocabulary, hidden) : table;
    Value logits = builder.linear(Site.of("head"), "logits", normed, head, bias("head_bias", vocabulary));
    if (is("capped logits")) {
      logits = builder.map(Site.of("cap"), "capped", logits, new MapFunction.SoftCap(5));
    }
    return builder.build(logits, vocabulary);
  }

  private Value norm(int layer, String what, Value in, boolean layerNorm) {
    Value out = builder.value(name(layer, what), in.domain(), in.columns());
    builder.append(new Op.Norm(
        site(layer, what), in, out, layerNorm ? Op.Norm.Kind.LAYER : Op.Norm.Kind.RMS, Optional.of(vector(name(layer, what + "_norm"), hidden)),
        layerNorm ? Optional.of(vector(name(layer, what + "_bias"), hidden)) : Optional.empty(), hidden, EPSILON, 0));
    return out;
  }

  private Value attention(int layer, Value in) {
    int q = heads * headDim;
    int k = kvHeads * headDim;
    int v = kvHeads * valueDim;
    Value query;
    Value key;
    Value value;
    if (is("fused qkv")) {
      Value all = builder.value(name(layer, "qkv"), RowDomain.TOKENS, q + k + v);
      query = builder.slice(name(layer, "q"), all, 0, q);
      key = builder.slice(name(layer, "k"), all, q, k);
      value = builder.slice(name(layer, "v"), all, q + k, v);
      builder.append(new Op.Linear(site(layer, "qkv"), in, List.of(
          new Op.Linear.Part(all, matrix(name(layer, "qkv_weight"), q + k + v, hidden), bias(name(layer, "qkv_bias"), q + k + v)))));
    } else {
      query = builder.value(name(layer, "q"), RowDomain.TOKENS, q);
      key = builder.value(name(layer, "k"), RowDomain.TOKENS, k);
      value = builder.value(name(layer, "v"), RowDomain.TOKENS, v);
      List<Op.Linear.Part> parts = new ArrayList<>();
      for (Value out : List.of(query, key, value)) {
        parts.add(new Op.Linear.Part(out, matrix(out.name() + "_weight", out.columns(), hidden), bias(out.name() + "_bias", out.columns())));
      }
      builder.append(new Op.Linear(site(layer, "qkv"), in, parts));
    }
    if (is("norm of heads")) {
      query = headNorm(layer, "qn", query, headDim);
      key = headNorm(layer, "kn", key, headDim);
    } else if (kvHeads > 1 && is("norm of all heads")) {
      query = headNorm(layer, "qn", query, query.columns());
    }
    query = rope(layer, "rq", query);
    key = rope(layer, "rk", key);
    builder.append(new Op.KvWrite(site(layer, "kv"), 0, layer, key, value));
    Value mixed = builder.value(name(layer, "attended"), RowDomain.TOKENS, heads * valueDim);
    builder.append(new Op.Attention(
        site(layer, "attention"), query, mixed, 0, layer, heads, kvHeads, headDim, valueDim, 0.3f, new AttentionMask.Causal(), 0));
    if (is("gated attention")) {
      Value gate = builder.linear(
          site(layer, "gate"), name(layer, "ag"), in, matrix(name(layer, "ag_weight"), heads * valueDim, hidden), Optional.empty());
      mixed = builder.gate(site(layer, "gate"), name(layer, "agated"), gate, mixed, Activation.GELU);
    }
    BlockType outType = heads * valueDim % type.elements() == 0 ? type : BlockType.F32;
    WeightSpec out = new WeightSpec(name(layer, "o_weight"), hidden, heads * valueDim, WeightFormat.of(outType));
    return builder.linear(site(layer, "out"), name(layer, "o"), mixed, out, bias(name(layer, "o_bias"), hidden));
  }

  private Value headNorm(int layer, String result, Value in, int groupColumns) {
    Value out = builder.value(name(layer, result), in.domain(), in.columns());
    int columns = random.nextBoolean() ? groupColumns : in.columns();
    builder.append(new Op.Norm(
        site(layer, result), in, out, Op.Norm.Kind.RMS, Optional.of(vector(name(layer, result + "_norm"), columns)), Optional.empty(),
        groupColumns, EPSILON, 0));
    return out;
  }

  private Value rope(int layer, String result, Value in) {
    float[] inverse = new float[headDim / 2 - 1];
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] = (float) Math.pow(100, -2.0 * i / headDim);
    }
    return builder.rope(site(layer, "rope"), name(layer, result), in, headDim, Op.Rope.Pairing.HALVES, new RopeFrequencies(inverse, 1));
  }

  private Value feedForward(int layer, Value in) {
    Value inner;
    if (is("plain network")) {
      Value up = builder.linear(
          site(layer, "up"), name(layer, "up"), in, matrix(name(layer, "up_weight"), feedForward, hidden), bias(name(layer, "up_bias"), feedForward));
      inner = builder.map(site(layer, "act"), name(layer, "act"), up, new MapFunction.Activate(Activation.GELU_TANH));
    } else if (is("fused gate and up")) {
      Value both = builder.linear(
          site(layer, "gu"), name(layer, "gu"), in, matrix(name(layer, "gu_weight"), 2 * feedForward, hidden), Optional.empty());
      Value gate = builder.slice(name(layer, "g"), both, 0, feedForward);
      Value up = builder.slice(name(layer, "u"), both, feedForward, feedForward);
      inner = builder.gate(site(layer, "act"), name(layer, "act"), gate, up, Activation.SILU);
    } else {
      Value gate = builder.linear(
          site(layer, "g"), name(layer, "g"), in, matrix(name(layer, "g_weight"), feedForward, hidden), Optional.empty());
      Value up = builder.linear(site(layer, "u"), name(layer, "u"), in, matrix(name(layer, "u_weight"), feedForward, hidden), Optional.empty());
      inner = builder.gate(site(layer, "act"), name(layer, "act"), gate, up, Activation.SILU);
    }
    Value down = builder.linear(
        site(layer, "down"), name(layer, "down"), inner, matrix(name(layer, "down_weight"), hidden, feedForward), bias(name(layer, "down_bias"), hidden));
    if (is("side by side")) {
      // two products write the halves of one value
      Value all = builder.value(name(layer, "sides"), RowDomain.TOKENS, hidden);
      for (int side = 0; side < 2; side++) {
        Value half = builder.slice(name(layer, "side" + side), all, side * hidden / 2, hidden / 2);
        builder.append(new Op.Linear(site(layer, "side"), side == 0 ? down : inner, List.of(new Op.Linear.Part(
            half, matrix(half.name() + "_weight", hidden / 2, side == 0 ? hidden : feedForward), Optional.empty()))));
      }
      return all;
    }
    return down;
  }

  private Optional<WeightSpec> bias(String name, int columns) {
    return random.nextInt(3) == 0 ? Optional.of(vector(name, columns)) : Optional.empty();
  }

  private WeightSpec matrix(String name, int rows, int columns) {
    return new WeightSpec(name, rows, columns, WeightFormat.of(type));
  }

  private static WeightSpec vector(String name, int columns) {
    return new WeightSpec(name, 1, columns, WeightFormat.of(BlockType.F32));
  }

  private static Site site(int layer, String name) {
    return Site.of(layer, name);
  }

  private static String name(int layer, String what) {
    return "layer" + layer + "_" + what;
  }
}
