package dev.jebena.engine.program;

import dev.jebena.engine.weight.WeightSpec;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Prints a Program, an operation a line. */
final class ProgramPrinter {

  private ProgramPrinter() {}

  static String print(Program program) {
    StringBuilder text = new StringBuilder();
    text.append("program ").append(program.name()).append(", vocabulary ").append(program.vocabularySize()).append('\n');
    for (int i = 0; i < program.kvGroups().size(); i++) {
      KvGroup group = program.kvGroups().get(i);
      text.append("kv group ").append(i).append(": ").append(group.layers().size()).append(" layers, ");
      text.append(group.layers().stream().mapToInt(KvGroup.CacheLayer::elementsPerToken).sum()).append(" elements a token\n");
    }
    for (Op operation : program.operations()) {
      String outputs = operation.outputs().stream().map(ProgramPrinter::shape).collect(Collectors.joining(", "));
      text.append(outputs);
      if (!outputs.isEmpty()) {
        text.append(" = ");
      }
      text.append(describe(operation)).append("  ; ").append(operation.site()).append('\n');
    }
    text.append("logits ").append(program.logits()).append('\n');
    return text.toString();
  }

  private static String shape(Value value) {
    return value + "[" + value.domain().name().toLowerCase(Locale.ROOT) + ", " + value.columns() + "]";
  }

  private static String describe(Op operation) {
    return switch (operation) {
      case Op.Embed embed -> "embed " + weight(embed.weight()) + " by " + embed.index().name().toLowerCase(Locale.ROOT)
          + (embed.firstEntry().isPresent() ? " from " + embed.firstEntry().getAsInt() : "");
      case Op.Norm norm ->
          norm.kind().name().toLowerCase(Locale.ROOT) + "_norm " + norm.in() + weight(norm.weight()) + weight(norm.bias())
              + " group " + norm.groupColumns() + " epsilon " + norm.epsilon()
              + (norm.weightOffset() == 0 ? "" : " offset " + norm.weightOffset());
      case Op.Linear linear ->
          "linear " + linear.in()
              + linear.parts().stream().map(part -> " " + weight(part.weight()) + weight(part.bias())).collect(Collectors.joining(","));
      case Op.Rope rope ->
          "rope " + rope.in() + " head " + rope.headDim() + " rotary " + 2 * rope.frequencies().pairs() + " "
              + rope.pairing().name().toLowerCase(Locale.ROOT);
      case Op.KvWrite write ->
          "kv_write " + write.key() + " " + write.value() + " to " + write.group() + "/" + write.cacheLayer();
      case Op.Attention attention ->
          "attention " + attention.query() + " over " + attention.group() + "/" + attention.cacheLayer() + " heads "
              + attention.heads() + "/" + attention.kvHeads() + " dim " + attention.headDim() + "/" + attention.valueDim()
              + " scale " + attention.scale() + " " + mask(attention.mask())
              + (attention.softCap() == 0 ? "" : " cap " + attention.softCap())
              + (attention.sinks().isEmpty() ? "" : " sinks" + weight(attention.sinks()));
      case Op.MoeRoute route ->
          "moe_route " + route.logits() + " top " + route.topK() + " " + route.scoring().name().toLowerCase(Locale.ROOT) + " "
              + route.weighting().name().toLowerCase(Locale.ROOT) + (route.scale() == 1 ? "" : " scale " + route.scale())
              + weight(route.selectionBias());
      case Op.MoeExperts experts ->
          "moe_experts " + experts.in() + " by " + experts.route() + " experts " + experts.firstExpert() + ".."
              + (experts.firstExpert() + experts.experts() - 1) + " " + weight(experts.gate()) + " " + weight(experts.up()) + " "
              + weight(experts.down()) + " " + experts.activation().name().toLowerCase(Locale.ROOT);
      case Op.Map map -> function(map.function()) + " " + map.in();
      case Op.Combine combine -> combine.kind().name().toLowerCase(Locale.ROOT) + " " + combine.a() + " " + combine.b();
      case Op.Gate gate -> "gate " + gate.gate() + " " + gate.up() + " " + gate.activation().name().toLowerCase(Locale.ROOT);
      case Op.SelectRows select -> "select " + select.in();
      case Op.Zero _ -> "zero";
      case Op.AllReduce reduce -> "all_reduce " + reduce.in();
      case Op.AllGather gather -> "all_gather " + gather.in() + " at " + gather.columnOffsets();
    };
  }

  private static String function(MapFunction function) {
    return switch (function) {
      case MapFunction.Activate(Activation activation) -> activation.name().toLowerCase(Locale.ROOT);
      case MapFunction.Scale(float factor) -> "scale " + factor;
      case MapFunction.SoftCap(float limit) -> "cap " + limit;
    };
  }

  private static String mask(AttentionMask mask) {
    return switch (mask) {
      case AttentionMask.Causal() -> "causal";
      case AttentionMask.SlidingWindow(int tokens) -> "window " + tokens;
    };
  }

  private static String weight(WeightSpec weight) {
    return weight.name() + ":" + weight.format() + "[" + weight.rows() + ", " + weight.columns() + "]";
  }

  private static String weight(Optional<WeightSpec> weight) {
    return weight.map(spec -> " " + weight(spec)).orElse("");
  }
}
