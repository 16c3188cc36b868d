package dev.jebena.engine.program;

import dev.jebena.engine.weight.WeightSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model's forward pass: a flat list of operations over values that are assigned once, in an order that can be executed.
 *
 * <p>It is built once, at load, by an architecture, checked here, and compiled by a backend. It is unfused: the plain twin of whatever a
 * backend makes of it.
 *
 * @param name what it is, for example {@code llama}
 * @param values every value, by id
 * @param operations in an order of execution
 * @param kvGroups what is cached; empty for a Program that caches nothing
 * @param logits {@code [outputs, vocabulary]}
 * @param vocabularySize entries of the token embedding: token ids are smaller
 */
public record Program(
    String name, List<Value> values, List<Op> operations, List<KvGroup> kvGroups, Value logits, int vocabularySize) {

  public Program {
    values = List.copyOf(values);
    operations = List.copyOf(operations);
    kvGroups = List.copyOf(kvGroups);
    ProgramChecker.check(values, operations, kvGroups, logits);
  }

  /** Every weight that the Program reads, by name, in the order of first use. */
  public Map<String, WeightSpec> weights() {
    Map<String, WeightSpec> weights = new LinkedHashMap<>();
    for (Op operation : operations) {
      for (WeightSpec weight : operation.weights()) {
        WeightSpec earlier = weights.putIfAbsent(weight.name(), weight);
        if (earlier != null && !earlier.equals(weight)) {
          throw new ProgramException("weight '" + weight.name() + "' is used as " + earlier + " and as " + weight);
        }
      }
    }
    return weights;
  }

  /** Bytes of all weights as they are stored. */
  public long weightBytes() {
    return weights().values().stream().mapToLong(WeightSpec::bytes).sum();
  }

  /** Cached elements for each token over all groups and layers. */
  public long kvElementsPerToken() {
    return kvGroups.stream().flatMap(group -> group.layers().stream()).mapToLong(KvGroup.CacheLayer::elementsPerToken).sum();
  }

  /** The Program as text, an operation a line, for people and for golden files. */
  public String dump() {
    return ProgramPrinter.print(this);
  }
}
