package dev.jebena.benchmarks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.Engine;
import dev.jebena.engine.GenerationRequest;
import dev.jebena.engine.Prompt;
import dev.jebena.engine.model.Model;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.models.Models;
import dev.jebena.models.file.FileMappings;
import dev.jebena.models.gguf.GgufFile;
import dev.jebena.models.gguf.GgufTensor;
import dev.jebena.tokenizer.DecodeOptions;
import dev.jebena.tokenizer.EncodeOptions;
import dev.jebena.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RandomModelTest {

  private static final int SAMPLE = 1 << 14;

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path folder;

  private Path write(String type, String... options) {
    String[] arguments = new String[5 + options.length];
    arguments[0] = folder.resolve(type + options.length + ".gguf").toString();
    arguments[1] = "--shape";
    arguments[2] = "tiny";
    arguments[3] = "--type";
    arguments[4] = type;
    System.arraycopy(options, 0, arguments, 5, options.length);
    return Main.run(arguments);
  }

  @ParameterizedTest
  @ValueSource(strings = {"F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K", "Q4_K_M"})
  void weightsOfEveryTypeHaveTheWantedSpread(String type) {
    try (GgufFile file = GgufFile.open(write(type), new FileMappings())) {
      for (GgufTensor tensor : file.tensors().values()) {
        if (tensor.dimensions().size() == 2) {
          BlockType block = tensor.type().block().orElseThrow();
          float[] values = new float[SAMPLE];
          for (int i = 0; i < SAMPLE / block.elements(); i++) {
            block.decode(tensor.data(), (long) i * block.bytes(), values, i * block.elements());
          }
          double squares = 0;
          double sum = 0;
          for (float value : values) {
            squares += (double) value * value;
            sum += value;
          }
          double wanted = 1 / Math.sqrt(tensor.dimensions().getFirst());
          assertEquals(1, Math.sqrt(squares / SAMPLE) / wanted, 0.2, tensor.name() + " " + block);
          assertEquals(0, sum / SAMPLE / wanted, 0.2, tensor.name() + " " + block);
        }
      }
    }
  }

  @Test
  void anEngineAnswersFromAMixAndItsVocabularyEncodesEveryText() {
    try (Model model = Models.open(write("Q4_K_M")); Engine engine = Engine.load(model)) {
      Tokenizer tokenizer = model.tokenizer().orElseThrow();
      String text = "Any text, \u00fcn\u00efcode \u4e16 and\ttabs\n included";
      int[] ids = tokenizer.encode(text, EncodeOptions.PLAIN);
      assertEquals(text, tokenizer.decode(ids, DecodeOptions.KEEP_SPECIALS));
      assertEquals(3, engine.generate(GenerationRequest.builder(Prompt.tokens(ids)).maxTokens(3).build()).tokens().size());
    }
  }

  @Test
  void theSameSeedGivesTheSameFileAndAnotherAnother() throws IOException {
    byte[] first = Files.readAllBytes(write("Q4_0"));
    assertArrayEquals(first, Files.readAllBytes(write("Q4_0", "--seed", "1")));
    byte[] other = Files.readAllBytes(write("Q4_0", "--seed", "2"));
    assertEquals(first.length, other.length);
    assertTrue(java.util.Arrays.mismatch(first, other) >= 0);
  }

  @Test
  void saysWhatDoesNotFit() {
    assertThrows(IllegalArgumentException.class, () -> write("Q4_7"));
    assertThrows(IllegalArgumentException.class, () -> write("Q4_0", "--heads", "3,2,64"));
    assertThrows(IllegalArgumentException.class, () -> write("Q4_0", "--hidden", "100"));
    assertThrows(IllegalArgumentException.class, () -> write("Q4_0", "--vocabulary"));
  }
}
