package dev.jebena.tokenizer;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What a rank file does not say: the pattern that cuts a text, and the special tokens. Source: the models' own code. */
enum TiktokenEncoding {
  R50K(TiktokenPatterns.R50K),
  P50K(TiktokenPatterns.R50K),
  CL100K(TiktokenPatterns.CL100K),
  O200K(TiktokenPatterns.O200K),
  O200K_HARMONY(TiktokenPatterns.O200K),
  LLAMA3(TiktokenPatterns.LLAMA_3),
  LLAMA3_1(TiktokenPatterns.LLAMA_3),
  QWEN(TiktokenPatterns.QWEN),
  KIMI(TiktokenPatterns.KIMI);

  private final String pattern;

  TiktokenEncoding(String pattern) {
    this.pattern = pattern;
  }

  String pattern() {
    return pattern;
  }

  static String names() {
    return "r50k, p50k, cl100k, o200k, o200k_harmony, llama3, llama3.1, qwen, kimi";
  }

  /**
   * The encoding of that name.
   *
   * @throws TokenizerException naming those that are known
   */
  static TiktokenEncoding named(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replace("_base", "").replaceAll("[.-]", "_");
    for (TiktokenEncoding encoding : values()) {
      if (encoding.name().toLowerCase(Locale.ROOT).equals(plain)) {
        return encoding;
      }
    }
    throw new TokenizerException("pre-tokenizer '" + name + "' is not known for rank files; known are " + names());
  }

  /** The encoding that a file's name, or what lies beside it, tells. */
  static Optional<TiktokenEncoding> of(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    Optional<TiktokenEncoding> byName = ofText(name);
    if (byName.isPresent()) {
      return byName;
    }
    Path config = file.resolveSibling("tokenizer_config.json");
    if (Files.isRegularFile(config)) {
      String type = Json.read(config).at("tokenizer_class").string("").toLowerCase(Locale.ROOT);
      return type.equals("tiktokentokenizer") ? Optional.of(KIMI) : ofText(type);
    }
    Path model = file.resolveSibling("config.json");
    if (Files.isRegularFile(model)) {
      return ofText(Json.read(model).at("model_type").string("").toLowerCase(Locale.ROOT));
    }
    return Optional.empty();
  }

  private static Optional<TiktokenEncoding> ofText(String text) {
    Map<String, TiktokenEncoding> known = new LinkedHashMap<>();
    known.put("cl100k", CL100K);
    known.put("harmony", O200K_HARMONY);
    known.put("o200k", O200K);
    known.put("r50k", R50K);
    known.put("p50k", P50K);
    known.put("llama-3.1", LLAMA3_1);
    known.put("llama3.1", LLAMA3_1);
    known.put("llama-3", LLAMA3);
    known.put("llama3", LLAMA3);
    known.put("qwen", QWEN);
    known.put("kimi", KIMI);
    return known.entrySet().stream().filter(entry -> text.contains(entry.getKey())).map(Map.Entry::getValue).findFirst();
  }

  /**
   * The special tokens with their ids.
   *
   * @param ranks how many tokens the file has
   */
  Map<String, Integer> specials(int ranks) {
    Map<String, Integer> specials = new LinkedHashMap<>();
    switch (this) {
      case R50K, P50K -> specials.put("<|endoftext|>", 50256);
      case CL100K -> {
        put(specials, 100257, "<|endoftext|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>");
        specials.put("<|endofprompt|>", 100276);
      }
      case O200K -> {
        specials.put("<|endoftext|>", 199999);
        specials.put("<|endofprompt|>", 200018);
      }
      case O200K_HARMONY -> harmony(specials);
      case LLAMA3, LLAMA3_1 -> llama(specials, ranks);
      case QWEN -> {
        put(specials, ranks, "<|endoftext|>", "<|im_start|>", "<|im_end|>");
        numbered(specials, "<|extra_%d|>", 0, 205, ranks + 3);
      }
      case KIMI -> numbered(specials, "<|reserved_token_%d|>", ranks, 258, ranks);
    }
    return specials;
  }

  private static void harmony(Map<String, Integer> specials) {
    put(specials, 199998, "<|startoftext|>", "<|endoftext|>", "<|reserved_200000|>", "<|reserved_200001|>", "<|return|>", "<|constrain|>",
        "<|reserved_200004|>", "<|channel|>", "<|start|>", "<|end|>", "<|message|>", "<|reserved_200009|>", "<|reserved_200010|>",
        "<|reserved_200011|>", "<|call|>");
    numbered(specials, "<|reserved_%d|>", 200013, 1075, 200013);
    specials.put("<|endofprompt|>", 200018);
  }

  /** The last ids before 256 are reserved ones; 3.1 gave three of the reserved ids a name. */
  private void llama(Map<String, Integer> specials, int ranks) {
    List<String> names = new ArrayList<>(List.of("<|begin_of_text|>", "<|end_of_text|>"));
    boolean named = this == LLAMA3_1;
    int reserved = 0;
    for (int i = 2; i < 256; i++) {
      String name = switch (i) {
        case 4 -> named ? "<|finetune_right_pad_id|>" : "";
        case 6 -> "<|start_header_id|>";
        case 7 -> "<|end_header_id|>";
        case 8 -> named ? "<|eom_id|>" : "";
        case 9 -> "<|eot_id|>";
        case 10 -> named ? "<|python_tag|>" : "";
        default -> "";
      };
      names.add(name.isEmpty() ? "<|reserved_special_token_" + reserved++ + "|>" : name);
    }
    put(specials, ranks, names.toArray(String[]::new));
  }

  private static void put(Map<String, Integer> specials, int first, String... names) {
    for (int i = 0; i < names.length; i++) {
      specials.put(names[i], first + i);
    }
  }

  private static void numbered(Map<String, Integer> specials, String format, int number, int count, int first) {
    for (int i = 0; i < count; i++) {
      specials.put(format.replace("%d", String.valueOf(number + i)), first + i);
    }
  }
}
