package dev.jebena.benchmarks.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes a GGUF file of random weights: see {@link #USAGE}. */
public final class Main {

  private static final String USAGE =
      """
      usage: benchmarks/random-model OUT.gguf [--shape smollm2-135m|llama-3.2-1b|tiny] [--type TYPE] [--head TYPE] [--seed N]
                 [--layers N] [--hidden N] [--feed-forward N] [--heads N,N,N] [--vocabulary N]
        TYPE    F32 F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q4_K Q5_K Q6_K, or a mix: Q4_K_M Q5_K_M (Q4_0)
        --head  type of the token embedding, which is the head too (Q6_K for quantised types, Q8_0 where rows do not fill its blocks)
        --heads query heads, KV heads, columns of a head
      """;

  private Main() {}

  /** Exits with 2 after wrong usage. */
  public static void main(String[] arguments) throws IOException {
    try {
      Path path = run(arguments);
      System.out.println("wrote " + path + ", " + Files.size(path) / 1_000_000 + " MB");
    } catch (IllegalArgumentException problem) {
      System.err.println("random-model: " + problem.getMessage());
      System.err.print(USAGE);
      System.exit(2);
    }
  }

  static Path run(String[] arguments) {
    if (arguments.length % 2 == 0) {
      throw new IllegalArgumentException("a file and then options with a value each are needed");
    }
    LlamaShape shape = LlamaShape.SMOLLM2_135M;
    TypeMix types = TypeMix.of("Q4_0");
    long seed = 1;
    for (int i = 1; i < arguments.length; i += 2) {
      String value = arguments[i + 1];
      switch (arguments[i]) {
        case "--shape" -> shape = LlamaShape.preset(value);
        case "--type" -> types = TypeMix.of(value);
        case "--head" -> types = types.withHead(TypeMix.type(value));
        case "--seed" -> seed = Long.parseLong(value);
        case "--layers" -> shape = shape.withLayers(Integer.parseInt(value));
        case "--hidden" -> shape = shape.withHidden(Integer.parseInt(value));
        case "--feed-forward" -> shape = shape.withFeedForward(Integer.parseInt(value));
        case "--heads" -> shape = withHeads(shape, value.split(",", -1));
        case "--vocabulary" -> shape = shape.withVocabulary(Integer.parseInt(value));
        default -> throw new IllegalArgumentException("unknown option " + arguments[i]);
      }
    }
    Path path = Path.of(arguments[0]);
    new RandomModel(shape, types, seed).write(path);
    return path;
  }

  private static LlamaShape withHeads(LlamaShape shape, String[] numbers) {
    if (numbers.length != 3) {
      throw new IllegalArgumentException("--heads takes three numbers: query heads, KV heads, columns of a head");
    }
    return shape.withHeads(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1]), Integer.parseInt(numbers[2]));
  }
}
