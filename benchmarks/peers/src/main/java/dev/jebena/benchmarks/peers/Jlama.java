package dev.jebena.benchmarks.peers;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.model.functions.Generator;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.safetensors.SafeTensorSupport;
import com.github.tjake.jlama.safetensors.prompt.PromptContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/** Jlama with its native kernels, 4-bit weights that it quantises itself, and 8-bit activations: its fastest way. */
public final class Jlama {

  private Jlama() {}

  /** Takes the folder of the model, the prompt's file, and how many tokens of prompt and of answer, and threads. */
  public static void main(String[] arguments) throws IOException {
    Path folder = quantised(Path.of(arguments[0]));
    String prompt = Files.readString(Path.of(arguments[1]));
    int generated = Integer.parseInt(arguments[3]);
    try (AbstractModel model = ModelSupport.loadModel(
        folder.toFile(), Files.createTempDirectory("jlama").toFile(), DType.F32, DType.I8, Optional.empty(),
        Optional.of(Integer.parseInt(arguments[4])))) {
      for (int warmUp = 0; warmUp < 2; warmUp++) {
        run(model, prompt, generated);
      }
      Generator.Response response = run(model, prompt, generated);
      Figures.print("pp" + arguments[2], response.promptTokens, response.promptTimeMs / 1e3);
      Figures.print("tg" + arguments[3], response.generatedTokens, response.generateTimeMs / 1e3);
    }
  }

  /** Quantises the model beside the folder with Jlama's own tool, once. */
  private static Path quantised(Path folder) throws IOException {
    Path target = folder.resolveSibling(folder.getFileName() + "-jlama-q4");
    if (!Files.exists(target)) {
      SafeTensorSupport.quantizeModel(folder, DType.Q4, new String[] {"norm"}, new String[0], Optional.of(target));
    }
    return target;
  }

  /** Its limit of tokens counts the prompt too. */
  private static Generator.Response run(AbstractModel model, String prompt, int generated) {
    int limit = model.getTokenizer().encode(prompt).length + 1 + generated;
    return model.generate(UUID.randomUUID(), PromptContext.of(prompt), 0, limit, (text, seconds) -> {});
  }
}
