package dev.jebena.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.model.Model;
import dev.jebena.models.file.FileMappings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DamagedFileTest {

  private static final int MUTATIONS = 10_000;
  /** Beyond it lie tensors, whose bits are all allowed. */
  private static final int HEAD = 20_000;

  @TempDir Path folder;

  private static byte[] fixture() throws IOException {
    try (InputStream in = DamagedFileTest.class.getResourceAsStream("/stories260K/stories260K-q8_0.gguf")) {
      return in.readAllBytes();
    }
  }

  @Test
  void theFixtureOpens() throws IOException {
    Path file = Files.write(folder.resolve("model.gguf"), fixture());
    try (Model model = Models.open(file)) {
      assertEquals(512, model.program().vocabularySize());
      assertTrue(model.tokenizer().isPresent());
    }
  }

  @Test
  void truncatedFlippedAndLyingFilesAreRefusedOrRead() throws IOException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    byte[] valid = fixture();
    Path file = folder.resolve("model.gguf");
    int refused = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] bytes = damage(valid, random);
      Files.write(file, bytes);
      FileMappings mappings = new FileMappings();
      try (Model model = Models.open(file, ModelOptions.defaults().withMappings(mappings))) {
        model.program().weights().values().forEach(spec -> model.weights().weight(spec));
      } catch (ModelException e) {
        refused++;
        assertTrue(e.getMessage().contains("model.gguf"), e.getMessage());
      }
      assertEquals(0, mappings.openFiles(), "mutation " + i + " left its file open");
    }
    System.out.println(MUTATIONS + " damaged files, " + refused + " refused");
    assertTrue(refused > MUTATIONS / 10);
  }

  private static byte[] damage(byte[] valid, Random random) {
    int kind = random.nextInt(4);
    if (kind == 0) {
      return java.util.Arrays.copyOf(valid, random.nextInt(valid.length));
    }
    byte[] bytes = valid.clone();
    for (int times = 1 + random.nextInt(3); times > 0; times--) {
      int at = random.nextInt(Math.min(HEAD, bytes.length - 8));
      switch (kind) {
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bytes[at] = (byte) random.nextInt(256);
        default -> {
          long[] lies = {-1, 0, 1, Long.MAX_VALUE, Long.MIN_VALUE, Integer.MAX_VALUE, 1L << 32, random.nextLong()};
          ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(at, lies[random.nextInt(lies.length)]);
        }
      }
    }
    return bytes;
  }

  @Test
  void aMissingFileAndAFolderAreRefusedByName() {
    assertTrue(assertThrows(ModelException.class, () -> Models.open(folder.resolve("absent.gguf"))).getMessage().contains("absent.gguf"));
    assertThrows(ModelException.class, () -> Models.open(folder));
  }
}
