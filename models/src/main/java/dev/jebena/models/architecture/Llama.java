package dev.jebena.models.architecture;

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
import dev.jebena.engine.weight.WeightSpec;
import dev.jebena.models.checkpoint.Settings;
import dev.jebena.models.checkpoint.TensorLayout;
import dev.jebena.models.checkpoint.Weights;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Llama and what is built like it: pre-norm blocks of grouped-query attention with rotary positions, and of a gated SiLU network.
 * Source: Touvron et al., LLaMA, 2023; Ainslie et al., GQA, 2023.
 */
final class Llama implements Architecture {

  private static final int MAX_LAYERS = 1024;
  private static final int MAX_HEADS = 4096;
  private static final int MAX_HEAD_DIM = 8192;
  private static final int MAX_COLUMNS = 1 << 24;

  /** Options that would change the answers and are not known here; each is harmless at 0. */
  private static final List<String> REFUSED = List.of(
      "expert_count", "attention.clamp_kqv", "attention.max_alibi_bias", "attn_logit_softcapping", "final_logit_softcapping",
      "embedding_scale", "residual_scale", "logit_scale");

  /** Sizes of the model. */
  private record Shape(
      int layers, int hidden, int feedForward, int heads, int kvHeads, int headDim, int valueDim, float epsilon, float scale) {

    static Shape read(Settings settings) {
      int hidden = settings.size("embedding_length", MAX_COLUMNS);
      int heads = settings.size("attention.head_count", MAX_HEADS);
      int kvHeads = settings.sizeOr("attention.head_count_kv", heads, MAX_HEADS);
      if (heads % kvHeads != 0) {
        throw settings.wrong("attention.head_count_kv", "it must divide the " + heads + " query heads");
      }
      if (!settings.has("attention.key_length") && hidden % heads != 0) {
        throw settings.wrong("embedding_length", "it must be a multiple of the " + heads + " heads where no key length is given");
      }
      int headDim = settings.sizeOr("attention.key_length", Math.max(1, hidden / heads), MAX_HEAD_DIM);
      int valueDim = settings.sizeOr("attention.value_length", headDim, MAX_HEAD_DIM);
      return new Shape(
          settings.size("block_count", MAX_LAYERS),
          hidden,
          settings.size("feed_forward_length", MAX_COLUMNS),
          heads,
          kvHeads,
          headDim,
          valueDim,
          (float) settings.positive("attention.layer_norm_rms_epsilon"),
          (float) settings.positiveOr("attention.scale", 1 / Math.sqrt(headDim)));
    }
  }

  @Override
  public String name() {
    return "llama";
  }

  @Override
  public Program program(Settings settings, Weights weights, TensorLayout layout) {
    for (String key : REFUSED) {
      if (settings.realOr(key, 0) != 0) {
        throw settings.wrong(key, "this option of architecture llama is not supported yet");
      }
    }
    // Converters to GGUF reorder the rows of Q and K so that the columns of a pair stand side by side.
    Op.Rope.Pairing pairing = switch (layout) {
      case GGUF -> Op.Rope.Pairing.INTERLEAVED;
      case HUGGING_FACE -> Op.Rope.Pairing.HALVES;
    };
    Shape shape = Shape.read(settings);
    RopeFrequencies frequencies = RopeReader.read(settings, weights, shape.headDim);
    return new Emitter(shape, pairing, frequencies, weights).program(settings);
  }

  /** Writes the Program of one model. */
  private static final class Emitter {

    private final Shape shape;
    private final Op.Rope.Pairing pairing;
    private final RopeFrequencies frequencies;
    private final Weights weights;
    private final ProgramBuilder builder = new ProgramBuilder("llama");

    Emitter(Shape shape, Op.Rope.Pairing pairing, RopeFrequencies frequencies, Weights weights) {
      this.shape = shape;
      this.pairing = pairing;
      this.frequencies = frequencies;
      this.weights = weights;
    }

    Program program(Settings settings) {
      WeightSpec embedding = weights.matrix("token_embd.weight", shape.hidden);
      int vocabulary = embedding.rows();
      if (settings.sizeOr("vocab_size", vocabulary, Integer.MAX_VALUE) != vocabulary) {
        throw settings.wrong("vocab_size", "the token embedding has " + vocabulary + " rows");
      }
      KvGroup.CacheLayer cacheLayer = new KvGroup.CacheLayer(shape.kvHeads, shape.headDim, shape.valueDim);
      int group = builder.kvGroup(Collections.nCopies(shape.layers, cacheLayer));
      Value hidden = builder.embedTokens(Site.of("embedding"), "embedding", embedding);
      for (int layer = 0; layer < shape.layers; layer++) {
        hidden = attention(layer, group, hidden);
        hidden = feedForward(layer, hidden);
      }
      Value selected = builder.selectOutputs(Site.of("outputs"), "outputs", hidden);
      Value normed =
          builder.rmsNorm(Site.of("norm"), "norm", selected, weights.vector("output_norm.weight", shape.hidden), shape.epsilon);
      WeightSpec head = weights.has("output.weight") ? weights.matrix("output.weight", vocabulary, shape.hidden) : embedding;
      Value logits = builder.linear(
          Site.of("head"), "logits", normed, head, weights.optionalVector("output.bias", vocabulary));
      weights.requireAllUsed(Llama::isIgnorable);
      return builder.build(logits, vocabulary);
    }

    private Value attention(int layer, int group, Value in) {
      Value normed = builder.rmsNorm(
          Site.of(layer, "attention.norm"), label(layer, "attention.norm"), in,
          weights.vector(tensor(layer, "attn_norm.weight"), shape.hidden), shape.epsilon);
      int keyColumns = shape.kvHeads * shape.headDim;
      int valueColumns = shape.kvHeads * shape.valueDim;
      Op.Linear.Part query = part(layer, "q", "attn_q", normed, shape.heads * shape.headDim);
      Op.Linear.Part key = part(layer, "k", "attn_k", normed, keyColumns);
      Op.Linear.Part value = part(layer, "v", "attn_v", normed, valueColumns);
      builder.append(new Op.Linear(Site.of(layer, "attention.qkv"), normed, List.of(query, key, value)));
      Site ropeSite = Site.of(layer, "attention.rope");
      Value turnedQuery =
          builder.rope(ropeSite, label(layer, "q.turned"), query.out(), shape.headDim, pairing, frequencies);
      Value turnedKey = builder.rope(ropeSite, label(layer, "k.turned"), key.out(), shape.headDim, pairing, frequencies);
      builder.append(new Op.KvWrite(Site.of(layer, "attention.cache"), group, layer, turnedKey, value.out()));
      Value mixed = builder.value(label(layer, "attention"), RowDomain.TOKENS, shape.heads * shape.valueDim);
      builder.append(new Op.Attention(
          Site.of(layer, "attention"), turnedQuery, mixed, group, layer, shape.heads, shape.kvHeads, shape.headDim, shape.valueDim,
          shape.scale, new AttentionMask.Causal(), 0));
      Op.Linear.Part out = part(layer, "attention.out", "attn_output", mixed, shape.hidden);
      builder.append(new Op.Linear(Site.of(layer, "attention.out"), mixed, List.of(out)));
      return builder.add(Site.of(layer, "attention.residual"), label(layer, "attention.residual"), in, out.out());
    }

    private Value feedForward(int layer, Value in) {
      Value normed = builder.rmsNorm(
          Site.of(layer, "ffn.norm"), label(layer, "ffn.norm"), in, weights.vector(tensor(layer, "ffn_norm.weight"), shape.hidden),
          shape.epsilon);
      Op.Linear.Part gate = part(layer, "gate", "ffn_gate", normed, shape.feedForward);
      Op.Linear.Part up = part(layer, "up", "ffn_up", normed, shape.feedForward);
      builder.append(new Op.Linear(Site.of(layer, "ffn.gate_up"), normed, List.of(gate, up)));
      Value gated = builder.gate(Site.of(layer, "ffn.gate"), label(layer, "gated"), gate.out(), up.out(), Activation.SILU);
      Op.Linear.Part down = part(layer, "down", "ffn_down", gated, shape.hidden);
      builder.append(new Op.Linear(Site.of(layer, "ffn.down"), gated, List.of(down)));
      return builder.add(Site.of(layer, "ffn.residual"), label(layer, "ffn.residual"), in, down.out());
    }

    private Op.Linear.Part part(int layer, String result, String stem, Value in, int columns) {
      WeightSpec weight = weights.matrix(tensor(layer, stem + ".weight"), columns, in.columns());
      Optional<WeightSpec> bias = weights.optionalVector(tensor(layer, stem + ".bias"), columns);
      return new Op.Linear.Part(builder.value(label(layer, result), in.domain(), columns), weight, bias);
    }

    private static String tensor(int layer, String name) {
      return "blk." + layer + "." + name;
    }

    private static String label(int layer, String name) {
      return layer + "." + name;
    }
  }

  /** Rotary frequencies that old converters stored for each layer; they follow from the settings. */
  private static boolean isIgnorable(String tensor) {
    return tensor.endsWith("attn_rot_embd.weight") || tensor.endsWith("rotary_emb.inv_freq");
  }
}
