package dev.jebena.benchmarks.peers;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.LlamaOutput;
import de.kherud.llama.ModelParameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** llama.cpp as the binding's own library has it, built for any x86-64 machine. */
public final class LlamaBinding {

  private LlamaBinding() {}

  /** Takes the model, the prompt's file, and how many tokens of prompt and of answer, and threads. */
  public static void main(String[] arguments) throws IOException {
    String prompt = Files.readString(Path.of(arguments[1]));
    int generated = Integer.parseInt(arguments[3]);
    int threads = Integer.parseInt(arguments[4]);
    ModelParameters parameters = new ModelParameters().setModel(arguments[0]).setThreads(threads).setThreadsBatch(threads)
        .setCtxSize(Integer.parseInt(arguments[2]) + generated + 64).setBatchSize(2048).setUbatchSize(512).setGpuLayers(0);
    try (LlamaModel model = new LlamaModel(parameters)) {
      int promptTokens = model.encode(prompt).length;
      run(model, prompt, 8);
      double[] times = run(model, prompt, generated);
      Figures.print("pp" + arguments[2], promptTokens, times[0]);
      Figures.print("tg" + arguments[3], times[2], times[1]);
      System.out.flush();
      // the library's threads do not end when the model is closed
      Runtime.getRuntime().halt(0);
    }
  }

  /** Seconds to the first token, seconds after it, and tokens after it. */
  private static double[] run(LlamaModel model, String prompt, int generated) {
    InferenceParameters parameters = new InferenceParameters(prompt)
        .setTemperature(0).setNPredict(generated).setCachePrompt(false).setIgnoreEos(true);
    long start = System.nanoTime();
    long first = 0;
    int tokens = 0;
    for (LlamaOutput output : model.generate(parameters)) {
      if (first == 0) {
        first = System.nanoTime();
      } else if (!output.text.isEmpty()) {
        tokens++;
      }
    }
    return new double[] {(first - start) / 1e9, (System.nanoTime() - first) / 1e9, Math.max(tokens, generated - 1)};
  }
}
