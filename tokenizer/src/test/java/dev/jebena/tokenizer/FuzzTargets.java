package dev.jebena.tokenizer;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import dev.jebena.tokenizer.template.ChatTemplates;
import dev.jebena.tokenizer.template.TemplateException;
import dev.jebena.tokenizer.template.TemplateLimits;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the fuzzer runs: whatever the bytes are, a tokenizer comes of them that works, or a {@link TokenizerException}. */
public final class FuzzTargets {

  private static final String TEXT = "Hello, w\u00f6rld's 123  \n\u4e2d\u6587 \ud83d\ude00 <s> \u2581a";

  private FuzzTargets() {}

  private static void use(Tokenizer tokenizer) {
    try {
      for (EncodeOptions options : List.of(EncodeOptions.PROMPT, EncodeOptions.PLAIN)) {
        int[] ids = tokenizer.encode(TEXT, options);
        tokenizer.encodeWithOffsets(TEXT, options, Truncation.NONE);
        String whole = tokenizer.decode(ids, DecodeOptions.AS_CONFIGURED);
        StreamDecoder stream = tokenizer.streamDecoder(DecodeOptions.AS_CONFIGURED);
        StringBuilder streamed = new StringBuilder();
        for (int id : ids) {
          streamed.append(stream.append(id));
        }
        if (!whole.contentEquals(streamed.append(stream.finish()))) {
          throw new IllegalStateException("'" + whole + "' was streamed as '" + streamed + "'");
        }
      }
    } catch (TokenizerException e) {
      // a vocabulary may lack what the text needs
    }
  }

  /** The target of {@code tokenizer.json}. */
  public static final class TokenizerJson {
    public static void fuzzerTestOneInput(byte[] data) {
      try {
        use(HuggingFaceLoader.load(Json.parse(data, "fuzz"), Json.root(null, "config")));
      } catch (TokenizerException e) {
        // refused
      }
    }
  }

  /** The target of SentencePiece's files. */
  public static final class SentencePieceModel {
    public static void fuzzerTestOneInput(byte[] data) {
      try {
        use(SentencePieceLoader.load(data, null));
      } catch (TokenizerException e) {
        // refused
      }
    }
  }

  /** The target of rank files; the first byte chooses the encoding. */
  public static final class RankFile {
    public static void fuzzerTestOneInput(byte[] data) {
      TiktokenEncoding[] encodings = TiktokenEncoding.values();
      try {
        TiktokenEncoding encoding = encodings[data.length == 0 ? 0 : (data[0] & 0xFF) % encodings.length];
        use(TiktokenLoader.load(data, encoding, Json.root(null, "config")));
      } catch (TokenizerException e) {
        // refused
      }
    }
  }

  /** The target of the vocabularies in GGUF files. */
  public static final class GgufVocabularies {
    public static void fuzzerTestOneInput(FuzzedDataProvider data) {
      String model = data.pickValue(new String[] {"gpt2", "gemma4", "llama", "bert", "t5", "rwkv"});
      String pre = data.pickValue(GgufPreTokenizers.names().toArray(String[]::new));
      Map<String, Object> settings = new HashMap<>();
      for (String id : List.of("bos_token_id", "eos_token_id", "unknown_token_id", "seperator_token_id", "cls_token_id")) {
        if (data.consumeBoolean()) {
          settings.put(id, (long) data.consumeInt(-1, 40));
        }
      }
      for (String flag : List.of("add_bos_token", "add_eos_token", "add_space_prefix", "remove_extra_whitespaces", "normalizer.lowercase")) {
        if (data.consumeBoolean()) {
          settings.put(flag, data.consumeBoolean());
        }
      }
      if (data.consumeBoolean()) {
        settings.put("precompiled_charsmap", data.consumeBytes(200));
      }
      List<String> tokens = new ArrayList<>(List.of("a", "\u2581", "<s>", "<0x0A>", "l", "ll"));
      int count = data.consumeInt(0, 40);
      for (int i = 0; i < count; i++) {
        tokens.add(data.consumeString(6));
      }
      List<String> merges = new ArrayList<>();
      for (int i = data.consumeInt(0, 8); i > 0; i--) {
        merges.add(tokens.get(data.consumeInt(0, tokens.size() - 1)) + " " + tokens.get(data.consumeInt(0, tokens.size() - 1)));
      }
      float[] scores = new float[data.consumeBoolean() ? tokens.size() : 0];
      int[] types = new int[data.consumeBoolean() ? tokens.size() : 0];
      for (int i = 0; i < scores.length; i++) {
        scores[i] = data.consumeFloat();
      }
      for (int i = 0; i < types.length; i++) {
        types[i] = data.consumeInt(0, 7);
      }
      try {
        use(Tokenizers.fromGguf(new GgufVocabulary(model, Optional.of(pre), tokens, scores, types, merges, settings)));
      } catch (TokenizerException e) {
        // refused
      }
    }
  }

  /** The target of chat templates: they render within their limits, or are refused. */
  public static final class TemplateSource {
    private static final TemplateLimits LIMITS = new TemplateLimits(200_000, 100_000, 1_000_000, 100, Duration.ofSeconds(5));
    private static final Map<String, Object> VARIABLES =
        Map.of("messages", List.of(Map.of("role", "user", "content", TEXT), Map.of("role", "assistant", "content", "")), "tools", List.of());

    public static void fuzzerTestOneInput(byte[] data) {
      try {
        ChatTemplates.compile(new String(data, StandardCharsets.UTF_8), LIMITS).render(VARIABLES, Clock.systemUTC());
      } catch (TemplateException e) {
        // refused
      }
    }
  }

  /** What to begin with, so that the fuzzer need not find the formats out. */
  static Map<String, byte[]> seeds() {
    String json = "{\"added_tokens\":[{\"id\":3,\"content\":\"<s>\",\"special\":true,\"lstrip\":true}],\"normalizer\":{\"type\":\"NFC\"},\"pre_tokenizer\":{\"type\":"
        + "\"Split\",\"pattern\":{\"Regex\":\"\\\\s+(?!\\\\S)|\\\\p{L}+\"},\"behavior\":\"Isolated\"},\"model\":{\"type\":\"BPE\",\"vocab\":{\"l\":0,\"o\":1,\"lo\":2},"
        + "\"merges\":[\"l o\"]},\"decoder\":{\"type\":\"ByteLevel\"}}";
    byte[] model = {0x0A, 0x0E, 0x0A, 5, '<', 'u', 'n', 'k', '>', 0x15, 0, 0, 0, 0, 0x18, 2, 0x0A, 8, 0x0A, 1, 'a', 0x15, 0, 0, 0, 0, 0x12, 2, 0x18, 2};
    String template = "{%- set ns = namespace(x=0) -%}{% for m in messages if m.role != 'system' %}{{ loop.index ~ m['content'][1:]|trim }}"
        + "{% set ns.x = ns.x + 1 %}{% else %}{{ '%5.1f' % (1, ) }}{% endfor %}{% macro f(a, b=2) %}{{ caller() }}{% endmacro %}{# c #}";
    return Map.of(
        "TokenizerJson", json.getBytes(StandardCharsets.UTF_8),
        "SentencePieceModel", model,
        "RankFile", "YQ== 0\nYg== 1\nYWI= 2\n".getBytes(StandardCharsets.US_ASCII),
        "GgufVocabularies", new byte[200],
        "TemplateSource", template.getBytes(StandardCharsets.UTF_8));
  }
}
