package dev.jebena.engine.shard;

import dev.jebena.engine.program.KvGroup;
import dev.jebena.engine.program.MapFunction;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.ProgramBuilder;
import dev.jebena.engine.program.Site;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.weight.WeightSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Writes one rank's Program, operation by operation. Of each value a rank has either the whole or its part of a {@link Split}; an operation
 * that can work on parts does so, and for any other the whole is put together first. So every Program can be rewritten, whatever it is
 * made of; how much of it is divided is up to the {@link SplitPlan}.
 */
final class Rewriter {

  /** A rank's part of a value. */
  private record Part(Split split, Value value) {}

  private final Program program;
  private final SplitPlan plan;
  private final int rank;
  private final int worldSize;
  private final ProgramBuilder builder;
  private final Map<Integer, Value> wholes = new HashMap<>();
  private final Map<Integer, Part> parts = new HashMap<>();
  private final Map<String, Value> views = new HashMap<>();
  private final Map<String, WeightCut> cuts = new LinkedHashMap<>();
  private int padded;

  Rewriter(Program program, SplitPlan plan, int rank, int worldSize) {
    this.program = program;
    this.plan = plan;
    this.rank = rank;
    this.worldSize = worldSize;
    this.builder = new ProgramBuilder(program.name());
  }

  Shard rewrite() {
    for (int group = 0; group < program.kvGroups().size(); group++) {
      builder.kvGroup(cacheLayers(group));
    }
    for (Op operation : program.operations()) {
      rewrite(operation);
    }
    Value logits = whole(program.logits(), Site.of("logits"));
    return new Shard(builder.build(logits, program.vocabularySize()), rank, worldSize, cuts);
  }

  private List<KvGroup.CacheLayer> cacheLayers(int group) {
    List<KvGroup.CacheLayer> layers = program.kvGroups().get(group).layers();
    List<KvGroup.CacheLayer> ours = new ArrayList<>();
    for (int layer = 0; layer < layers.size(); layer++) {
      KvGroup.CacheLayer all = layers.get(layer);
      int heads = plan.kvHeads(group, layer).map(split -> split.of(rank).size()).orElse(all.kvHeads());
      ours.add(new KvGroup.CacheLayer(heads, all.keyDim(), all.valueDim()));
    }
    return ours;
  }

  private void rewrite(Op operation) {
    switch (operation) {
      case Op.Embed embed -> embed(embed);
      case Op.Norm norm -> norm(norm);
      case Op.Linear linear -> linear(linear);
      case Op.Rope rope -> {
        Optional<Split> split = split(rope.in()).or(() -> plan.wanted(rope.out())).filter(each -> each.isOn(rope.headDim()));
        Value in = input(rope.in(), split, rope.site());
        output(rope.out(), split, rope.site(),
            out -> new Op.Rope(rope.site(), in, out, rope.headDim(), rope.pairing(), rope.frequencies()));
      }
      case Op.KvWrite write -> {
        Optional<Split> kv = plan.kvHeads(write.group(), write.cacheLayer());
        int heads = program.kvGroups().get(write.group()).layers().get(write.cacheLayer()).kvHeads();
        Value key = input(write.key(), kv.map(split -> split.times(write.key().columns() / heads)), write.site());
        Value value = input(write.value(), kv.map(split -> split.times(write.value().columns() / heads)), write.site());
        builder.append(new Op.KvWrite(write.site(), write.group(), write.cacheLayer(), key, value));
      }
      case Op.Attention attention -> attention(attention);
      case Op.MoeRoute route -> {
        Value logits = whole(route.logits(), route.site());
        Optional<WeightSpec> bias = route.selectionBias().map(spec -> vector(spec, all(spec.columns()), route.site()));
        output(route.out(), Optional.empty(), route.site(), out -> new Op.MoeRoute(
            route.site(), logits, out, route.topK(), route.scoring(), route.weighting(), route.scale(), bias));
      }
      case Op.MoeExperts experts -> experts(experts);
      case Op.Map map -> {
        Optional<Split> split = split(map.in());
        Value in = input(map.in(), split, map.site());
        output(map.out(), split, map.site(), out -> new Op.Map(map.site(), in, out, map.function()));
      }
      case Op.Combine combine -> {
        Optional<Split> split = common(combine.a(), combine.b(), combine.out());
        Value a = input(combine.a(), split, combine.site());
        Value b = input(combine.b(), split, combine.site());
        output(combine.out(), split, combine.site(), out -> new Op.Combine(combine.site(), a, b, out, combine.kind()));
      }
      case Op.Gate gate -> {
        Optional<Split> split = common(gate.gate(), gate.up(), gate.out());
        Value gateIn = input(gate.gate(), split, gate.site());
        Value up = input(gate.up(), split, gate.site());
        output(gate.out(), split, gate.site(), out -> new Op.Gate(gate.site(), gateIn, up, out, gate.activation()));
      }
      case Op.SelectRows select -> {
        Optional<Split> split = split(select.in());
        Value in = input(select.in(), split, select.site());
        output(select.out(), split, select.site(), out -> new Op.SelectRows(select.site(), in, out));
      }
      case Op.Zero zero -> output(zero.out(), Optional.empty(), zero.site(), out -> new Op.Zero(zero.site(), out));
      case Op.AllReduce _, Op.AllGather _ -> throw new ShardException(operation.site() + " is a collective already");
    }
  }

  /** Each rank has the entries of a range of tokens; the sum over ranks, all but one of them zero, is the row of the one that has it. */
  private void embed(Op.Embed embed) {
    WeightSpec table = embed.weight();
    if (embed.index() != Op.Embed.Index.TOKEN || embed.firstEntry().isPresent() || table.rows() < worldSize) {
      WeightSpec all = cut(table, all(table.rows()), all(table.columns()));
      output(embed.out(), Optional.empty(), embed.site(), out -> new Op.Embed(embed.site(), out, all, embed.index(), embed.firstEntry()));
      return;
    }
    Range entries = Split.even(table.rows(), worldSize).of(rank);
    WeightSpec ours = cut(table, entries, all(table.columns()));
    Value partial = builder.value(embed.out().name() + ".partial", embed.out().domain(), embed.out().columns());
    builder.append(new Op.Embed(embed.site(), partial, ours, embed.index(), OptionalInt.of(entries.from())));
    builder.append(new Op.AllReduce(embed.site(), partial, newWhole(embed.out())));
  }

  private void norm(Op.Norm norm) {
    Optional<Split> split = split(norm.in()).or(() -> plan.wanted(norm.out())).filter(each -> SplitPlan.isByGroups(norm, each));
    Value in = input(norm.in(), split, norm.site());
    int columns = norm.in().columns();
    Optional<WeightSpec> weight = norm.weight().map(spec -> vector(spec, columns, split, norm.site()));
    Optional<WeightSpec> bias = norm.bias().map(spec -> vector(spec, columns, split, norm.site()));
    output(norm.out(), split, norm.site(), out -> new Op.Norm(
        norm.site(), in, out, norm.kind(), weight, bias, norm.groupColumns(), norm.epsilon(), norm.weightOffset()));
  }

  private void attention(Op.Attention attention) {
    Split heads = plan.queryHeads(attention);
    Split kv = plan.kvHeads(attention.group(), attention.cacheLayer()).orElseThrow();
    Value query = input(attention.query(), Optional.of(heads.times(attention.headDim())), attention.site());
    Optional<WeightSpec> sinks = attention.sinks().map(spec -> vector(spec, heads.of(rank), attention.site()));
    output(attention.out(), Optional.of(heads.times(attention.valueDim())), attention.site(), out -> new Op.Attention(
        attention.site(), query, out, attention.group(), attention.cacheLayer(), heads.of(rank).size(), kv.of(rank).size(),
        attention.headDim(), attention.valueDim(), attention.scale(), attention.mask(), attention.softCap(), sinks));
  }

  /** Each rank has some of the experts; what they give is added up. With fewer experts than ranks each rank has all. */
  private void experts(Op.MoeExperts op) {
    boolean divided = op.experts() >= worldSize;
    Range ours = divided ? Split.even(op.experts(), worldSize).of(rank) : all(op.experts());
    Value in = whole(op.in(), op.site());
    Value route = whole(op.route(), op.site());
    Value result = divided ? builder.value(op.out().name() + ".partial", op.out().domain(), op.out().columns()) : newWhole(op.out());
    int wide = op.feedForward();
    int columns = op.out().columns();
    builder.append(new Op.MoeExperts(
        op.site(), in, route, result, op.firstExpert() + ours.from(), ours.size(),
        cut(op.gate(), ours.times(wide), all(op.gate().columns())), cut(op.up(), ours.times(wide), all(op.up().columns())),
        cut(op.down(), ours.times(columns), all(op.down().columns())), op.activation()));
    if (divided) {
      builder.append(new Op.AllReduce(op.site(), result, newWhole(op.out())));
    }
  }

  private void linear(Op.Linear linear) {
    boolean byColumns = linear.parts().stream().anyMatch(part -> wantsColumns(part.out()));
    Optional<Split> split = split(linear.in());
    if (split.isPresent() && !byColumns) {
      linearByRows(linear, split.get());
    } else {
      linearByColumns(linear);
    }
  }

  private boolean wantsColumns(Value out) {
    // others write the columns beside a slice: it has to be whole
    return plan.standsAlone(out)
        && (plan.wanted(out).isPresent() || plan.readSlices(out).stream().anyMatch(slice -> plan.wanted(slice).isPresent()));
  }

  /** Every rank has the whole input and computes its columns of each part. */
  private void linearByColumns(Op.Linear linear) {
    Value in = whole(linear.in(), linear.site());
    List<Op.Linear.Part> ours = new ArrayList<>();
    for (Op.Linear.Part part : linear.parts()) {
      Value out = part.out();
      List<Value> slices = plan.readSlices(out);
      if (!wantsColumns(out)) {
        ours.add(columns(linear, part, newWhole(out), all(out.columns())));
      } else if (slices.isEmpty()) {
        ours.add(columns(linear, part, newPart(out, plan.wanted(out).orElseThrow()), plan.wanted(out).orElseThrow().of(rank)));
      } else {
        for (Value slice : slices) {
          Optional<Split> split = plan.wanted(slice);
          Range within = split.map(each -> each.of(rank)).orElse(all(slice.columns()));
          Value result = split.isPresent() ? newPart(slice, split.get()) : newAlone(slice);
          Range rows = new Range(slice.columnOffset() + within.from(), slice.columnOffset() + within.to());
          ours.add(columns(linear, part, result, rows));
        }
      }
    }
    builder.append(new Op.Linear(linear.site(), in, ours));
  }

  private Op.Linear.Part columns(Op.Linear linear, Op.Linear.Part part, Value out, Range rows) {
    WeightSpec weight = cut(part.weight(), rows, all(part.weight().columns()));
    return new Op.Linear.Part(out, weight, part.bias().map(bias -> vector(bias, rows, linear.site())));
  }

  /** Every rank has its columns of the input and computes a part of each sum; the first one adds the bias. */
  private void linearByRows(Op.Linear linear, Split split) {
    int unit = SplitPlan.blockColumns(linear);
    Range columns = split.of(rank).widened(unit);
    Value in = padded(linear, split.of(rank), columns);
    List<Op.Linear.Part> ours = new ArrayList<>();
    for (Op.Linear.Part part : linear.parts()) {
      Value partial = builder.value(part.out().name() + ".partial", part.out().domain(), part.out().columns());
      WeightSpec weight = cut(part.weight(), all(part.weight().rows()), columns);
      Optional<WeightSpec> bias = part.bias().filter(_ -> rank == 0).map(spec -> vector(spec, all(spec.columns()), linear.site()));
      ours.add(new Op.Linear.Part(partial, weight, bias));
    }
    builder.append(new Op.Linear(linear.site(), in, ours));
    for (int i = 0; i < ours.size(); i++) {
      builder.append(new Op.AllReduce(linear.site(), ours.get(i).out(), newWhole(linear.parts().get(i).out())));
    }
  }

  /** The rank's columns of a product's input, with zeros up to the borders of the weight's blocks. */
  private Value padded(Op.Linear linear, Range columns, Range wide) {
    Value part = Objects.requireNonNull(parts.get(linear.in().id())).value();
    if (wide.equals(columns)) {
      return part;
    }
    String name = part.name() + ".padded" + padded++;
    Value root = builder.value(name, part.domain(), wide.size());
    int before = columns.from() - wide.from();
    Value inner = builder.slice(name + ".inner", root, before, columns.size());
    builder.append(new Op.Map(linear.site(), part, inner, new MapFunction.Scale(1)));
    if (before > 0) {
      builder.append(new Op.Zero(linear.site(), builder.slice(name + ".before", root, 0, before)));
    }
    int after = wide.to() - columns.to();
    if (after > 0) {
      builder.append(new Op.Zero(linear.site(), builder.slice(name + ".after", root, before + columns.size(), after)));
    }
    return root;
  }

  private static Range all(int count) {
    return new Range(0, count);
  }

  private WeightSpec cut(WeightSpec whole, Range rows, Range columns) {
    WeightCut cut = new WeightCut(whole, rows, columns);
    cuts.put(cut.spec().name(), cut);
    return cut.spec();
  }

  private WeightSpec vector(WeightSpec spec, int columns, Optional<Split> split, Site site) {
    boolean perColumn = spec.columns() == columns;
    return vector(spec, split.isPresent() && perColumn ? split.get().of(rank) : all(spec.columns()), site);
  }

  private WeightSpec vector(WeightSpec spec, Range columns, Site site) {
    int unit = SplitPlan.blockColumns(spec);
    if (columns.from() % unit != 0 || columns.to() % unit != 0) {
      throw new ShardException(
          site + " has the vector " + spec + " in blocks of " + unit + ", rank " + rank + " of " + worldSize + " needs " + columns
              + ": convert it to F32, or use another number of ranks");
    }
    return cut(spec, all(spec.rows()), columns);
  }

  private Optional<Split> split(Value value) {
    return Optional.ofNullable(parts.get(value.id())).map(Part::split);
  }

  /** The split in which an operation of two operands should work. */
  private Optional<Split> common(Value a, Value b, Value out) {
    Optional<Split> ofA = split(a);
    Optional<Split> ofB = split(b);
    return ofA.isPresent() && ofA.equals(ofB) || ofA.or(() -> ofB).equals(plan.wanted(out)) ? ofA.or(() -> ofB) : Optional.empty();
  }

  private Value input(Value value, Optional<Split> split, Site site) {
    return split.isPresent() ? part(value, split.get(), site) : whole(value, site);
  }

  /** The rank's part of a value: a view of the whole, if that is there. */
  private Value part(Value value, Split split, Site site) {
    Part part = parts.get(value.id());
    if (part != null && part.split.equals(split)) {
      return part.value;
    }
    Range range = split.of(rank);
    Value whole = whole(value, site);
    return views.computeIfAbsent(
        value.name() + "." + range, name -> builder.slice(name, whole, range.from(), range.size()));
  }

  /** A value as a whole; put together from the ranks' parts if it was computed in parts. */
  private Value whole(Value value, Site site) {
    Value known = wholes.get(value.id());
    if (known != null) {
      return known;
    }
    Part part = parts.get(value.id());
    if (part != null) {
      if (!part.split.covers(value.columns())) {
        throw new ShardException(
            site + " needs all of " + value + ", of which " + worldSize + " ranks have the overlapping columns " + part.split.ranges()
                + ": use at most as many ranks as KV heads");
      }
      Value gathered = builder.value(value.name() + ".whole", value.domain(), value.columns());
      builder.append(new Op.AllGather(site, part.value, gathered, rank, part.split.offsets()));
      wholes.put(value.id(), gathered);
      return gathered;
    }
    if (!value.isSlice()) {
      throw new ShardException(site + " reads " + value + ", which is computed in slices only");
    }
    Value root = whole(program.values().get(value.root()), site);
    Value slice = builder.slice(value.name(), root, value.columnOffset(), value.columns());
    wholes.put(value.id(), slice);
    return slice;
  }

  /** What an operation makes of its output. */
  @FunctionalInterface
  private interface Writer {
    Op write(Value out);
  }

  private void output(Value value, Optional<Split> split, Site site, Writer writer) {
    if (split.isEmpty()) {
      Value out = newWhole(value);
      builder.append(writer.write(out));
    } else if (!plan.standsAlone(value)) {
      // others write the columns beside it: it has to end up in the whole
      Value ours = builder.value(value.name() + ".part", value.domain(), split.get().of(rank).size());
      builder.append(writer.write(ours));
      builder.append(new Op.AllGather(site, ours, newWhole(value), rank, split.get().offsets()));
    } else {
      builder.append(writer.write(newPart(value, split.get())));
    }
  }

  private Value newPart(Value value, Split split) {
    Value part = builder.value(value.name(), value.domain(), split.of(rank).size());
    parts.put(value.id(), new Part(split, part));
    return part;
  }

  /** A slice that gets memory of its own. */
  private Value newAlone(Value slice) {
    Value alone = builder.value(slice.name(), slice.domain(), slice.columns());
    wholes.put(slice.id(), alone);
    return alone;
  }

  /** The whole of a value; of a slice, as a view of the whole that it belongs to. */
  private Value newWhole(Value value) {
    if (plan.standsAlone(value)) {
      return wholes.computeIfAbsent(value.id(), _ -> builder.value(value.name(), value.domain(), value.columns()));
    }
    Value root = program.values().get(value.root());
    Value whole = wholes.computeIfAbsent(root.id(), _ -> builder.value(root.name(), root.domain(), root.columns()));
    Value slice = builder.slice(value.name(), whole, value.columnOffset(), value.columns());
    wholes.put(value.id(), slice);
    return slice;
  }
}
