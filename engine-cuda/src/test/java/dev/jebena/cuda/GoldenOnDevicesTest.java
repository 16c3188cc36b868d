package dev.jebena.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.jebena.engine.Engine;
import dev.jebena.engine.EngineConfig;
import dev.jebena.engine.GenerationRequest;
import dev.jebena.engine.Prompt;
import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.ComputeType;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.model.Model;
import dev.jebena.engine.tck.Providers;
import dev.jebena.models.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A real model on emulated devices: the tokens are the golden ones, or for quantised weights those of the reference
 * backend.
 */
class GoldenOnDevicesTest extends EmulatedTest {

  static final Path RESOURCES = Path.of("../models/src/test/resources/stories260K");
  private static final int PROMPT = 4;

  static int[] golden() throws IOException {
    Matcher ids = Pattern.compile("\"ids\"\\s*:\\s*\\[([^\\]]*)\\]").matcher(Files.readString(RESOURCES.resolve("golden.json")));
    if (!ids.find()) {
      throw new IOException("golden.json has no ids");
    }
    return Arrays.stream(ids.group(1).split(",")).map(String::strip).mapToInt(Integer::parseInt).toArray();
  }

  static int[] tokens(Model model, BackendProvider provider, int[] prompt, int count, int devices) {
    EngineConfig config = EngineConfig.builder()
        .maxContext(64).maxSequences(2).maxBatchedTokens(32).kvCacheBytes(4 << 20).tensorParallelSize(devices).build();
    try (Engine engine = Engine.loader(model).config(config).backend(provider).load()) {
      return engine.generate(GenerationRequest.builder(Prompt.tokens(prompt)).maxTokens(count).ignoreEos().build()).tokenIds();
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 24, 8", "2, 4, 6", "4, 4, 2"})
  void storiesGiveTheGoldenTokensOnDevices(int devices, int promptTokens, int count) throws IOException {
    // over 16 rows go through tensor cores
    int[] golden = golden();
    int[] prompt = Arrays.copyOf(golden, promptTokens);
    try (Model model = Models.open(RESOURCES.resolve("stories260K-f32.gguf"))) {
      assertArrayEquals(
          Arrays.copyOfRange(golden, promptTokens, promptTokens + count), tokens(model, new CudaBackendProvider(), prompt, count, devices));
    }
  }

  /** The best token of this text leads by more than the rounding. */
  @ParameterizedTest
  @CsvSource({"BF16, F32", "INT8, F32", "AUTO, FP8"})
  void storiesKeepTheirTokensInLowerPrecision(ComputeType type, KvType kvType) throws IOException {
    int[] golden = golden();
    int prompt = 24;
    int count = 8;
    EngineConfig config = EngineConfig.builder()
        .maxContext(64).maxSequences(2).maxBatchedTokens(32).kvCacheBytes(4 << 20).computeType(type).kvType(kvType).build();
    try (Model model = Models.open(RESOURCES.resolve("stories260K-q8_0.gguf"));
        Engine engine = Engine.loader(model).config(config).backend(new CudaBackendProvider()).load()) {
      int[] tokens = engine.generate(
          GenerationRequest.builder(Prompt.tokens(Arrays.copyOf(golden, prompt))).maxTokens(count).ignoreEos().build()).tokenIds();
      assertArrayEquals(Arrays.copyOfRange(golden, prompt, prompt + count), tokens);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Q4_K_M", "Q8_0"})
  void quantisedStoriesGiveTheReferencesTokens(String type) throws IOException {
    String root = System.getProperty("jebena.data", "../../shared/data");
    Path path = Path.of(root, "models/stories260K/quant/s260pad-" + type + ".gguf");
    Assumptions.assumeTrue(Files.exists(path), () -> "skipped: no conformance data at " + path + "; set jebena.data");
    int[] prompt = Arrays.copyOf(golden(), PROMPT);
    try (Model model = Models.open(path)) {
      assertArrayEquals(tokens(model, Providers.reference(), prompt, 6, 1), tokens(model, new CudaBackendProvider(), prompt, 6, 1));
    }
  }
}
