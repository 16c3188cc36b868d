package dev.jebena.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SentencePieceConformanceTest {

  @ParameterizedTest
  @ValueSource(strings = {"llama2_bpe", "open_llama_bpe", "sp_test_unigram", "sp_test_ja_unigram"})
  void idsEqualTheGolden(String name) throws IOException {
    Path folder = ConformanceData.require("sentencepiece");
    Tokenizer tokenizer = Tokenizers.fromFile(folder.resolve(name + ".model"), TokenizerOptions.NONE);
    String[] texts = Files.readString(folder.resolve("visible.txt")).split("\n", -1);
    List<String> goldens = Files.readAllLines(folder.resolve(name + ".visible.ids"));
    int compared = 0;
    for (String line : goldens) {
      int[] ids = line.isBlank() ? new int[0] : Arrays.stream(line.strip().split(" ")).mapToInt(Integer::parseInt).toArray();
      String text = texts[compared++];
      assertArrayEquals(ids, tokenizer.encode(text, EncodeOptions.PLAIN), "text " + compared + ": '" + text + "'");
      assertArrayEquals(ids, tokenizer.encodeWithOffsets(text, EncodeOptions.PLAIN, Truncation.NONE).ids(), "with offsets, text " + compared);
      StreamDecoder stream = tokenizer.streamDecoder(DecodeOptions.KEEP_SPECIALS);
      StringBuilder streamed = new StringBuilder();
      IntStream.of(ids).forEach(id -> streamed.append(stream.append(id)));
      assertEquals(tokenizer.decode(ids, DecodeOptions.KEEP_SPECIALS), streamed.append(stream.finish()).toString());
    }
    System.out.println("sentencepiece " + name + ": " + compared + " texts compared");
  }
}
