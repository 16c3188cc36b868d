package dev.jebena.engine.program;

import dev.jebena.engine.weight.WeightSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * One operation of a {@link Program}. Arithmetic is float32; shapes are checked when the Program is built.
 *
 * <p>Shapes below are {@code [rows, columns]}; all operands of an operation have the rows of one domain, but for {@link SelectRows}.
 */
public sealed interface Op {

  /** Where the operation stands in the model. */
  Site site();

  /** The values read, in order. */
  List<Value> inputs();

  /** The values written, in order. */
  List<Value> outputs();

  /** The weights read, in order. */
  List<WeightSpec> weights();

  /**
   * Row r of {@code out} is the row of {@code weight} that the index of token r names.
   *
   * @param weight {@code [entries, out.columns]}
   * @param firstEntry the entry that the weight's first row is, where it holds only some of all entries: indices that it does not
   *     hold give rows of zeros. Empty: it holds all of them, and an index outside is an error
   */
  record Embed(Site site, Value out, WeightSpec weight, Index index, OptionalInt firstEntry) implements Op {

    /** An embedding that holds all entries. */
    public Embed(Site site, Value out, WeightSpec weight, Index index) {
      this(site, out, weight, index, OptionalInt.empty());
    }

    /** What selects the row. */
    public enum Index {
      TOKEN,
      POSITION
    }

    @Override
    public List<Value> inputs() {
      return List.of();
    }

    @Override
    public List<Value> outputs() {
      return List.of(out);
    }

    @Override
    public List<WeightSpec> weights() {
      return List.of(weight);
    }
  }

  /**
   * Normalises each group of {@code groupColumns} columns of each row, then multiplies by {@code weight + weightOffset} and adds {@code
   * bias}. RMS: x / sqrt(mean(x^2) + epsilon). LAYER: (x - mean) / sqrt(variance + epsilon).
   *
   * @param weight {@code [1, columns]} or {@code [1, groupColumns]}, absent: 1
   * @param bias as weight, absent: 0
   * @param groupColumns divides the columns; equal to them for an ordinary norm, the head's columns for a norm per head
   */
  record Norm(
      Site site,
      Value in,
      Value out,
      Kind kind,
      Optional<WeightSpec> weight,
      Optional<WeightSpec> bias,
      int groupColumns,
      float epsilon,
      float weightOffset)
      implements Op {

    /** The kind of normalisation. */
    public enum Kind {
      RMS,
      LAYER
    }

    @Override
    public List<Value> inputs() {
      return List.of(in);
    }

    @Override
    public List<Value> outputs() {
      return List.of(out);
    }

    @Override
    public List<WeightSpec> weights() {
      List<WeightSpec> weights = new ArrayList<>();
      weight.ifPresent(weights::add);
      bias.ifPresent(weights::add);
      return List.copyOf(weights);
    }
  }

  /** For each part: {@code out = in * transpose(weight) + bias}; the parts share the input, not the type. */
  record Linear(Site site, Value in, List<Part> parts) implements Op {

    public Linear {
      parts = List.copyOf(parts);
    }

    /**
     * One product.
     *
     * @param out {@code [rows, weight.rows]}
     * @param weight {@code [out.columns, in.columns]}
     * @param bias {@code [1, out.columns]}
     */
    public record Part(Value out, WeightSpec weight, Optional<WeightSpec> bias) {}

    @Override
    public List<Value> inputs() {
      return List.of(in);
    }

    @Override
    public List<Value> outputs() {
      return parts.stream().map(Part::out).toList();
    }

    @Override
    public List<WeightSpec> weights() {
      List<WeightSpec> weights = new ArrayList<>();
      for (Part part : parts) {
        weights.add(part.weight());
        part.bias().ifPresent(weights::add);
      }
      return List.copyOf(weights);
    }
  }

  /**
   * Turns pairs of the first {@code 2 * frequencies.pairs()} columns of each head by an angle that grows with the token's position;
   * the other columns pass.
   *
   * @param headDim divides the columns
   */
  record Rope(Site site, Value in, Value out, int headDim, Pairing pairing, RopeFrequencies frequencies) implements Op {

    /** Which columns form pair i of p: HALVES (i, i + p), INTERLEAVED (2i, 2i + 1). */
    public enum Pairing {
      HALVES,
      INTERLEAVED
    }

    @Override
    public List<Value> inputs() {
      return List.of(in);
    }

    @Override
    public List<Value> outputs() {
      return List.of(out);
    }

    @Override
    public List<WeightSpec> weights() {
      return List.of();
    }
  }

  /**
   * Writes the keys and values of the step's tokens into the cache; attention of the same step reads them from there.
   *
   * @param key {@code [tokens, kvHeads * keyDim]}
   * @param value {@code [tokens, kvHeads * valueDim]}
   */
  record KvWrite(Site site, int group, int cacheLayer, Value key, Value value) implements Op {

    @Override
    public List<Value> inputs() {
      return List.of(key, value);
    }

    @Override
    public List<Value> outputs() {
      return List.of();
    }

    @Override
    public List<WeightSpec> weights() {
      return List.of();
    }
  }

  /**
   * Softmax attention over the cached tokens of the row's own sequence: for head h, {@code out_h = softmax(cap(scale q_h K^T)) V} with K
   * and V of head {@code h * kvHeads / heads}.
   *
   * @param query {@code [tokens, heads * headDim]}
   * @param out {@code [tokens, heads * valueDim]}
   * @param softCap limit of {@code limit * tanh(score / limit)}; 0: none
   * @param sinks {@code [1, heads]}: a score of each head that joins the sum under its softmax and has no value, so that a head may look at nothing (Xiao et
   *     al., Efficient Streaming Language Models with Attention Sinks, 2023, as learned in gpt-oss); neither scaled nor capped
   */
  record Attention(
      Site site,
      Value query,
      Value out,
      int group,
      int cacheLayer,
      int heads,
      int kvHeads,
      int headDim,
      int valueDim,
      float scale,
      AttentionMask mask,
      float softCap,
      Optional<WeightSpec> sinks)
      implements Op {

    /** Attention without sinks. */
    public Attention(
        Site site, Value query, Value out, int group, int cacheLayer, int heads, int kvHeads, int headDim, int valueDim, float scale,
        AttentionMask mask, float softCap) {
      this(site, query, out, group, cacheLayer, heads, kvHeads, headDim, valueDim, scale, mask, softCap, Optional.empty());
    }

    @Override
    public List<Value> inputs() {
      return List.of(query);
    }

    @Override
    public List<Value> outputs() {
      return List.of(out);
    }

    @Override
    public List<WeightSpec> weights() {
      return sinks.stream().toList();
    }
  }

  /**
   * Chooses for each row the experts of a mixture: those with the largest scores, the first of equal ones first.
   *
   * @param logits {@code [tokens, experts]}
   * @param out {@code [tokens, 2 * topK]}: the experts' numbers, best first, then their weights
   * @param topK experts of a row
   * @param scoring what makes scores of logits
   * @param weighting what makes weights of the scores of the chosen ones
   * @param scale what weights are multiplied by at last
   * @param selectionBias {@code [1, experts]}: is added to the scores while experts are chosen, and not to their weights
   */
  record MoeRoute(
      Site site,
      Value logits,
      Value out,
      int topK,
      Scoring scoring,
      Weighting weighting,
      float scale,
      Optional<WeightSpec> selectionBias)
      implements Op {

    /** What makes scores of logits: a softmax over all experts, or each for itself. */
    public enum Scoring {
      SOFTMAX,
      SIGMOID
    }

    /** The scores as they are, or divided by their sum over the chosen experts. */
    public enum Weighting {
      AS_SCORED,
      RENORMALISED
    }

    @Override
    public List<Value> inputs() {
      return List.of(logits);
    }

    @Override
    public List<Value> outputs() {
      return List.of(out);
    }

    @Override
    public List<WeightSpec> weights() {
      return selectionBias.stream().toList();
    }
  }

  /**
   * The gated networks of the experts that {@link MoeRoute} chose: {@code out = sum_k weight_k down_e (activation(gate_e in) * (up_e in))} over a row's experts e in
   * the order of its choice. Experts outside of {@code [firstExpert, firstExpert + experts)} add nothing: other ranks have them.
   *
   * @param route {@code [tokens, 2 * topK]}, as MoeRoute writes it
   * @param out {@code [tokens, columns]}
   * @param gate {@code [experts * feedForward, in.columns]}, expert after expert
   * @param up as gate
   * @param down {@code [experts * out.columns, feedForward]}
   */
  record MoeExperts(
      Site site,
      Value in,
      Value route,
      Value out,
      int firstExpert,
      int experts,
      WeightSpec gate,
      WeightSpec up,
      WeightSpec down,
      Activation activation)
      implements Op {

    /** Experts of a row. */
    public int topK() {
      return route.columns() / 2;
    }

    /** Columns between gate and down. */
    public int feedForward() {
      return down.columns();
    }

    @Override
    public List<Value> inputs() {
      return List.of(in, route);
    }

    @Override
    public List<Value> outputs() {
      return List.of(out);
    }

    @Override
    public List<WeightSpec> weights() {
      return List.of(gate, up, down);
    }
  }

  /** {@code out = function(in)}, element by element. */
  record Map(Site site, Value in, Value out, MapFunction function) implements Op {

    @Override
    public List<Value> inputs() {
      return List.of(in);
    }

    @Override
    public List<Value> outputs() {
      return List.of(out);
    }

    @Override
    public List<WeightSpec> weights() {
      return List.of();
    }
  }

  /** {@code out = a + b} or {@code a * b}, element by element. */
  record Combine(Site site, Value a, Value b, Value out, Kind kind) implements Op {

    /** The operator. */
    public enum Kind {
      ADD,
      MULTIPLY
    }

    @Override
    public List<Value> inputs() {
      return List.of(a, b);
    }

    @Override
    public List<Value> outputs() {
      return List.of(out);
    }

    @Override
    public List<WeightSpec> weights() {
      return List.of();
    }
  }

  /** {@code out = activation(gate) * up}, element by element. */
  record Gate(Site site, Value gate, Value up, Value out, Activation activation) implements Op {

    @Override
    public List<Value> inputs() {
      return List.of(gate, up);
    }

    @Override
    public List<Value> outputs() {
      return List.of(out);
    }

    @Override
    public List<WeightSpec> weights() {
      return List.of();
    }
  }

  /** Keeps of the rows of {@code in} those that belong to the domain of {@code out}. */
  record SelectRows(Site site, Value in, Value out) implements Op {

    @Override
    public List<Value> inputs() {
      return List.of(in);
    }

    @Override
    public List<Value> outputs() {
      return List.of(out);
    }

    @Override
    public List<WeightSpec> weights() {
      return List.of();
    }
  }

  /** {@code out = 0}. Fills columns of a value that nothing else writes. */
  record Zero(Site site, Value out) implements Op {

    @Override
    public List<Value> inputs() {
      return List.of();
    }

    @Override
    public List<Value> outputs() {
      return List.of(out);
    }

    @Override
    public List<WeightSpec> weights() {
      return List.of();
    }
  }

  /** {@code out} is the sum of {@code in} over all ranks, added in the order of the ranks: the same bits on each of them. */
  record AllReduce(Site site, Value in, Value out) implements Op {

    @Override
    public List<Value> inputs() {
      return List.of(in);
    }

    @Override
    public List<Value> outputs() {
      return List.of(out);
    }

    @Override
    public List<WeightSpec> weights() {
      return List.of();
    }
  }

  /**
   * Columns {@code [columnOffsets[r], columnOffsets[r + 1])} of {@code out} are {@code in} of rank r.
   *
   * @param rank the rank whose columns {@code in} holds here
   * @param columnOffsets one more than there are ranks, the last one the columns of {@code out}
   */
  record AllGather(Site site, Value in, Value out, int rank, List<Integer> columnOffsets) implements Op {

    public AllGather {
      columnOffsets = List.copyOf(columnOffsets);
    }

    @Override
    public List<Value> inputs() {
      return List.of(in);
    }

    @Override
    public List<Value> outputs() {
      return List.of(out);
    }

    @Override
    public List<WeightSpec> weights() {
      return List.of();
    }
  }
}
