package dev.jebena.engine.program;

import dev.jebena.engine.weight.WeightSpec;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/** Checks a Program: values are defined once and before use, and every shape fits. */
final class ProgramChecker {

  private final List<Value> values;
  private final List<KvGroup> kvGroups;
  private final BitSet[] definedColumns;

  private ProgramChecker(List<Value> values, List<KvGroup> kvGroups) {
    this.values = values;
    this.kvGroups = kvGroups;
    this.definedColumns = new BitSet[values.size()];
  }

  static void check(List<Value> values, List<Op> operations, List<KvGroup> kvGroups, Value logits) {
    ProgramChecker checker = new ProgramChecker(values, kvGroups);
    checker.checkValues();
    for (Op operation : operations) {
      operation.inputs().forEach(input -> checker.requireDefined(operation, input));
      checker.checkShapes(operation);
      operation.outputs().forEach(output -> checker.define(operation, output));
    }
    checker.requireThat(
        logits.domain() == RowDomain.OUTPUTS && checker.isDefined(logits), "the logits " + logits + " are not a defined value of outputs");
  }

  private void checkValues() {
    for (int id = 0; id < values.size(); id++) {
      Value value = values.get(id);
      Value root = values.get(value.root());
      requireThat(value.id() == id, value + " stands at " + id + ", its id is " + value.id());
      requireThat(!root.isSlice(), value + " is a slice of the slice " + root);
      requireThat(
          root.domain() == value.domain() && value.columnOffset() <= root.columns() - value.columns(),
          value + " reaches beyond the " + root.columns() + " columns of " + root);
      definedColumns[id] = new BitSet(value.isSlice() ? 0 : value.columns());
    }
  }

  private boolean isDefined(Value value) {
    BitSet columns = definedColumns[value.root()];
    return columns.nextClearBit(value.columnOffset()) >= value.columnOffset() + value.columns();
  }

  private void requireDefined(Op operation, Value value) {
    requireThat(
        value.id() < values.size() && values.get(value.id()).equals(value), operation.site() + " reads " + value + " of another Program");
    requireThat(isDefined(value), operation.site() + " reads " + value + " before it is written");
  }

  private void define(Op operation, Value value) {
    BitSet columns = definedColumns[value.root()];
    int next = columns.nextSetBit(value.columnOffset());
    requireThat(
        next < 0 || next >= value.columnOffset() + value.columns(), operation.site() + " writes " + value + " a second time");
    columns.set(value.columnOffset(), value.columnOffset() + value.columns());
  }

  private void checkShapes(Op operation) {
    switch (operation) {
      case Op.Embed embed -> requireColumns(embed, embed.weight().columns(), embed.out());
      case Op.Norm norm -> checkNorm(norm);
      case Op.Linear linear -> checkLinear(linear);
      case Op.Rope rope -> {
        requireSameShape(rope, rope.in(), rope.out());
        requireThat(
            rope.headDim() > 0 && rope.in().columns() % rope.headDim() == 0 && 2 * rope.frequencies().pairs() <= rope.headDim(),
            rope.site() + " turns " + 2 * rope.frequencies().pairs() + " of " + rope.headDim() + " columns a head of " + rope.in());
      }
      case Op.KvWrite write -> {
        KvGroup.CacheLayer layer = cacheLayer(write, write.group(), write.cacheLayer());
        requireColumns(write, layer.kvHeads() * layer.keyDim(), write.key());
        requireColumns(write, layer.kvHeads() * layer.valueDim(), write.value());
      }
      case Op.Attention attention -> checkAttention(attention);
      case Op.MoeRoute route -> checkRoute(route);
      case Op.MoeExperts experts -> checkExperts(experts);
      case Op.Map map -> requireSameShape(map, map.in(), map.out());
      case Op.Combine combine -> {
        requireSameShape(combine, combine.a(), combine.b());
        requireSameShape(combine, combine.a(), combine.out());
      }
      case Op.Gate gate -> {
        requireSameShape(gate, gate.gate(), gate.up());
        requireSameShape(gate, gate.gate(), gate.out());
      }
      case Op.SelectRows select -> {
        requireColumns(select, select.in().columns(), select.out());
        requireThat(
            select.in().domain() == RowDomain.TOKENS && select.out().domain() == RowDomain.OUTPUTS,
            select.site() + " selects " + select.out().domain() + " from " + select.in().domain());
      }
      case Op.Zero zero -> {}
      case Op.AllReduce reduce -> requireSameShape(reduce, reduce.in(), reduce.out());
      case Op.AllGather gather -> checkGather(gather);
    }
  }

  private void checkGather(Op.AllGather gather) {
    List<Integer> offsets = gather.columnOffsets();
    boolean rises = offsets.size() >= 2 && offsets.getFirst() == 0 && gather.rank() >= 0 && gather.rank() < offsets.size() - 1;
    for (int rank = 1; rises && rank < offsets.size(); rank++) {
      rises = offsets.get(rank) > offsets.get(rank - 1);
    }
    requireThat(rises, gather.site() + " gathers for rank " + gather.rank() + " columns that begin at " + offsets);
    requireColumns(gather, offsets.getLast(), gather.out());
    requireColumns(gather, offsets.get(gather.rank() + 1) - offsets.get(gather.rank()), gather.in());
    requireThat(gather.in().domain() == gather.out().domain(), gather.site() + " changes the rows of " + gather.in());
  }

  private void checkNorm(Op.Norm norm) {
    requireSameShape(norm, norm.in(), norm.out());
    requireThat(
        norm.groupColumns() > 0 && norm.in().columns() % norm.groupColumns() == 0,
        norm.site() + " has groups of " + norm.groupColumns() + " in " + norm.in().columns() + " columns");
    for (WeightSpec weight : norm.weights()) {
      requireThat(
          weight.rows() == 1 && (weight.columns() == norm.in().columns() || weight.columns() == norm.groupColumns()),
          norm.site() + " has the weight " + weight + " for " + norm.in().columns() + " columns");
    }
  }

  private void checkLinear(Op.Linear linear) {
    requireThat(!linear.parts().isEmpty(), linear.site() + " has no parts");
    for (Op.Linear.Part part : linear.parts()) {
      requireThat(part.out().domain() == linear.in().domain(), linear.site() + " changes the rows of " + linear.in());
      requireThat(
          part.weight().columns() == linear.in().columns(),
          linear.site() + " multiplies " + linear.in().columns() + " columns by " + part.weight());
      requireColumns(linear, part.weight().rows(), part.out());
      Optional<WeightSpec> bias = part.bias();
      bias.ifPresent(
          spec ->
              requireThat(
                  spec.rows() == 1 && spec.columns() == part.out().columns(),
                  linear.site() + " adds " + spec + " to " + part.out().columns() + " columns"));
    }
  }

  private void checkAttention(Op.Attention attention) {
    KvGroup.CacheLayer layer = cacheLayer(attention, attention.group(), attention.cacheLayer());
    requireThat(
        layer.kvHeads() == attention.kvHeads()
            && layer.keyDim() == attention.headDim()
            && layer.valueDim() == attention.valueDim()
            && attention.heads() % attention.kvHeads() == 0,
        attention.site() + " has " + attention.heads() + "/" + attention.kvHeads() + " heads of " + attention.headDim() + "/"
            + attention.valueDim() + " columns over a cache of " + layer);
    requireColumns(attention, attention.heads() * attention.headDim(), attention.query());
    requireColumns(attention, attention.heads() * attention.valueDim(), attention.out());
    requireThat(
        attention.query().domain() == RowDomain.TOKENS && attention.out().domain() == RowDomain.TOKENS,
        attention.site() + " is not over tokens");
    attention.sinks().ifPresent(
        sinks ->
            requireThat(
                sinks.rows() == 1 && sinks.columns() == attention.heads(),
                attention.site() + " has the sinks " + sinks + " for " + attention.heads() + " heads"));
  }

  private void checkRoute(Op.MoeRoute route) {
    requireThat(
        route.topK() >= 1 && route.topK() <= route.logits().columns(),
        route.site() + " chooses " + route.topK() + " of " + route.logits().columns() + " experts");
    requireColumns(route, 2 * route.topK(), route.out());
    requireThat(
        route.logits().domain() == RowDomain.TOKENS && route.out().domain() == RowDomain.TOKENS, route.site() + " is not over tokens");
    route.selectionBias().ifPresent(
        bias ->
            requireThat(
                bias.rows() == 1 && bias.columns() == route.logits().columns(),
                route.site() + " adds " + bias + " to the scores of " + route.logits().columns() + " experts"));
  }

  private void checkExperts(Op.MoeExperts experts) {
    requireThat(
        experts.experts() >= 1 && experts.firstExpert() >= 0 && experts.route().columns() % 2 == 0,
        experts.site() + " has " + experts.experts() + " experts from " + experts.firstExpert() + ", and a route of " + experts.route().columns()
            + " columns");
    requireThat(
        experts.in().domain() == RowDomain.TOKENS && experts.route().domain() == RowDomain.TOKENS && experts.out().domain() == RowDomain.TOKENS,
        experts.site() + " is not over tokens");
    long wide = (long) experts.experts() * experts.feedForward();
    for (WeightSpec weight : List.of(experts.gate(), experts.up())) {
      requireThat(
          weight.rows() == wide && weight.columns() == experts.in().columns(),
          experts.site() + " has " + weight + " for " + experts.experts() + " experts of [" + experts.feedForward() + ", " + experts.in().columns() + "]");
    }
    requireThat(
        experts.down().rows() == (long) experts.experts() * experts.out().columns(),
        experts.site() + " has " + experts.down() + " for " + experts.experts() + " experts of [" + experts.out().columns() + ", "
            + experts.feedForward() + "]");
  }

  private KvGroup.CacheLayer cacheLayer(Op operation, int group, int layer) {
    requireThat(
        group >= 0 && group < kvGroups.size() && layer >= 0 && layer < kvGroups.get(group).layers().size(),
        operation.site() + " names cache layer " + group + "/" + layer + ", which is not declared");
    return kvGroups.get(group).layers().get(layer);
  }

  private void requireSameShape(Op operation, Value a, Value b) {
    requireThat(
        a.domain() == b.domain() && a.columns() == b.columns(),
        operation.site() + " combines " + a + " of " + a.columns() + " columns with " + b + " of " + b.columns());
  }

  private void requireColumns(Op operation, int columns, Value value) {
    requireThat(
        value.columns() == columns, operation.site() + " needs " + columns + " columns, " + value + " has " + value.columns());
  }

  private void requireThat(boolean holds, String message) {
    if (!holds) {
      throw new ProgramException(message);
    }
  }
}
