package dev.jebena.models.checkpoint;

import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSpec;
import dev.jebena.engine.weight.WeightView;
import dev.jebena.models.ModelException;
import dev.jebena.models.gguf.GgufTensorType;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * A checkpoint's tensors as an architecture asks for them, by name and shape. It remembers what was asked for: a tensor that is left
 * over stands for an option that the architecture does not know. Used by one thread while a Program is built.
 */
public final class Weights {

  private final Path source;
  private final Map<String, StoredTensor> tensors;
  private final Set<String> used = new HashSet<>();

  public Weights(Path source, Map<String, StoredTensor> tensors) {
    this.source = source;
    this.tensors = tensors;
  }

  /** Whether there is a tensor of this name. */
  public boolean has(String name) {
    return tensors.containsKey(name);
  }

  /**
   * A required matrix of any number of rows.
   *
   * @throws ModelException if there is none, its rows have other than {@code columns} elements, or its type is not supported
   */
  public WeightSpec matrix(String name, int columns) {
    StoredTensor tensor = find(name);
    long rows = tensor.elements() / tensor.dimensions().getFirst();
    if (tensor.dimensions().getFirst() != columns || rows > Integer.MAX_VALUE || higherDimensions(tensor)) {
      throw wrongShape(tensor, "[any number, " + columns + "]");
    }
    return spec(tensor, (int) rows, columns);
  }

  /**
   * A required matrix {@code [rows, columns]}.
   *
   * @throws ModelException if there is none, it has another shape, or its type is not supported
   */
  public WeightSpec matrix(String name, int rows, int columns) {
    StoredTensor tensor = find(name);
    if (tensor.dimensions().getFirst() != columns || tensor.elements() / columns != rows || higherDimensions(tensor)) {
      throw wrongShape(tensor, "[" + rows + ", " + columns + "]");
    }
    return spec(tensor, rows, columns);
  }

  /** A required vector of {@code columns} elements. */
  public WeightSpec vector(String name, int columns) {
    return matrix(name, 1, columns);
  }

  /** A vector of {@code columns} elements, if there is one. */
  public Optional<WeightSpec> optionalVector(String name, int columns) {
    return has(name) ? Optional.of(vector(name, columns)) : Optional.empty();
  }

  /** The values of a vector of {@code columns} elements, if there is one: for constants that go into the Program itself. */
  public Optional<float[]> optionalValues(String name, int columns) {
    if (!has(name)) {
      return Optional.empty();
    }
    float[] values = new float[columns];
    WeightView.contiguous(vector(name, columns), find(name).data()).decodeRow(0, values, 0);
    return Optional.of(values);
  }

  /**
   * Ends the reading of an architecture.
   *
   * @param ignorable tensors that may be left over because they hold nothing that is needed
   * @throws ModelException if another one was never asked for
   */
  public void requireAllUsed(Predicate<String> ignorable) {
    List<String> left = tensors.keySet().stream().filter(name -> !used.contains(name) && !ignorable.test(name)).limit(4).toList();
    if (!left.isEmpty()) {
      throw new ModelException(
          source, "has tensors that its architecture does not use, so it has an option that is not supported yet: "
              + String.join(", ", left));
    }
  }

  private StoredTensor find(String name) {
    StoredTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new ModelException(source, "has no tensor '" + name + "', which its settings ask for: convert the model again");
    }
    used.add(name);
    return tensor;
  }

  private WeightSpec spec(StoredTensor tensor, int rows, int columns) {
    BlockType type = tensor.type().orElseThrow(
        () -> new ModelException(
            source, "tensor '" + tensor.storedName() + "' is of type " + tensor.typeName() + ", which is not supported yet: use one of "
                + String.join(", ", GgufTensorType.usableNames())));
    return new WeightSpec(tensor.name(), rows, columns, WeightFormat.of(type));
  }

  private static boolean higherDimensions(StoredTensor tensor) {
    return tensor.dimensions().stream().skip(2).anyMatch(size -> size != 1);
  }

  private ModelException wrongShape(StoredTensor tensor, String expected) {
    return new ModelException(
        source, "tensor '" + tensor.storedName() + "' has the shape " + tensor.dimensions().reversed() + ", its settings ask for "
            + expected + ": convert the model again");
  }
}
