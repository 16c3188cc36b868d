package dev.jebena.models.checkpoint;

import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSource;
import dev.jebena.engine.weight.WeightSpec;
import dev.jebena.engine.weight.WeightView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** The weights of a Program, straight from the mapped files of its checkpoint. */
public final class CheckpointWeights implements WeightSource {

  private final Map<String, StoredTensor> tensors;
  private final Optional<String> identity;

  /** The weights of an opened checkpoint. */
  public CheckpointWeights(Checkpoint checkpoint) {
    this.tensors = Map.copyOf(checkpoint.tensors());
    this.identity = identity(checkpoint);
  }

  /** Path, size and time of a single file; of several files one could be exchanged without that showing. */
  private static Optional<String> identity(Checkpoint checkpoint) {
    try {
      Path path = checkpoint.path().toRealPath();
      return Files.isRegularFile(path) && Files.size(path) == checkpoint.byteSize()
          ? Optional.of(path + ", " + Files.size(path) + " bytes of " + Files.getLastModifiedTime(path))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  @Override
  public Optional<String> identity() {
    return identity;
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
