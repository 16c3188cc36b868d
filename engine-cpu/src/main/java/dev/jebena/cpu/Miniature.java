package dev.jebena.cpu;

import dev.jebena.engine.program.Activation;
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
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One small layer with the operations, weight types and head sizes of a real Program. Whoever runs it makes the JIT compile what the real one
 * needs, at a thousandth of the work. Its results mean nothing.
 */
final class Miniature {

  private static final int LEAST_COLUMNS = 64;
  private static final int VOCABULARY = 64;
  private static final float EPSILON = 1e-5f;

  private final Program model;
  private final ProgramBuilder builder = new ProgramBuilder("miniature");
  private final List<BlockType> types;
  private final int columns;
  private int weights;
  private int names;

  private Miniature(Program model) {
    this.model = model;
    Set<BlockType> found = new LinkedHashSet<>();
    for (Op op : model.operations()) {
      if (op instanceof Op.Linear linear) {
        linear.parts().forEach(part -> found.add(type(part.weight())));
      }
    }
    this.types = found.isEmpty() ? List.of(BlockType.F32) : List.copyOf(found);
    this.columns = types.stream().mapToInt(BlockType::elements).reduce(LEAST_COLUMNS, Math::max);
  }

  /** Makes the miniature of a Program. */
  static Program of(Program model) {
    return new Miniature(model).build();
  }

  private static BlockType type(WeightSpec weight) {
    return switch (weight.format()) {
      case WeightFormat.Blocked(BlockType type) -> type;
    };
  }

  private Program build() {
    BlockType embeddingType = first(Op.Embed.class).map(embed -> type(embed.weight())).orElse(types.getFirst());
    int embeddingColumns = Math.max(columns, embeddingType.elements());
    Value stream = builder.embedTokens(
        site("embedding"), "embedded", new WeightSpec("embedding", VOCABULARY, embeddingColumns, WeightFormat.of(embeddingType)));
    stream = linear(norm(stream), columns, types.getFirst());
    Optional<Op.Attention> attention = first(Op.Attention.class);
    if (attention.isPresent()) {
      stream = builder.add(site("residual"), name("sum"), stream, attention(norm(stream), attention.get()));
    }
    for (BlockType type : types) {
      Activation activation = first(Op.Gate.class).map(Op.Gate::activation).orElse(Activation.SILU);
      Value normed = norm(stream);
      Value gated = builder.gate(site("gate"), name("gated"), linear(normed, columns, type), linear(normed, columns, type), activation);
      stream = builder.add(site("residual"), name("sum"), stream, linear(gated, columns, type));
    }
    Value outputs = norm(builder.selectOutputs(site("outputs"), name("outputs"), stream));
    BlockType headType = type(last().weight());
    return builder.build(linear(outputs, VOCABULARY, headType), VOCABULARY);
  }

  private Op.Linear.Part last() {
    Op.Linear.Part last = null;
    for (Op op : model.operations()) {
      if (op instanceof Op.Linear linear) {
        last = linear.parts().getLast();
      }
    }
    if (last == null) {
      throw new IllegalArgumentException("program " + model.name() + " has no product");
    }
    return last;
  }

  private Value attention(Value in, Op.Attention like) {
    int group = like.heads() / like.kvHeads();
    BlockType type = types.getFirst();
    builder.kvGroup(List.of(new KvGroup.CacheLayer(1, like.headDim(), like.valueDim())));
    Value query = builder.value(name("query"), RowDomain.TOKENS, group * like.headDim());
    Value key = builder.value(name("key"), RowDomain.TOKENS, like.headDim());
    Value value = builder.value(name("value"), RowDomain.TOKENS, like.valueDim());
    List<Op.Linear.Part> parts = new ArrayList<>();
    for (Value part : List.of(query, key, value)) {
      parts.add(new Op.Linear.Part(part, weight(part.columns(), in.columns(), type), Optional.empty()));
    }
    builder.append(new Op.Linear(site("qkv"), in, parts));
    Value attended = builder.value(name("attended"), RowDomain.TOKENS, group * like.valueDim());
    Value turnedKey = turned(key);
    Value turnedQuery = turned(query);
    builder.append(new Op.KvWrite(site("kv"), 0, 0, turnedKey, value));
    builder.append(
        new Op.Attention(
            site("attention"), turnedQuery, attended, 0, 0, group, 1, like.headDim(), like.valueDim(), like.scale(), like.mask(),
            like.softCap()));
    return linear(attended, columns, attended.columns() % type.elements() == 0 ? type : BlockType.F32);
  }

  private Value turned(Value heads) {
    Optional<Op.Rope> rope = first(Op.Rope.class);
    return rope.isEmpty() || heads.columns() % rope.get().headDim() != 0
        ? heads
        : builder.rope(site("rope"), name("turned"), heads, rope.get().headDim(), rope.get().pairing(), rope.get().frequencies());
  }

  private Value norm(Value in) {
    Value out = builder.value(name("normed"), in.domain(), in.columns());
    Op.Norm.Kind kind = first(Op.Norm.class).map(Op.Norm::kind).orElse(Op.Norm.Kind.RMS);
    WeightSpec weight = new WeightSpec("weight" + weights++, 1, in.columns(), WeightFormat.of(BlockType.F32));
    builder.append(new Op.Norm(site("norm"), in, out, kind, Optional.of(weight), Optional.empty(), in.columns(), EPSILON, 0));
    return out;
  }

  private Value linear(Value in, int rows, BlockType type) {
    return builder.linear(site("linear"), name("product"), in, weight(rows, in.columns(), type), Optional.empty());
  }

  private WeightSpec weight(int rows, int weightColumns, BlockType type) {
    return new WeightSpec("weight" + weights++, rows, weightColumns, WeightFormat.of(type));
  }

  private <T extends Op> Optional<T> first(Class<T> kind) {
    return model.operations().stream().filter(kind::isInstance).map(kind::cast).findFirst();
  }

  private String name(String what) {
    return what + names++;
  }

  private static Site site(String name) {
    return Site.of("warm-up " + name);
  }
}
