package dev.jebena.models.checkpoint;

import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSource;
import dev.jebena.engine.weight.WeightSpec;
import dev.jebena.engine.weight.WeightView;
import java.util.Map;

/** The weights of a Program, straight from the mapped files of its checkpoint. */
public final class CheckpointWeights implements WeightSource {

  private final Map<String, StoredTensor> tensors;

  public CheckpointWeights(Map<String, StoredTensor> tensors) {
    this.tensors = Map.copyOf(tensors);
  }

  @Override
  public WeightView weight(WeightSpec spec) {
    StoredTensor tensor = tensors.get(spec.name());
    if (tensor == null
        || tensor.dimensions().getFirst() != spec.columns()
        || tensor.elements() != spec.elements()
        || tensor.type().map(type -> !WeightFormat.of(type).equals(spec.format())).orElse(true)) {
      throw new IllegalArgumentException(
          "no weight '" + spec.name() + "' of shape [" + spec.rows() + ", " + spec.columns() + "] and format " + spec.format()
              + (tensor == null ? "" : ": it is " + tensor.typeName() + tensor.dimensions().reversed()));
    }
    return WeightView.contiguous(spec, tensor.data());
  }
}
