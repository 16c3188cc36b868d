package dev.jebena.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SmolLmPromptConformanceTest {

  @Test
  void promptIdsEqualTheGolden() throws IOException {
    Path folder = ConformanceData.require("models/smollm2-135m-instruct");
    Tokenizer tokenizer = Tokenizers.fromGguf(GgufVocabularyFile.read(folder.resolve("SmolLM2-135M-Instruct.Q4_1.gguf")));
    int compared = 0;
    for (String line : Files.readAllLines(folder.resolve("golden.jsonl"))) {
      String prompt = null;
      String text = null;
      int[] ids = null;
      int[] greedy = null;
      String greedyText = null;
      try (JsonParser json = new JsonFactory().createParser(line)) {
        json.nextToken();
        while (json.nextToken() != JsonToken.END_OBJECT) {
          String field = json.currentName();
          json.nextToken();
          switch (field) {
            case "prompt" -> prompt = json.getText();
            case "text" -> text = json.getText();
            case "prompt_ids", "ids" -> ids = ints(json);
            case "greedy_ids" -> greedy = ints(json);
            case "greedy_text" -> greedyText = json.getText();
            default -> json.skipChildren();
          }
        }
      }
      assertArrayEquals(ids, tokenizer.encode(prompt != null ? prompt : text, EncodeOptions.TEMPLATE), line.substring(0, 80));
      if (greedy != null) {
        String all = tokenizer.decode(greedy, DecodeOptions.SKIP_SPECIALS);
        assertEquals(greedyText.replaceAll("<\\|im_end\\|>$", ""), all);
      }
      compared++;
    }
    System.out.println("SmolLM2 prompts: " + compared + " compared");
  }

  private static int[] ints(JsonParser json) throws IOException {
    IntStream.Builder values = IntStream.builder();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      values.add(json.getIntValue());
    }
    return values.build().toArray();
  }
}
