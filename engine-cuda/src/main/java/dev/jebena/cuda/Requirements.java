package dev.jebena.cuda;

import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.Unsupported;
import dev.jebena.engine.program.KvGroup;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.weight.WeightSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What of a Program the shipped kernels cannot run. Needs no device. */
final class Requirements {

  /** The longest head that the kernels of the cache and of attention take. */
  private static final int MAX_HEAD = 256;

  private final KernelCatalog catalog;
  private final KvFormat kvFormat;
  private final Program program;
  private final List<Unsupported> missing = new ArrayList<>();

  private Requirements(KernelCatalog catalog, Program program, KvFormat kvFormat) {
    this.catalog = catalog;
    this.program = program;
    this.kvFormat = kvFormat;
  }

  static List<Unsupported> missing(KernelCatalog catalog, Program program, KvFormat kvFormat) {
    Requirements requirements = new Requirements(catalog, program, kvFormat);
    program.operations().forEach(requirements::check);
    return List.copyOf(requirements.missing);
  }

  private void check(Op op) {
    switch (op) {
      case Op.Embed embed -> require(op, "embed_" + lower(embed.weight()));
      case Op.Norm _ -> require(op, "norm_rows");
      case Op.Linear linear -> linear.parts().forEach(part -> require(op, "matvec_" + lower(part.weight()) + "_r1"));
      case Op.Rope _ -> require(op, "rope");
      case Op.KvWrite write -> {
        require(op, "rope_kv_" + kvName());
        KvGroup.CacheLayer layer = program.kvGroups().get(write.group()).layers().get(write.cacheLayer());
        requireHead(op, Math.max(layer.keyDim(), layer.valueDim()));
      }
      case Op.Attention attention -> {
        require(op, "attention_decode_" + kvName() + "_h1");
        require(op, "attention_combine");
        requireHead(op, Math.max(attention.headDim(), attention.valueDim()));
        if (attention.heads() % attention.kvHeads() != 0) {
          missing.add(new Unsupported(
              op.site(), attention.heads() + " query heads over " + attention.kvHeads() + " key heads: the kernels want a multiple"));
        }
      }
      case Op.MoeRoute route -> {
        require(op, "moe_route");
        requireExperts(op, route.logits().columns());
      }
      case Op.MoeExperts experts -> {
        require(op, "moe_gate_" + lower(experts.gate()) + "_r1");
        require(op, "moe_matvec_" + lower(experts.down()) + "_r1");
        requireExperts(op, experts.experts());
        if (!experts.gate().format().equals(experts.up().format())) {
          missing.add(new Unsupported(op.site(), "gate and up of other types than each other: " + experts.gate() + " and " + experts.up()));
        }
      }
      case Op.Map _ -> require(op, "map");
      case Op.Combine _ -> require(op, "combine");
      case Op.Gate _ -> require(op, "gate");
      case Op.SelectRows _ -> require(op, "select_rows");
      case Op.Zero _ -> require(op, "zero");
      case Op.AllReduce _, Op.AllGather _ -> {}
    }
  }

  private void requireHead(Op op, int columns) {
    if (columns > MAX_HEAD) {
      missing.add(new Unsupported(op.site(), "heads of " + columns + " columns: the kernels take up to " + MAX_HEAD));
    }
  }

  private void requireExperts(Op op, int experts) {
    if (experts > MoeStages.MAX_EXPERTS) {
      missing.add(new Unsupported(op.site(), experts + " experts: the kernels take up to " + MoeStages.MAX_EXPERTS));
    }
  }

  private void require(Op op, String kernel) {
    if (!catalog.has(kernel)) {
      missing.add(new Unsupported(op.site(), "this build has no kernel " + kernel));
    }
  }

  private static String lower(WeightSpec weight) {
    return Planes.of(weight).type().name().toLowerCase(Locale.ROOT);
  }

  private String kvName() {
    return kvFormat.type().name().toLowerCase(Locale.ROOT);
  }
}
