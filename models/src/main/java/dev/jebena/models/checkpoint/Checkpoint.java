package dev.jebena.models.checkpoint;

import java.nio.file.Path;
import java.util.Map;

/** An opened model file or folder. Settings and tensors bear GGUF's names whatever the container calls them. */
public interface Checkpoint extends AutoCloseable {

  /** The file or folder. */
  Path path();

  /** The container and its version, for people. */
  String container();

  /** The architecture by GGUF's name, for example {@code llama}. */
  String architecture();

  /** The architecture's settings. */
  Settings settings();

  /** The tensors by {@link StoredTensor#name()}, in the container's order. */
  Map<String, StoredTensor> tensors();

  /** Whose order the rows have. */
  TensorLayout layout();

  /** Bytes of all files. */
  long byteSize();

  @Override
  void close();
}
