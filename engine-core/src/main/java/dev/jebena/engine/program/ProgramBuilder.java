package dev.jebena.engine.program;

import dev.jebena.engine.weight.WeightSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Writes a Program operation by operation; each call names its result and returns it. */
public final class ProgramBuilder {

  private final String name;
  private final List<Value> values = new ArrayList<>();
  private final List<Op> operations = new ArrayList<>();
  private final List<KvGroup> kvGroups = new ArrayList<>();
  private final Set<String> names = new HashSet<>();

  public ProgramBuilder(String name) {
    this.name = name;
  }

  /** Declares a value of {@code columns} columns; an operation has to write it. */
  public Value value(String valueName, RowDomain domain, int columns) {
    return add(valueName, domain, columns, values.size(), 0);
  }

  /** A view of columns {@code [from, from + columns)} of {@code of}. */
  public Value slice(String valueName, Value of, int from, int columns) {
    return add(valueName, of.domain(), columns, of.root(), of.columnOffset() + from);
  }

  private Value add(String valueName, RowDomain domain, int columns, int root, int columnOffset) {
    if (!names.add(valueName)) {
      throw new ProgramException("two values are named " + valueName);
    }
    Value value = new Value(values.size(), valueName, domain, columns, root, columnOffset);
    values.add(value);
    return value;
  }

  /** Declares a KV group and returns its index. */
  public int kvGroup(List<KvGroup.CacheLayer> layers) {
    kvGroups.add(new KvGroup(layers));
    return kvGroups.size() - 1;
  }

  /** Appends an operation whose values were declared before. */
  public void append(Op operation) {
    operations.add(operation);
  }

  /** The token embedding: {@code [tokens, weight.columns]}. */
  public Value embedTokens(Site site, String result, WeightSpec weight) {
    Value out = value(result, RowDomain.TOKENS, weight.columns());
    append(new Op.Embed(site, out, weight, Op.Embed.Index.TOKEN));
    return out;
  }

  /** RMS norm over whole rows. */
  public Value rmsNorm(Site site, String result, Value in, WeightSpec weight, float epsilon) {
    Value out = value(result, in.domain(), in.columns());
    append(new Op.Norm(site, in, out, Op.Norm.Kind.RMS, Optional.of(weight), Optional.empty(), in.columns(), epsilon, 0));
    return out;
  }

  /** A product of one part. */
  public Value linear(Site site, String result, Value in, WeightSpec weight, Optional<WeightSpec> bias) {
    Value out = value(result, in.domain(), weight.rows());
    append(new Op.Linear(site, in, List.of(new Op.Linear.Part(out, weight, bias))));
    return out;
  }

  /** Turns the heads of {@code in} by their positions. */
  public Value rope(Site site, String result, Value in, int headDim, Op.Rope.Pairing pairing, RopeFrequencies frequencies) {
    Value out = value(result, in.domain(), in.columns());
    append(new Op.Rope(site, in, out, headDim, pairing, frequencies));
    return out;
  }

  /** {@code a + b}. */
  public Value add(Site site, String result, Value a, Value b) {
    Value out = value(result, a.domain(), a.columns());
    append(new Op.Combine(site, a, b, out, Op.Combine.Kind.ADD));
    return out;
  }

  /** {@code activation(gate) * up}. */
  public Value gate(Site site, String result, Value gate, Value up, Activation activation) {
    Value out = value(result, gate.domain(), gate.columns());
    append(new Op.Gate(site, gate, up, out, activation));
    return out;
  }

  /** {@code function(in)}. */
  public Value map(Site site, String result, Value in, MapFunction function) {
    Value out = value(result, in.domain(), in.columns());
    append(new Op.Map(site, in, out, function));
    return out;
  }

  /** The rows of {@code in} whose logits are asked for. */
  public Value selectOutputs(Site site, String result, Value in) {
    Value out = value(result, RowDomain.OUTPUTS, in.columns());
    append(new Op.SelectRows(site, in, out));
    return out;
  }

  /**
   * Ends the Program.
   *
   * @param logits {@code [outputs, vocabulary]}
   * @throws ProgramException naming what does not fit
   */
  public Program build(Value logits, int vocabularySize) {
    return new Program(name, values, operations, kvGroups, logits, vocabularySize);
  }
}
