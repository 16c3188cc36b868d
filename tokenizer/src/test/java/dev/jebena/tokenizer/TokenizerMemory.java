package dev.jebena.tokenizer;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Prints what tokenizers hold, a line each: the source's name, bytes of heap, and bytes of the vocabulary's text, which is the spellings of tokens with an id
 * or a score for each and the merges, or the file where that is nothing else. In a process of its own with a collector that counts exactly.
 */
final class TokenizerMemory {

  private static final int COPIES = 4;

  private interface Load {
    Tokenizer get() throws IOException;
  }

  private TokenizerMemory() {}

  /** Measures the sources in the folder of data that the argument names. */
  public static void main(String[] arguments) throws IOException {
    Path data = Path.of(arguments[0]);
    for (String name : List.of("llama3", "qwen3", "mistral-7b-v0.1", "all-minilm-l6-v2")) {
      Path file = data.resolve("tokenizers").resolve(name).resolve("tokenizer.json");
      print(name + "/tokenizer.json", text(Json.read(file).at("model")), () -> Tokenizers.fromHuggingFace(file));
    }
    for (String name : List.of("gpt-2", "deepseek-llm", "llama-spm", "bert-bge")) {
      GgufVocabulary source = GgufVocabularyFile.read(data.resolve("gguf-vocab").resolve("ggml-vocab-" + name + ".gguf"));
      long text = source.tokens().stream().mapToLong(token -> bytes(token) + Integer.BYTES).sum()
          + source.merges().stream().mapToLong(TokenizerMemory::bytes).sum()
          + (long) Float.BYTES * source.scores().length;
      print(name + ".gguf", text, () -> Tokenizers.fromGguf(source));
    }
    for (String name : List.of("llama2_bpe", "open_llama_bpe", "sp_test_ja_unigram")) {
      Path file = data.resolve("sentencepiece").resolve(name + ".model");
      print(name + ".model", Files.size(file), () -> Tokenizers.fromFile(file, TokenizerOptions.NONE));
    }
    Path ranks = rankFile(data.resolve("tokenizers").resolve("llama3").resolve("tokenizer.json"));
    print("llama3.tiktoken", Files.size(ranks), () -> Tokenizers.fromFile(ranks, TokenizerOptions.NONE));
    Files.delete(ranks);
  }

  private static Path rankFile(Path json) throws IOException {
    Map<?, ?> vocabulary = Json.read(json).at("model").at("vocab").map();
    String[] tokens = new String[vocabulary.size()];
    vocabulary.forEach((token, id) -> tokens[((Number) id).intValue()] = String.valueOf(token));
    StringBuilder lines = new StringBuilder();
    for (int rank = 0; rank < tokens.length; rank++) {
      lines.append(Base64.getEncoder().encodeToString(ByteAlphabet.bytes(tokens[rank]))).append(' ').append(rank).append('\n');
    }
    return Files.writeString(Files.createTempDirectory("ranks").resolve("llama3.tiktoken"), lines);
  }

  private static void print(String name, long text, Load load) throws IOException {
    @Nullable Tokenizer[] held = new @Nullable Tokenizer[COPIES + 1];
    for (int i = 0; i <= COPIES; i++) {
      held[i] = load.get();
    }
    long with = used();
    // one stays, and with it what all of them share
    Arrays.fill(held, 0, COPIES, null);
    long heap = (with - used()) / COPIES;
    Reference.reachabilityFence(held);
    System.out.println(name + " " + heap + " " + text);
  }

  private static long used() {
    System.gc();
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private static long bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  private static long text(Json model) {
    long text = model.at("vocab").map().keySet().stream().mapToLong(token -> bytes(String.valueOf(token)) + Integer.BYTES).sum();
    Json merges = model.at("merges");
    return text + (merges.isNull() ? 0 : merges.list().stream().mapToLong(merge -> bytes(String.valueOf(merge.value()))).sum());
  }
}
