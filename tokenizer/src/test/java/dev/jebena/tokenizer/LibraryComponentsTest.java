package dev.jebena.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.AssertionFailedError;

/**
 * Compares with Hugging Face's own library on random {@code tokenizer.json} files. {@code -Djebena.fuzz.files=} says how many, {@code
 * -Djebena.fuzz.seed=} repeats a run.
 */
class LibraryComponentsTest {

  private static final int TEXTS = 30;
  private static final int MOST_SHOWN = 10;

  @TempDir
  private Path folder;

  private int refused;

  @Test
  void componentsOfEveryKindDoWhatTheLibrarysDo() throws IOException {
    System.setProperty("ai.djl.offline", "true");
    // the library ends the process on some files: these are known not to be among them
    long seed = Long.getLong("jebena.fuzz.seed", 1);
    int files = Integer.getInteger("jebena.fuzz.files", 300);
    List<String> differences = new ArrayList<>();
    for (int i = 0; i < files && differences.size() < MOST_SHOWN; i++) {
      try {
        compare(seed + i);
      } catch (AssertionFailedError e) {
        differences.add(e.getMessage());
      }
    }
    System.out.println(files + " files from seed " + seed + ", " + TEXTS + " texts each; texts that have no tokens in their vocabulary: " + refused);
    assertEquals("", String.join("\n", differences));
  }

  private void compare(long seed) throws IOException {
    RandomTokenizerFile source = new RandomTokenizerFile(new Random(seed));
    String json = source.json();
    Path file = Files.writeString(folder.resolve("tokenizer.json"), json);
    Tokenizer ours = Tokenizers.fromHuggingFace(file);
    try (HuggingFaceTokenizer library = HuggingFaceTokenizer.newInstance(file, Map.of("truncation", "false", "padding", "false"))) {
      for (int i = 0; i < TEXTS; i++) {
        String text = source.text();
        String second = source.text();
        String what = "'" + text + "', seed " + seed + ", " + json;
        try {
          compare(text, second, ours, library, what);
        } catch (TokenizerException e) {
          refused++;
        }
      }
    }
  }

  private static void compare(String text, String second, Tokenizer ours, HuggingFaceTokenizer library, String what) {
    ai.djl.huggingface.tokenizers.Encoding expected = library.encode(text, true, false);
    Encoding encoding = ours.encodeWithOffsets(text, EncodeOptions.PROMPT, Truncation.NONE);
    assertIds(expected.getIds(), encoding.ids(), what);
    assertIds(expected.getIds(), ours.encode(text, EncodeOptions.PROMPT), what);
    assertIds(library.encode(text, false, false).getIds(), ours.encode(text, EncodeOptions.TEMPLATE), what);
    assertIds(expected.getTypeIds(), encoding.typeIds(), "types of " + what);
    ai.djl.huggingface.tokenizers.Encoding pair = library.encode(text, second, true, false);
    Encoding ourPair = ours.encodePair(text, second, EncodeOptions.PROMPT, Truncation.NONE);
    assertIds(pair.getIds(), ourPair.ids(), "and '" + second + "', " + what);
    assertIds(pair.getTypeIds(), ourPair.typeIds(), "types of the pair with '" + second + "', " + what);
    int[] ids = encoding.ids();
    assertEquals(library.decode(expected.getIds(), false), ours.decode(ids, DecodeOptions.KEEP_SPECIALS), () -> "decoded " + Arrays.toString(ids) + " of " + what);
    assertEquals(library.decode(expected.getIds(), true), ours.decode(ids, DecodeOptions.SKIP_SPECIALS), () -> "decoded without specials: " + Arrays.toString(ids) + " of " + what);
    assertEquals(ours.decode(ids, DecodeOptions.SKIP_SPECIALS), streamed(ours, ids), () -> "streamed " + Arrays.toString(ids) + " of " + what);
  }

  private static String streamed(Tokenizer tokenizer, int[] ids) {
    StreamDecoder stream = tokenizer.streamDecoder(DecodeOptions.SKIP_SPECIALS);
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(stream.append(id));
    }
    return text.append(stream.finish()).toString();
  }

  private static void assertIds(long[] expected, int[] actual, String what) {
    assertEquals(Arrays.toString(expected), Arrays.toString(actual), what);
  }
}
