package dev.jebena.benchmarks.model;

import dev.jebena.models.gguf.GgufValue;
import dev.jebena.models.gguf.GgufWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A byte-level BPE vocabulary of any size that every text can be encoded with: the 256 bytes, then pairs of bytes, then a pair and a
 * byte, in order, each with its merge; at the end a begin and an end token. Bytes are written as GPT-2's vocabulary does.
 */
final class RandomVocabulary {

  static final int SMALLEST = 258;
  static final int LARGEST = 258 + (1 << 16) + (1 << 24);

  private static final int NORMAL = 1;
  private static final int CONTROL = 3;

  private RandomVocabulary() {}

  /** Adds the vocabulary's metadata. */
  static void addTo(GgufWriter writer, int size, String preTokenizer) {
    String[] bytes = byteCharacters();
    List<String> tokens = new ArrayList<>(Arrays.asList(bytes));
    List<String> merges = new ArrayList<>();
    for (int i = 0; tokens.size() < size - 2; i++) {
      String left = i < 1 << 16 ? bytes[i >> 8] : tokens.get(256 + (i - (1 << 16) >> 8));
      String right = bytes[i & 0xFF];
      tokens.add(left + right);
      merges.add(left + " " + right);
    }
    tokens.add("<|begin|>");
    tokens.add("<|end|>");
    int[] types = new int[size];
    Arrays.fill(types, NORMAL);
    Arrays.fill(types, size - 2, size, CONTROL);
    writer.metadata("tokenizer.ggml.model", GgufValue.of("gpt2"))
        .metadata("tokenizer.ggml.pre", GgufValue.of(preTokenizer))
        .metadata("tokenizer.ggml.tokens", GgufValue.ofStrings(tokens))
        .metadata("tokenizer.ggml.token_type", GgufValue.ofInts(types))
        .metadata("tokenizer.ggml.merges", GgufValue.ofStrings(merges))
        .metadata("tokenizer.ggml.bos_token_id", GgufValue.uint32(size - 2L))
        .metadata("tokenizer.ggml.eos_token_id", GgufValue.uint32(size - 1L))
        .metadata("tokenizer.ggml.add_bos_token", GgufValue.of(false));
  }

  /** Printable bytes stand for themselves, the others for the characters from U+0100 on. */
  private static String[] byteCharacters() {
    String[] characters = new String[256];
    int next = 0x100;
    for (int i = 0; i < 256; i++) {
      boolean printable = i >= '!' && i <= '~' || i >= 0xA1 && i <= 0xAC || i >= 0xAE;
      characters[i] = Character.toString(printable ? i : next++);
    }
    return characters;
  }
}
