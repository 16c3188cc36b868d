package dev.jebena.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HuggingFaceConformanceTest {
  private record Golden(int[] ids, int added, String text) {}

  @ParameterizedTest
  @CsvSource({
    "tokenizers/all-minilm-l6-v2, minilm",
    "tokenizers/llama3, llama3",
    "tokenizers/qwen3, qwen3",
    "tokenizers/gemma3, gemma3",
    "tokenizers/mistral-7b-v0.1, mistral7b-v0.1",
    "models/stories260K/hf, stories260K"
  })
  void idsAndDecodedTextEqualTheGolden(String folder, String name) throws IOException {
    Tokenizer tokenizer = Tokenizers.fromHuggingFace(ConformanceData.require(folder));
    List<String> texts = Files.readAllLines(ConformanceData.require("tokenizer-golden/visible.texts.jsonl"));
    List<String> goldens = Files.readAllLines(ConformanceData.require("tokenizer-golden/" + name + ".visible.jsonl"));
    assertEquals(texts.size(), goldens.size());
    for (int i = 0; i < texts.size(); i++) {
      String text = read(texts.get(i)).text;
      Golden golden = read(goldens.get(i));
      String where = name + " line " + (i + 1);
      int[] ids = tokenizer.encode(text, EncodeOptions.TEMPLATE);
      assertArrayEquals(golden.ids, ids, where);
      assertEquals(golden.ids.length + golden.added, tokenizer.encode(text, EncodeOptions.PROMPT).length, where);
      assertEquals(golden.text, tokenizer.decode(ids, DecodeOptions.KEEP_SPECIALS), where);
      StreamDecoder stream = tokenizer.streamDecoder(DecodeOptions.KEEP_SPECIALS);
      StringBuilder streamed = new StringBuilder();
      IntStream.of(ids).forEach(id -> streamed.append(stream.append(id)));
      assertEquals(golden.text, streamed.append(stream.finish()).toString(), where);
    }
    System.out.println(name + ": " + texts.size() + " texts compared");
  }

  private static Golden read(String line) throws IOException {
    IntStream.Builder ids = IntStream.builder();
    int added = 0;
    String text = "";
    try (JsonParser json = new JsonFactory().createParser(line)) {
      json.nextToken();
      while (json.nextToken() != JsonToken.END_OBJECT) {
        String field = json.currentName();
        json.nextToken();
        switch (field) {
          case "text", "decoded" -> text = json.getText();
          case "n_special" -> added = json.getIntValue();
          case "ids" -> {
            while (json.nextToken() != JsonToken.END_ARRAY) {
              ids.add(json.getIntValue());
            }
          }
          default -> json.skipChildren();
        }
      }
    }
    return new Golden(ids.build().toArray(), added, text);
  }
}
