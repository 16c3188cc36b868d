package dev.jebena.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The vocabularies of {@code tokenizer.json} files, written in the other forms, give the same ids. */
class OtherFormsConformanceTest {

  private static GgufVocabulary asGguf(Path file, String pre) {
    Json model = Json.read(file).at("model");
    Map<String, Integer> ids = HuggingFaceModels.vocabulary(model);
    List<String> tokens = new ArrayList<>(Collections.nCopies(ids.size(), ""));
    ids.forEach((token, id) -> tokens.set(id, token));
    List<String> merges = model.at("merges").list().stream()
        .map(pair -> pair.value() instanceof String text ? text : pair.list().get(0).string() + " " + pair.list().get(1).string())
        .toList();
    return new GgufVocabulary("gpt2", Optional.of(pre), tokens, new float[0], new int[0], merges, Map.of());
  }

  private static void compare(String name, Tokenizer tokenizer) throws IOException {
    Path folder = ConformanceData.require("gguf-vocab");
    String[] texts = Files.readString(folder.resolve("ggml-vocab-" + name + ".gguf.inp")).split("\n__ggml_vocab_test__\n", -1);
    List<String> expected = Files.readAllLines(folder.resolve("ggml-vocab-" + name + ".gguf.out"));
    for (int i = 0; i < expected.size(); i++) {
      String line = expected.get(i).strip();
      int[] ids = line.isEmpty() ? new int[0] : Arrays.stream(line.split(" +")).mapToInt(Integer::parseInt).toArray();
      assertArrayEquals(ids, tokenizer.encode(texts[i], EncodeOptions.PLAIN), "text " + i + ": '" + texts[i] + "'");
    }
    System.out.println("gguf-vocab " + name + " with the vocabulary of tokenizer.json: " + expected.size() + " texts compared");
  }

  @Test
  void llama3AsGguf() throws IOException {
    compare("llama-bpe", Tokenizers.fromGguf(asGguf(ConformanceData.require("tokenizers/llama3/tokenizer.json"), "llama-bpe")));
  }

  @Test
  void qwenAsGguf() throws IOException {
    compare("qwen2", Tokenizers.fromGguf(asGguf(ConformanceData.require("tokenizers/qwen3/tokenizer.json"), "qwen2")));
  }

  @Test
  void llama3AsRankFile(@TempDir Path folder) throws IOException {
    List<String> tokens = asGguf(ConformanceData.require("tokenizers/llama3/tokenizer.json"), "llama-bpe").tokens();
    StringBuilder lines = new StringBuilder();
    for (int rank = 0; rank < tokens.size(); rank++) {
      lines.append(Base64.getEncoder().encodeToString(ByteAlphabet.bytes(tokens.get(rank)))).append(' ').append(rank).append('\n');
    }
    Path file = Files.writeString(folder.resolve("llama3.tiktoken"), lines.toString());
    compare("llama-bpe", Tokenizers.fromFile(file, TokenizerOptions.NONE));
  }
}
