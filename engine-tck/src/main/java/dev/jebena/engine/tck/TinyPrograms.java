package dev.jebena.engine.tck;

import dev.jebena.engine.program.Activation;
import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.program.KvGroup;
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

/** Decoders of the Llama kind, small enough for tests that run thousands of steps. */
public final class TinyPrograms {

  static final float EPSILON = 1e-5f;
  static final double ROPE_BASE = 100;

  private final TinyShape shape;
  private final ProgramBuilder builder = new ProgramBuilder("tiny");

  private TinyPrograms(TinyShape shape) {
    this.shape = shape;
  }

  /**
   * A decoder with grouped heads, rotary positions, gated feed-forward and tied head.
   *
   * @throws RuntimeException if the sizes do not fit each other
   */
  public static Program llama(TinyShape shape) {
    return new TinyPrograms(shape).build();
  }

  private Program build() {
    KvGroup.CacheLayer cacheLayer = new KvGroup.CacheLayer(shape.kvHeads(), shape.headDim(), shape.headDim());
    boolean twoGroups = !(shape.mask() instanceof AttentionMask.Causal) && shape.layers() > 1;
    int odd = twoGroups ? shape.layers() / 2 : 0;
    builder.kvGroup(Collections.nCopies(shape.layers() - odd, cacheLayer));
    if (twoGroups) {
      builder.kvGroup(Collections.nCopies(odd, cacheLayer));
    }
    WeightSpec embedding = matrix("embedding", shape.vocabulary(), shape.hidden());
    Value stream = builder.embedTokens(Site.of("embedding"), "embedded", embedding);
    for (int layer = 0; layer < shape.layers(); layer++) {
      boolean second = twoGroups && layer % 2 == 1;
      AttentionMask mask = second ? shape.mask() : new AttentionMask.Causal();
      stream = attention(layer, stream, second ? 1 : 0, twoGroups ? layer / 2 : layer, mask);
      stream = feedForward(layer, stream);
    }
    Value outputs = builder.selectOutputs(Site.of("outputs"), "outputs", stream);
    Value normed = builder.rmsNorm(Site.of("final_norm"), "final", outputs, vector("final_norm", shape.hidden()), EPSILON);
    return builder.build(builder.linear(Site.of("head"), "logits", normed, embedding, Optional.empty()), shape.vocabulary());
  }

  private Value attention(int layer, Value stream, int group, int cacheLayer, AttentionMask mask) {
    int queryColumns = shape.heads() * shape.headDim();
    int keyColumns = shape.kvHeads() * shape.headDim();
    Value normed = norm(layer, "attention_norm", "a", stream);
    // one root with three slices, as an architecture with a joint projection writes it
    Value joint = builder.value(name(layer, "qkv"), RowDomain.TOKENS, queryColumns + 2 * keyColumns);
    Value query = builder.slice(name(layer, "q"), joint, 0, queryColumns);
    Value key = builder.slice(name(layer, "k"), joint, queryColumns, keyColumns);
    Value value = builder.slice(name(layer, "v"), joint, queryColumns + keyColumns, keyColumns);
    List<Op.Linear.Part> parts = new ArrayList<>();
    for (Value part : List.of(query, key, value)) {
      parts.add(new Op.Linear.Part(part, matrix(part.name() + "_weight", part.columns(), shape.hidden()), Optional.empty()));
    }
    builder.append(new Op.Linear(site(layer, "attention.qkv"), normed, parts));
    Value turnedQuery = turned(layer, "rq", query);
    Value turnedKey = turned(layer, "rk", key);
    builder.append(new Op.KvWrite(site(layer, "attention.kv"), group, cacheLayer, turnedKey, value));
    Value attended = builder.value(name(layer, "attended"), RowDomain.TOKENS, queryColumns);
    float scale = (float) (1 / Math.sqrt(shape.headDim()));
    builder.append(
        new Op.Attention(
            site(layer, "attention"), turnedQuery, attended, group, cacheLayer, shape.heads(), shape.kvHeads(), shape.headDim(),
            shape.headDim(), scale, mask, 0));
    WeightSpec out = attentionOut(layer, queryColumns);
    Value projected = builder.linear(site(layer, "attention.out"), name(layer, "o"), attended, out, Optional.empty());
    return builder.add(site(layer, "attention.residual"), name(layer, "r1"), stream, projected);
  }

  private WeightSpec attentionOut(int layer, int columns) {
    return columns % shape.type().elements() == 0
        ? matrix(name(layer, "o_weight"), shape.hidden(), columns)
        : new WeightSpec(name(layer, "o_weight"), shape.hidden(), columns, WeightFormat.of(BlockType.F32));
  }

  private Value feedForward(int layer, Value stream) {
    Value normed = norm(layer, "ffn_norm", "f", stream);
    Value gate = linear(layer, "gate", normed, shape.feedForward());
    Value up = linear(layer, "up", normed, shape.feedForward());
    Value gated = builder.gate(site(layer, "ffn.act"), name(layer, "act"), gate, up, Activation.SILU);
    Value down = linear(layer, "down", gated, shape.hidden());
    return builder.add(site(layer, "ffn.residual"), name(layer, "r2"), stream, down);
  }

  private Value norm(int layer, String what, String result, Value in) {
    return builder.rmsNorm(site(layer, what), name(layer, result), in, vector(name(layer, what), shape.hidden()), EPSILON);
  }

  private Value linear(int layer, String what, Value in, int columns) {
    WeightSpec weight = matrix(name(layer, what + "_weight"), columns, in.columns());
    return builder.linear(site(layer, "ffn." + what), name(layer, what), in, weight, Optional.empty());
  }

  private Value turned(int layer, String what, Value in) {
    return builder.rope(
        site(layer, "attention." + what), name(layer, what), in, shape.headDim(), Op.Rope.Pairing.HALVES,
            frequencies(shape.headDim()));
  }

  /** Rotary frequencies over all columns of a head. */
  static RopeFrequencies frequencies(int headDim) {
    float[] inverse = new float[headDim / 2];
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] = (float) Math.pow(ROPE_BASE, -2.0 * i / headDim);
    }
    return new RopeFrequencies(inverse, 1);
  }

  private WeightSpec matrix(String name, int rows, int columns) {
    return new WeightSpec(name, rows, columns, WeightFormat.of(shape.type()));
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
