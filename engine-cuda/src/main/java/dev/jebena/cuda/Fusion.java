package dev.jebena.cuda;

import dev.jebena.engine.program.KvGroup;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.weight.WeightSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites a Program into nodes, each a launch or few. A value may only disappear into a node if nothing else reads it; an operation may move
 * to an earlier place if all that it reads is there already. Since values are assigned once, both can be seen from who reads and who writes.
 *
 * <p>The rules:
 * <ul>
 *   <li>products over one input are one node, and an RMS norm before them is applied while they read
 *   <li>a sum with another value after a product is the product's residual
 *   <li>a gate over two products of one input and type is computed with them
 *   <li>a sum that remains is computed with the norm after it
 *   <li>norms of heads, rotation of queries and keys, and the write into the cache are one node
 * </ul>
 */
final class Fusion {

  private final Program program;
  private final List<Op> ops;
  /** For each root value, the operations that read any of its columns. */
  private final Map<Integer, List<Integer>> readers = new HashMap<>();
  /** For each value, the operation that writes it. */
  private final Map<Integer, Integer> writers = new HashMap<>();
  private final Set<Integer> absorbed = new LinkedHashSet<>();
  private final TreeMap<Integer, List<Node>> nodes = new TreeMap<>();
  private final Set<Integer> normsWritten = new LinkedHashSet<>();

  private Fusion(Program program) {
    this.program = program;
    this.ops = program.operations();
    for (int i = 0; i < ops.size(); i++) {
      int at = i;
      ops.get(i).inputs().forEach(value -> readers.computeIfAbsent(value.root(), root -> new ArrayList<>()).add(at));
      ops.get(i).outputs().forEach(value -> writers.put(value.id(), at));
    }
  }

  /** The nodes of a Program, in an order that can be executed. */
  static List<Node> fused(Program program) {
    return new Fusion(program).fuse();
  }

  /** Every operation by itself: the plain twin, for tests. */
  static List<Node> unfused(Program program) {
    List<Node> nodes = new ArrayList<>();
    for (Op op : program.operations()) {
      nodes.add(switch (op) {
        case Op.Linear linear -> new Node.Product(
            new Node.Input(linear.in(), Optional.empty(), Node.Input.Writes.NO),
            linear.parts().stream().map(part -> new Node.Part(part.out(), part.weight(), part.bias(), Optional.empty())).toList());
        case Op.KvWrite write ->
            new Node.CacheWrite(write, new Node.Heads(write.key(), Optional.empty()), Optional.empty(), Optional.empty());
        case Op.Embed _, Op.Norm _, Op.Rope _, Op.Attention _, Op.MoeRoute _, Op.MoeExperts _, Op.Map _, Op.Combine _, Op.Gate _, Op.SelectRows _, Op.Zero _,
            Op.AllReduce _, Op.AllGather _ -> new Node.Single(op);
      });
    }
    return nodes;
  }

  private List<Node> fuse() {
    for (int i = 0; i < ops.size(); i++) {
      if (ops.get(i) instanceof Op.Linear && !absorbed.contains(i)) {
        fuseProducts(i);
      }
    }
    for (int i = 0; i < ops.size(); i++) {
      if (ops.get(i) instanceof Op.KvWrite write) {
        fuseCacheWrite(i, write);
      }
    }
    for (int i = 0; i < ops.size(); i++) {
      if (!absorbed.contains(i) && ops.get(i) instanceof Op.Norm norm) {
        fuseSum(i, norm);
      }
    }
    for (int i = 0; i < ops.size(); i++) {
      if (!absorbed.contains(i)) {
        add(i, new Node.Single(ops.get(i)));
      }
    }
    return nodes.values().stream().flatMap(List::stream).toList();
  }

  private void add(int at, Node node) {
    nodes.computeIfAbsent(at, place -> new ArrayList<>()).add(node);
  }

  private @Nullable Op writer(Value value) {
    Integer at = writers.get(value.id());
    return at == null ? null : ops.get(at);
  }

  /** Whether the value exists before operation {@code at} runs. */
  private boolean isThereBefore(Value value, int at) {
    for (Value each : program.values()) {
      Integer written = writers.get(each.id());
      boolean overlaps = each.root() == value.root() && each.columnOffset() < value.columnOffset() + value.columns()
          && value.columnOffset() < each.columnOffset() + each.columns();
      if (overlaps && written != null && written >= at) {
        return false;
      }
    }
    return true;
  }

  /** Whether a whole value is read by one operation only, and so may disappear into it. */
  private boolean isReadOnlyBy(Value value, int reader) {
    return value.root() != program.logits().root() && readers.getOrDefault(value.root(), List.of()).stream().allMatch(each -> each == reader);
  }

  // --- products

  private void fuseProducts(int first) {
    Op.Linear linear = (Op.Linear) ops.get(first);
    Value in = linear.in();
    List<Op.Linear.Part> parts = new ArrayList<>();
    for (int i = first; i < ops.size(); i++) {
      if (ops.get(i) instanceof Op.Linear other && other.in().equals(in) && !absorbed.contains(i)) {
        parts.addAll(other.parts());
        absorbed.add(i);
      }
    }
    Optional<Op.Norm> norm = absorbableNorm(in);
    List<Node.Part> plain = new ArrayList<>();
    List<Node.GatedProduct> gated = new ArrayList<>();
    Set<Op.Linear.Part> gatedParts = new LinkedHashSet<>();
    for (Op.Linear.Part part : parts) {
      gateOver(part, parts).ifPresent(gate -> {
        Op.Gate op = (Op.Gate) ops.get(gate);
        Op.Linear.Part up = partOf(op.up(), parts);
        if (up != null) {
          gatedParts.add(part);
          gatedParts.add(up);
          absorbed.add(gate);
          gated.add(new Node.GatedProduct(
              input(in, norm), new Node.Part(part.out(), part.weight(), part.bias(), Optional.empty()),
              new Node.Part(up.out(), up.weight(), up.bias(), Optional.empty()), op.activation(), op.out()));
        }
      });
    }
    for (Op.Linear.Part part : parts) {
      if (!gatedParts.contains(part)) {
        plain.add(withResidual(part, first));
      }
    }
    gated.forEach(node -> add(first, node));
    if (!plain.isEmpty()) {
      add(first, new Node.Product(input(in, norm), plain));
    }
  }

  /** The first node that uses a norm is the one that writes it out where that is needed. */
  private Node.Input input(Value in, Optional<Op.Norm> norm) {
    boolean writes = norm.isPresent() && normsWritten.add(norm.get().out().id());
    return new Node.Input(in, norm, writes ? Node.Input.Writes.YES : Node.Input.Writes.NO);
  }

  /** The RMS norm over whole rows that writes {@code in}, if only products read it. */
  private Optional<Op.Norm> absorbableNorm(Value in) {
    if (!(writer(in) instanceof Op.Norm norm) || norm.kind() != Op.Norm.Kind.RMS || norm.groupColumns() != in.columns()
        || norm.bias().isPresent() || in.isSlice() || in.root() == program.logits().root()) {
      return Optional.empty();
    }
    int at = writers.getOrDefault(in.id(), -1);
    boolean onlyProducts = readers.getOrDefault(in.root(), List.of()).stream()
        .allMatch(reader -> ops.get(reader) instanceof Op.Linear linear && linear.in().equals(in));
    boolean afterSum = writer(norm.in()) instanceof Op.Combine add && add.kind() == Op.Combine.Kind.ADD
        && !absorbed.contains(writers.getOrDefault(norm.in().id(), -1)) && !isResidual(add);
    if (!onlyProducts || afterSum) {
      return Optional.empty();
    }
    absorbed.add(at);
    return Optional.of(norm);
  }

  /** Whether a sum will become a product's residual. */
  private boolean isResidual(Op.Combine add) {
    int at = writers.getOrDefault(add.out().id(), -1);
    for (Value operand : add.inputs()) {
      if (writer(operand) instanceof Op.Linear && isReadOnlyBy(operand, at)) {
        return true;
      }
    }
    return false;
  }

  private Optional<Integer> gateOver(Op.Linear.Part part, List<Op.Linear.Part> parts) {
    for (int reader : readers.getOrDefault(part.out().root(), List.of())) {
      if (ops.get(reader) instanceof Op.Gate gate && gate.gate().equals(part.out()) && isReadOnlyBy(part.out(), reader)
          && isReadOnlyBy(gate.up(), reader)) {
        Op.Linear.Part up = partOf(gate.up(), parts);
        if (up != null && up.weight().rows() == part.weight().rows() && up.weight().format().equals(part.weight().format())) {
          return Optional.of(reader);
        }
      }
    }
    return Optional.empty();
  }

  private static Op.Linear.@Nullable Part partOf(Value out, List<Op.Linear.Part> parts) {
    for (Op.Linear.Part part : parts) {
      if (part.out().equals(out)) {
        return part;
      }
    }
    return null;
  }

  private Node.Part withResidual(Op.Linear.Part part, int at) {
    Value out = part.out();
    List<Integer> reading = readers.getOrDefault(out.root(), List.of());
    if (!out.isSlice() && reading.size() == 1 && ops.get(reading.getFirst()) instanceof Op.Combine add
        && add.kind() == Op.Combine.Kind.ADD && isReadOnlyBy(out, reading.getFirst()) && !absorbed.contains(reading.getFirst())) {
      Value other = add.a().equals(out) ? add.b() : add.a();
      if (!other.equals(out) && isThereBefore(other, at)) {
        absorbed.add(reading.getFirst());
        return new Node.Part(add.out(), part.weight(), part.bias(), Optional.of(other));
      }
    }
    return new Node.Part(out, part.weight(), part.bias(), Optional.empty());
  }

  // --- sums before norms

  private void fuseSum(int at, Op.Norm norm) {
    Integer sum = writers.get(norm.in().id());
    if (sum == null || absorbed.contains(sum) || !(ops.get(sum) instanceof Op.Combine add) || add.kind() != Op.Combine.Kind.ADD
        || norm.in().isSlice() || norm.groupColumns() != norm.in().columns()) {
      return;
    }
    // the norm moves up to the sum
    absorbed.add(sum);
    absorbed.add(at);
    add(sum, new Node.AddNorm(add, norm));
  }

  // --- the cache

  private void fuseCacheWrite(int at, Op.KvWrite write) {
    absorbed.add(at);
    KvGroup.CacheLayer layer = program.kvGroups().get(write.group()).layers().get(write.cacheLayer());
    Integer turned = writers.get(write.key().id());
    if (turned == null || absorbed.contains(turned) || !(ops.get(turned) instanceof Op.Rope rope) || rope.headDim() != layer.keyDim()
        || write.key().isSlice() || !isReadOnlyBy(write.key(), at)) {
      add(at, new Node.CacheWrite(write, new Node.Heads(write.key(), Optional.empty()), Optional.empty(), Optional.empty()));
      return;
    }
    absorbed.add(turned);
    Optional<Op.Norm> keyNorm = headNorm(rope, turned);
    Node.Rotation rotation = new Node.Rotation(rope.frequencies(), rope.pairing());
    Optional<Node.CacheWrite.Query> query = queryOf(at, write, rope, keyNorm);
    add(at, new Node.CacheWrite(write, heads(rope, keyNorm), Optional.of(rotation), query));
  }

  private Node.Heads heads(Op.Rope rope, Optional<Op.Norm> norm) {
    norm.ifPresent(each -> absorbed.add(writers.get(each.out().id())));
    return new Node.Heads(norm.map(Op.Norm::in).orElse(rope.in()), norm);
  }

  /** The norm of heads that only this rotation reads. */
  private Optional<Op.Norm> headNorm(Op.Rope rope, int at) {
    Integer written = writers.get(rope.in().id());
    boolean fits = written != null && !absorbed.contains(written) && ops.get(written) instanceof Op.Norm norm
        && norm.kind() == Op.Norm.Kind.RMS && norm.groupColumns() == rope.headDim() && norm.bias().isEmpty()
        && norm.weight().map(WeightSpec::columns).orElse(0) == rope.headDim() && !rope.in().isSlice() && isReadOnlyBy(rope.in(), at);
    return fits && written != null ? Optional.of((Op.Norm) ops.get(written)) : Optional.empty();
  }

  /** The rotation of the queries that will look at these keys, if it is the same and can be done here. */
  private Optional<Node.CacheWrite.Query> queryOf(int at, Op.KvWrite write, Op.Rope keys, Optional<Op.Norm> keyNorm) {
    for (Op op : ops) {
      if (!(op instanceof Op.Attention attention) || attention.group() != write.group() || attention.cacheLayer() != write.cacheLayer()) {
        continue;
      }
      Integer turned = writers.get(attention.query().id());
      if (turned == null || absorbed.contains(turned) || !(ops.get(turned) instanceof Op.Rope rope)
          || !rope.frequencies().equals(keys.frequencies()) || rope.pairing() != keys.pairing() || rope.headDim() != keys.headDim()) {
        continue;
      }
      Optional<Op.Norm> norm = headNorm(rope, turned);
      boolean alike = norm.isEmpty() || keyNorm.isEmpty()
          || norm.get().epsilon() == keyNorm.get().epsilon() && norm.get().weightOffset() == keyNorm.get().weightOffset();
      Optional<Op.Norm> taken = alike ? norm : Optional.empty();
      Value in = taken.map(Op.Norm::in).orElse(rope.in());
      boolean readLater = readers.getOrDefault(rope.out().root(), List.of()).stream().allMatch(reader -> reader > at);
      if (readLater && isThereBefore(in, at)) {
        absorbed.add(turned);
        return Optional.of(new Node.CacheWrite.Query(heads(rope, taken), rope.out()));
      }
    }
    return Optional.empty();
  }
}
