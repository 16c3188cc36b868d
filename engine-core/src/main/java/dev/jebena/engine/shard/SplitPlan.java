package dev.jebena.engine.shard;

import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSpec;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which values of a Program should be divided by columns, and how: the same for every rank.
 *
 * <p>It is found from the last operation to the first. Attention wants its query, keys and values divided by heads. A product whose result
 * nobody wants divided wants its input divided, if that comes from other products through operations on single columns: then each rank
 * multiplies what it has, and one sum ends both products. The logits want to be divided by the vocabulary. Such wishes go backward through
 * operations that treat columns (or heads) apart, up to the products that can fulfil them at no cost.
 */
final class SplitPlan {

  private final Program program;
  private final int worldSize;
  private final Map<Integer, Op> producers = new HashMap<>();
  private final Map<Integer, Split> wanted = new HashMap<>();
  private final Map<List<Integer>, HeadSplit> heads = new HashMap<>();
  /** Values that an operation reads or writes as they are, and not as slices only. */
  private final BitSet used = new BitSet();

  private SplitPlan(Program program, int worldSize) {
    this.program = program;
    this.worldSize = worldSize;
  }

  static SplitPlan of(Program program, int worldSize) {
    SplitPlan plan = new SplitPlan(program, worldSize);
    for (Op operation : program.operations()) {
      operation.inputs().forEach(value -> plan.used.set(value.id()));
      operation.outputs().forEach(value -> plan.producers.put(value.id(), operation));
      if (operation instanceof Op.Attention attention) {
        plan.addHeads(attention);
      }
    }
    plan.used.set(program.logits().id());
    plan.wantLogits();
    List<Op> operations = new ArrayList<>(program.operations());
    operations.reversed().forEach(plan::visit);
    return plan;
  }

  private void addHeads(Op.Attention attention) {
    HeadSplit split = HeadSplit.of(attention, worldSize);
    HeadSplit earlier = heads.put(List.of(attention.group(), attention.cacheLayer()), split);
    if (earlier != null && !earlier.kv().equals(split.kv())) {
      throw new ShardException(
          attention.site() + " shares cache layer " + attention.group() + "/" + attention.cacheLayer()
              + " with another that divides its KV heads otherwise among " + worldSize + " ranks: use fewer ranks");
    }
  }

  /** How the heads of a cache layer are divided; empty if nothing attends to it. */
  Optional<Split> kvHeads(int group, int cacheLayer) {
    return Optional.ofNullable(heads.get(List.of(group, cacheLayer))).map(HeadSplit::kv);
  }

  Split queryHeads(Op.Attention attention) {
    return HeadSplit.of(attention, worldSize).query();
  }

  /** How a value should be divided, if at all. */
  Optional<Split> wanted(Value value) {
    return Optional.ofNullable(wanted.get(value.id()));
  }

  /** The slices of a product's result that are read, where the result as a whole is not. */
  List<Value> readSlices(Value root) {
    return used.get(root.id()) || root.isSlice()
        ? List.of()
        : program.values().stream().filter(value -> value.isSlice() && value.root() == root.id() && used.get(value.id())).toList();
  }

  /** Whether a value needs no memory beside other values': it is no slice, or nothing sees its root but through slices that are written. */
  boolean standsAlone(Value value) {
    return !value.isSlice()
        || !used.get(value.root()) && program.values().stream()
            .allMatch(other -> other.root() != value.root() || !used.get(other.id()) || producers.containsKey(other.id()));
  }

  /** The largest block of the weights that a product reads. */
  static int blockColumns(Op.Linear linear) {
    return linear.parts().stream().mapToInt(part -> blockColumns(part.weight())).max().orElse(1);
  }

  static int blockColumns(WeightSpec spec) {
    return switch (spec.format()) {
      case WeightFormat.Blocked(BlockType type) -> type.elements();
    };
  }

  private void want(Value value, Split split) {
    wanted.putIfAbsent(value.id(), split);
  }

  private void wantLogits() {
    Value logits = program.logits();
    if (logits.columns() >= worldSize && !logits.isSlice()) {
      splitOf(logits, 1).ifPresent(split -> want(logits, split));
    }
  }

  private void visit(Op operation) {
    switch (operation) {
      case Op.Attention attention -> want(attention.query(), queryHeads(attention).times(attention.headDim()));
      case Op.KvWrite write -> kvHeads(write.group(), write.cacheLayer()).ifPresent(kv -> {
        int heads = program.kvGroups().get(write.group()).layers().get(write.cacheLayer()).kvHeads();
        want(write.key(), kv.times(write.key().columns() / heads));
        want(write.value(), kv.times(write.value().columns() / heads));
      });
      case Op.Linear linear -> visit(linear);
      case Op.Rope rope -> wanted(rope.out()).filter(split -> split.isOn(rope.headDim())).ifPresent(split -> want(rope.in(), split));
      case Op.Norm norm -> wanted(norm.out()).filter(split -> isByGroups(norm, split)).ifPresent(split -> want(norm.in(), split));
      case Op.Map map -> wanted(map.out()).ifPresent(split -> want(map.in(), split));
      case Op.Combine combine -> wanted(combine.out()).ifPresent(split -> {
        want(combine.a(), split);
        want(combine.b(), split);
      });
      case Op.Gate gate -> wanted(gate.out()).ifPresent(split -> {
        want(gate.gate(), split);
        want(gate.up(), split);
      });
      case Op.SelectRows select -> wanted(select.out()).ifPresent(split -> want(select.in(), split));
      case Op.Embed _, Op.Zero _, Op.MoeRoute _, Op.MoeExperts _ -> {}
      case Op.AllReduce _, Op.AllGather _ -> throw new ShardException(
          operation.site() + " is a collective already: shard the program of the whole model");
    }
  }

  private void visit(Op.Linear linear) {
    boolean isWanted = linear.parts().stream()
        .anyMatch(part -> wanted(part.out()).isPresent() && standsAlone(part.out()) || readSlices(part.out()).stream().anyMatch(slice -> wanted(slice).isPresent()));
    if (!isWanted && linear.in().columns() >= worldSize) {
      splitOf(linear.in(), blockColumns(linear)).ifPresent(split -> want(linear.in(), split));
    }
  }

  /** Whether a norm's groups lie within the parts of a split. */
  static boolean isByGroups(Op.Norm norm, Split split) {
    return norm.groupColumns() < norm.in().columns() && split.isOn(norm.groupColumns());
  }

  /**
   * The split in which a value can be had without asking others, in blocks of {@code unit} columns; empty if there is none.
   *
   * <p>Attention gives its result by heads; products can give theirs by any columns.
   */
  private Optional<Split> splitOf(Value value, int unit) {
    List<Split> given = new ArrayList<>();
    return isColumnWise(value, given) && given.stream().distinct().count() <= 1
        ? Optional.of(given.isEmpty() ? Split.inBlocks(value.columns(), unit, worldSize) : given.getFirst())
        : Optional.empty();
  }

  private boolean isColumnWise(Value value, List<Split> given) {
    Op producer = producers.get(value.id());
    if (producer == null && value.isSlice()) {
      Op whole = producers.get(value.root());
      return whole instanceof Op.Linear && !readSlices(program.values().get(value.root())).isEmpty();
    }
    return switch (producer) {
      case Op.Linear _ -> standsAlone(value);
      case Op.Attention attention -> given.add(queryHeads(attention).times(attention.valueDim()));
      case Op.Map map -> isColumnWise(map.in(), given);
      case Op.Gate gate -> isColumnWise(gate.gate(), given) && isColumnWise(gate.up(), given);
      case Op.Combine combine -> isColumnWise(combine.a(), given) && isColumnWise(combine.b(), given);
      case Op.SelectRows select -> isColumnWise(select.in(), given);
      case Op.Embed _, Op.Norm _, Op.Rope _, Op.KvWrite _, Op.Zero _, Op.MoeRoute _, Op.MoeExperts _, Op.AllReduce _, Op.AllGather _ -> false;
      case null -> false;
    };
  }
}
