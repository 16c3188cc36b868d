package dev.jebena.cuda;

import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.weight.WeightSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where the weights of a Program lie in one stretch of memory: what products and embeddings read in planes of blocks, norms and biases as
 * float32. A weight that is used both ways is there twice.
 */
final class WeightLayout {

  private final Map<String, WeightSpec> specs;
  private final Map<String, Long> bodies = new LinkedHashMap<>();
  private final Map<String, Long> heads = new LinkedHashMap<>();
  private final Map<String, Long> vectors = new LinkedHashMap<>();
  private long bytes;

  WeightLayout(Program program) {
    this.specs = program.weights();
    Set<String> matrices = new LinkedHashSet<>();
    Set<String> floats = new LinkedHashSet<>();
    for (Op op : program.operations()) {
      matrices(op).forEach(spec -> matrices.add(spec.name()));
      vectors(op).forEach(spec -> floats.add(spec.name()));
    }
    for (WeightSpec spec : specs.values()) {
      if (matrices.contains(spec.name())) {
        Planes planes = Planes.of(spec);
        bodies.put(spec.name(), take(planes.bodyPlaneBytes(spec)));
        heads.put(spec.name(), take(planes.headPlaneBytes(spec)));
      }
      if (floats.contains(spec.name())) {
        vectors.put(spec.name(), take(Planes.aligned(4L * spec.columns())));
      }
    }
  }

  private long take(long size) {
    long at = bytes;
    bytes = Math.addExact(bytes, size);
    return at;
  }

  private static List<WeightSpec> matrices(Op op) {
    return switch (op) {
      case Op.Linear linear -> linear.parts().stream().map(Op.Linear.Part::weight).toList();
      case Op.Embed embed -> List.of(embed.weight());
      case Op.MoeExperts experts -> experts.weights();
      case Op.MoeRoute _, Op.Norm _, Op.Rope _, Op.KvWrite _, Op.Attention _, Op.Map _, Op.Combine _, Op.Gate _, Op.SelectRows _, Op.Zero _,
          Op.AllReduce _, Op.AllGather _ -> List.of();
    };
  }

  private static List<WeightSpec> vectors(Op op) {
    return switch (op) {
      case Op.Linear linear -> linear.parts().stream().map(Op.Linear.Part::bias).flatMap(Optional::stream).toList();
      case Op.Norm norm -> norm.weights();
      case Op.Attention attention -> attention.weights();
      case Op.MoeRoute route -> route.weights();
      case Op.MoeExperts _, Op.Embed _, Op.Rope _, Op.KvWrite _, Op.Map _, Op.Combine _, Op.Gate _, Op.SelectRows _, Op.Zero _,
          Op.AllReduce _, Op.AllGather _ -> List.of();
    };
  }

  Map<String, WeightSpec> specs() {
    return specs;
  }

  /** Names of the matrices, with the offset of their bodies. */
  Map<String, Long> bodies() {
    return bodies;
  }

  /** Names of the matrices, with the offset of their heads. */
  Map<String, Long> heads() {
    return heads;
  }

  /** Names of the vectors, with their offsets. */
  Map<String, Long> vectors() {
    return vectors;
  }

  long bytes() {
    return bytes;
  }

  /** What is missing here that the other Program needs, as it names it. */
  List<WeightSpec> missing(Program program) {
    WeightLayout other = new WeightLayout(program);
    List<WeightSpec> missing = new ArrayList<>();
    for (WeightSpec spec : other.specs.values()) {
      boolean there = spec.equals(specs.get(spec.name()))
          && (!other.bodies.containsKey(spec.name()) || bodies.containsKey(spec.name()))
          && (!other.vectors.containsKey(spec.name()) || vectors.containsKey(spec.name()));
      if (!there) {
        missing.add(spec);
      }
    }
    return missing;
  }
}
