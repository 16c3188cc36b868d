package dev.jebena.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryFactsTest {

  @TempDir
  private Path root;

  private void write(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(Objects.requireNonNull(file.getParent()));
    Files.writeString(file, text);
  }

  @Test
  void whatLinuxDoesNotSayIsLeftOut() {
    assertEquals(Map.of(), MemoryFacts.of(root));
  }

  @Test
  void largePagesInUseAreCounted() throws IOException {
    write("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    write("proc/self/smaps_rollup", "Rss: 5000 kB\nAnonHugePages:     204800 kB\n");
    assertEquals("madvise, 200 MiB in use", MemoryFacts.of(root).get("large pages"));
  }

  @Test
  void whereTheyAreOffTheRemedyIsNamed() throws IOException {
    write("sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n");
    assertTrue(String.valueOf(MemoryFacts.of(root).get("large pages")).contains("echo madvise >"));
  }
}
