package dev.jebena.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.jebena.engine.model.Model;
import dev.jebena.models.Models;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** A real model's golden tokens on a real GPU; {@code benchmarks/gpu-day} asks for it. */
@EnabledIfSystemProperty(named = "jebena.cuda.device", matches = "real", disabledReason = "needs a GPU: benchmarks/gpu-day runs it")
class RealDeviceGoldenTest {

  private static final int PROMPT = 4;
  private static final int TOKENS = 50;

  @Test
  void storiesGiveTheGoldenTokens() throws IOException {
    int[] golden = GoldenOnDevicesTest.golden();
    try (Model model = Models.open(GoldenOnDevicesTest.RESOURCES.resolve("stories260K-f32.gguf"))) {
      assertArrayEquals(
          Arrays.copyOfRange(golden, PROMPT, PROMPT + TOKENS),
          GoldenOnDevicesTest.tokens(model, new CudaBackendProvider(), Arrays.copyOf(golden, PROMPT), TOKENS, 1));
    }
  }
}
