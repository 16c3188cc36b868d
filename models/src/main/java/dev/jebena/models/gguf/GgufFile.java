package dev.jebena.models.gguf;

import dev.jebena.models.ModelException;
import dev.jebena.models.file.FileMappings;
import dev.jebena.models.file.MappedFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An opened GGUF model: one file, or all the files of a split one. Its tensors are slices of mapped memory, valid until it is closed.
 */
public final class GgufFile implements AutoCloseable {

  private static final Pattern SHARD = Pattern.compile("(?<stem>.*)-(?<number>\\d{5})-of-(?<total>\\d{5})\\.gguf");
  private static final String SPLIT_COUNT = "split.count";
  private static final String SPLIT_NUMBER = "split.no";
  private static final String SPLIT_TENSORS = "split.tensors.count";

  private final List<MappedFile> files;
  private final int version;
  private final GgufMetadata metadata;
  private final Map<String, GgufTensor> tensors;

  private GgufFile(List<MappedFile> files, int version, GgufMetadata metadata, Map<String, GgufTensor> tensors) {
    this.files = List.copyOf(files);
    this.version = version;
    this.metadata = metadata;
    this.tensors = tensors;
  }

  /**
   * Opens a GGUF file, or all files of a split one.
   *
   * @param path the file; of a split model any of its files, the others are looked for beside it
   * @throws ModelException naming the file, the offset and what is wrong there
   */
  public static GgufFile open(Path path, FileMappings mappings) {
    List<MappedFile> files = new ArrayList<>();
    boolean opened = false;
    try {
      GgufFile file = open(path, mappings, files);
      opened = true;
      return file;
    } finally {
      if (!opened) {
        files.forEach(MappedFile::close);
      }
    }
  }

  private static GgufFile open(Path path, FileMappings mappings, List<MappedFile> files) {
    MappedFile named = mappings.map(path);
    files.add(named);
    GgufHeader header = GgufHeader.read(named);
    GgufMetadata metadata = new GgufMetadata(path, header.metadata());
    long count = metadata.whole(SPLIT_COUNT).orElse(1);
    if (count <= 1) {
      Map<String, GgufTensor> tensors = new LinkedHashMap<>();
      header.tensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
      return new GgufFile(files, header.version(), metadata, tensors);
    }
    List<Path> paths = shards(path, count);
    named.close();
    files.clear();
    return openShards(paths, mappings, files);
  }

  private static GgufFile openShards(List<Path> paths, FileMappings mappings, List<MappedFile> files) {
    List<GgufHeader> headers = new ArrayList<>();
    Map<String, GgufTensor> tensors = new LinkedHashMap<>();
    for (int i = 0; i < paths.size(); i++) {
      MappedFile file = mappings.map(paths.get(i));
      files.add(file);
      GgufHeader header = GgufHeader.read(file);
      headers.add(header);
      checkShard(new GgufMetadata(file.path(), header.metadata()), i, paths.size());
      for (GgufTensor tensor : header.tensors()) {
        if (tensors.putIfAbsent(tensor.name(), tensor) != null) {
          throw new ModelException(file.path(), "tensor '" + tensor.name() + "' is also in another file of this split model");
        }
      }
    }
    GgufMetadata metadata = new GgufMetadata(paths.getFirst(), headers.getFirst().metadata());
    long announced = metadata.whole(SPLIT_TENSORS).orElse(tensors.size());
    if (announced != tensors.size()) {
      throw new ModelException(
          paths.getFirst(), SPLIT_TENSORS + " announces " + announced + " tensors, the " + paths.size() + " files have "
              + tensors.size() + ": fetch them again");
    }
    return new GgufFile(files, headers.getFirst().version(), metadata, tensors);
  }

  private static void checkShard(GgufMetadata metadata, int number, int count) {
    long actualNumber = metadata.whole(SPLIT_NUMBER).orElse(-1);
    long actualCount = metadata.whole(SPLIT_COUNT).orElse(-1);
    if (actualNumber != number || actualCount != count) {
      throw new ModelException(
          metadata.file(), "is part " + actualNumber + " of " + actualCount + " by its metadata, its name says part " + number + " of "
              + count + " (counted from 0): the files of different models were mixed");
    }
  }

  /** The files of a split model, by number; all of them must be there. */
  private static List<Path> shards(Path path, long count) {
    Path name = path.getFileName();
    Matcher matcher = SHARD.matcher(name == null ? "" : name.toString());
    if (!matcher.matches() || Integer.parseInt(matcher.group("total")) != count) {
      throw new ModelException(
          path, "is one of " + count + " files by its metadata, and its name does not end as expected: name the files NAME-00001-of-"
              + String.format("%05d", count) + ".gguf and so on");
    }
    List<Path> paths = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      Path shard = path.resolveSibling(String.format("%s-%05d-of-%05d.gguf", matcher.group("stem"), i, count));
      if (!Files.exists(shard)) {
        throw new ModelException(shard, "is missing: the model is split into " + count + " files, which must lie in one folder");
      }
      paths.add(shard);
    }
    return paths;
  }

  /** Version of the format, 2 or 3. */
  public int version() {
    return version;
  }

  /** The metadata; of a split model its first file's. */
  public GgufMetadata metadata() {
    return metadata;
  }

  /** All tensors by name, in the order of the files. */
  public Map<String, GgufTensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /** One tensor. */
  public Optional<GgufTensor> tensor(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /** The files, in the order of their numbers. */
  public List<Path> paths() {
    return files.stream().map(MappedFile::path).toList();
  }

  /** Bytes of all files. */
  public long byteSize() {
    return files.stream().mapToLong(MappedFile::byteSize).sum();
  }

  @Override
  public void close() {
    files.forEach(MappedFile::close);
  }
}
