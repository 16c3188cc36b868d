package dev.jebena.engine.tck;

import dev.jebena.engine.program.KvGroup;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.ProgramBuilder;
import dev.jebena.engine.program.RowDomain;
import dev.jebena.engine.program.Site;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSpec;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Programs around one operation. The operation's output becomes the logits, whose log-probabilities a step reports; one more
 * column, which the operation does not touch, makes a common offset visible.
 */
final class OneOperation {

  /** Appends the operation. */
  @FunctionalInterface
  interface Body {

    /**
     * Appends the operation.
     *
     * @param inputs as many as were asked for, filled by embeddings
     */
    void append(ProgramBuilder builder, List<Value> inputs, Value out);
  }

  private final ProgramBuilder builder = new ProgramBuilder("one-operation");
  private final int vocabulary;
  private final int outColumns;

  private OneOperation(int outColumns) {
    this.outColumns = outColumns;
    this.vocabulary = outColumns + 1;
  }

  /**
   * A Program of one operation.
   *
   * @param inColumns the columns of each input
   * @param outColumns columns that the operation writes: the vocabulary is one larger
   */
  static Program of(List<Integer> inColumns, int outColumns, Body body) {
    return new OneOperation(outColumns).build(inColumns, List.of(), body);
  }

  /** The same with a KV group. */
  static Program cached(List<Integer> inColumns, int outColumns, KvGroup.CacheLayer layer, Body body) {
    return new OneOperation(outColumns).build(inColumns, List.of(layer), body);
  }

  private Program build(List<Integer> inColumns, List<KvGroup.CacheLayer> layers, Body body) {
    if (!layers.isEmpty()) {
      builder.kvGroup(layers);
    }
    List<Value> inputs =
        IntStream.range(0, inColumns.size())
            .mapToObj(i -> builder.embedTokens(Site.of("in" + i), "in" + i, table("unit" + i, vocabulary, inColumns.get(i))))
            .toList();
    Value all = builder.value("all", RowDomain.TOKENS, vocabulary);
    Value out = builder.slice("out", all, 0, outColumns);
    Value rest = builder.slice("rest", all, outColumns, 1);
    body.append(builder, inputs, out);
    builder.append(new Op.Embed(Site.of("rest"), rest, table("unit_rest", vocabulary, 1), Op.Embed.Index.TOKEN));
    return builder.build(builder.selectOutputs(Site.of("outputs"), "logits", all), vocabulary);
  }

  static WeightSpec table(String name, int rows, int columns) {
    return new WeightSpec(name, rows, columns, WeightFormat.of(BlockType.F32));
  }
}
