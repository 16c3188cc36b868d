package dev.jebena.models.checkpoint;

import dev.jebena.models.ModelException;
import dev.jebena.models.checkpoint.Settings.Setting;
import dev.jebena.models.gguf.GgufFile;
import dev.jebena.models.gguf.GgufMetadata;
import dev.jebena.models.gguf.GgufTensor;
import dev.jebena.models.gguf.GgufValue;
import dev.jebena.models.gguf.GgufValueType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A GGUF file as a checkpoint. */
public final class GgufCheckpoint implements Checkpoint {

  /** The longest array that can be a setting of each layer. */
  private static final long MAX_LAYERS = 4096;

  private final GgufFile file;
  private final String architecture;
  private final Settings settings;
  private final Map<String, StoredTensor> tensors;

  /**
   * Takes over an opened file; closing the checkpoint closes it.
   *
   * @throws ModelException if the file names no architecture; the file stays open then
   */
  public GgufCheckpoint(GgufFile file) {
    this.file = file;
    GgufMetadata metadata = file.metadata();
    architecture = metadata.text("general.architecture").orElseThrow(
        () -> new ModelException(path(), "has no metadata 'general.architecture': it is not a model, or was cut short by its converter"));
    settings = new Settings(path(), read(metadata, architecture + "."));
    Map<String, StoredTensor> stored = new LinkedHashMap<>();
    for (GgufTensor tensor : file.tensors().values()) {
      stored.put(tensor.name(), new StoredTensor(
          tensor.name(), tensor.name(), tensor.dimensions(), tensor.type().name(), tensor.type().block(), tensor.data()));
    }
    tensors = Collections.unmodifiableMap(stored);
  }

  private static Map<String, Setting> read(GgufMetadata metadata, String prefix) {
    Map<String, Setting> settings = new LinkedHashMap<>();
    metadata.values().forEach((key, value) -> {
      if (key.startsWith(prefix)) {
        plain(metadata, key, value).ifPresent(plain -> settings.put(key.substring(prefix.length()), new Setting(key, plain)));
      }
    });
    return settings;
  }

  private static Optional<Object> plain(GgufMetadata metadata, String key, GgufValue value) {
    return switch (value) {
      case GgufValue.Whole(GgufValueType type, long number) -> Optional.of(number);
      case GgufValue.Real(GgufValueType type, double number) -> Optional.of(number);
      case GgufValue.Flag(boolean flag) -> Optional.of(flag);
      case GgufValue.Text(String text) -> Optional.of(text);
      case GgufValue.Array array when array.count() > MAX_LAYERS -> Optional.empty();
      case GgufValue.Array array -> switch (array.elementType()) {
        case UINT8, INT8, UINT16, INT16, UINT32, INT32 -> Optional.of(wholes(metadata.ints(key).orElseThrow()));
        case FLOAT32, FLOAT64 -> Optional.of(reals(metadata.floats(key).orElseThrow()));
        case UINT64, INT64, BOOL, STRING, ARRAY -> Optional.empty();
      };
    };
  }

  private static List<Long> wholes(int[] values) {
    List<Long> list = new ArrayList<>();
    for (int value : values) {
      list.add((long) value);
    }
    return list;
  }

  private static List<Double> reals(float[] values) {
    List<Double> list = new ArrayList<>();
    for (float value : values) {
      list.add((double) value);
    }
    return list;
  }

  /** The container itself. */
  public GgufFile file() {
    return file;
  }

  @Override
  public Path path() {
    return file.paths().getFirst();
  }

  @Override
  public String container() {
    int files = file.paths().size();
    return "GGUF version " + file.version() + (files == 1 ? "" : " in " + files + " files");
  }

  @Override
  public String architecture() {
    return architecture;
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  public Map<String, StoredTensor> tensors() {
    return tensors;
  }

  @Override
  public TensorLayout layout() {
    return TensorLayout.GGUF;
  }

  @Override
  public long byteSize() {
    return file.byteSize();
  }

  @Override
  public void close() {
    file.close();
  }
}
