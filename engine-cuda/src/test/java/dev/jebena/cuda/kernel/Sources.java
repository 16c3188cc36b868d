package dev.jebena.cuda.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Where the kernels' sources are. Tests run in the module's folder. */
final class Sources {

  private Sources() {}

  static Path module() {
    return Path.of(System.getProperty("basedir", "")).toAbsolutePath();
  }

  static Path folder() {
    return module().resolve("src/main/cuda");
  }

  /** The names of the PTX modules: one for each {@code .cu}. */
  static List<String> modules() {
    try (Stream<Path> files = Files.list(folder())) {
      return files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".cu")).map(name -> name.replace(".cu", "")).sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
