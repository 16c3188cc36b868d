package dev.jebena.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufVocabularyConformanceTest {

  @ParameterizedTest
  @ValueSource(strings = {"bert-bge", "deepseek-llm", "gpt-2", "llama-spm", "mpt", "phi-3", "starcoder"})
  void encodesAsTheReferenceDoes(String name) throws IOException {
    Path folder = ConformanceData.require("gguf-vocab");
    Tokenizer tokenizer = Tokenizers.fromGguf(GgufVocabularyFile.read(folder.resolve("ggml-vocab-" + name + ".gguf")));
    String[] texts = Files.readString(folder.resolve("ggml-vocab-" + name + ".gguf.inp")).split("\n__ggml_vocab_test__\n", -1);
    List<String> expected = Files.readAllLines(folder.resolve("ggml-vocab-" + name + ".gguf.out"));
    int compared = 0;
    for (int i = 0; i < expected.size(); i++) {
      String line = expected.get(i).strip();
      int[] ids = line.isEmpty() ? new int[0] : Arrays.stream(line.split(" +")).mapToInt(Integer::parseInt).toArray();
      assertArrayEquals(ids, tokenizer.encode(texts[i], EncodeOptions.PLAIN), "text " + i + ": '" + texts[i] + "'");
      StringBuilder streamed = new StringBuilder();
      StreamDecoder decoder = tokenizer.streamDecoder(DecodeOptions.KEEP_SPECIALS);
      for (int id : ids) {
        streamed.append(decoder.append(id));
      }
      streamed.append(decoder.finish());
      assertEquals(tokenizer.decode(ids, DecodeOptions.KEEP_SPECIALS), streamed.toString(), "streamed text " + i);
      compared++;
    }
    System.out.println("gguf-vocab " + name + ": " + compared + " texts compared");
  }
}
