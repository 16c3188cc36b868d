package dev.jebena.benchmarks.model;

import java.util.List;

/**
 * Sizes of a Llama model whose head is its token embedding.
 *
 * @param hidden columns of the residual stream
 * @param headDim columns of a head
 * @param context tokens that the model says it was trained for
 */
public record LlamaShape(
    String name, int layers, int hidden, int feedForward, int heads, int kvHeads, int headDim, int vocabulary, int context,
    double ropeBase, String preTokenizer) {

  public static final LlamaShape SMOLLM2_135M =
      new LlamaShape("smollm2-135m", 30, 576, 1536, 9, 3, 64, 49_152, 8192, 100_000, "smollm");
  public static final LlamaShape LLAMA_3_2_1B =
      new LlamaShape("llama-3.2-1b", 16, 2048, 8192, 32, 8, 64, 128_256, 131_072, 500_000, "llama-bpe");
  /** Small enough for a test; every size is a multiple of 256, so that every type fits. */
  public static final LlamaShape TINY = new LlamaShape("tiny", 2, 256, 512, 8, 4, 32, 512, 2048, 10_000, "llama-bpe");

  public static final List<LlamaShape> PRESETS = List.of(SMOLLM2_135M, LLAMA_3_2_1B, TINY);

  public LlamaShape {
    for (int size : new int[] {layers, hidden, feedForward, heads, kvHeads, headDim, context}) {
      if (size < 1) {
        throw new IllegalArgumentException("a size of the shape is " + size + ": use 1 or more");
      }
    }
    if (heads % kvHeads != 0) {
      throw new IllegalArgumentException(heads + " query heads over " + kvHeads + " KV heads: use a multiple");
    }
    if (vocabulary < RandomVocabulary.SMALLEST || vocabulary > RandomVocabulary.LARGEST) {
      throw new IllegalArgumentException(
          "a vocabulary of " + vocabulary + ": use " + RandomVocabulary.SMALLEST + " to " + RandomVocabulary.LARGEST);
    }
  }

  /** The preset of a name. */
  public static LlamaShape preset(String name) {
    return PRESETS.stream()
        .filter(shape -> shape.name.equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(
            "there is no shape '" + name + "': use one of " + PRESETS.stream().map(LlamaShape::name).toList()));
  }

  LlamaShape withLayers(int value) {
    return new LlamaShape(name, value, hidden, feedForward, heads, kvHeads, headDim, vocabulary, context, ropeBase, preTokenizer);
  }

  LlamaShape withHidden(int value) {
    return new LlamaShape(name, layers, value, feedForward, heads, kvHeads, headDim, vocabulary, context, ropeBase, preTokenizer);
  }

  LlamaShape withFeedForward(int value) {
    return new LlamaShape(name, layers, hidden, value, heads, kvHeads, headDim, vocabulary, context, ropeBase, preTokenizer);
  }

  LlamaShape withHeads(int query, int keyValue, int columns) {
    return new LlamaShape(name, layers, hidden, feedForward, query, keyValue, columns, vocabulary, context, ropeBase, preTokenizer);
  }

  LlamaShape withVocabulary(int value) {
    return new LlamaShape(name, layers, hidden, feedForward, heads, kvHeads, headDim, value, context, ropeBase, preTokenizer);
  }
}
