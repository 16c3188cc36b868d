package dev.jebena.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** Random {@code tokenizer.json} files: each has components of every kind with random settings, around a small random vocabulary. */
final class RandomTokenizerFile {

  private static final String[] ALPHABET = {
    "a", "b", "e", "l", "o", "t", "H", "T", "\u00e9", "e\u0301", "\u0130", "\ufb01", "1", "2", "\u00bd", ".", ",", "'", "-", " ", "  ", "\t", "\n", "_",
    "\u2581", "\u0120", "\u4e2d", "\u3042", "\u30fc", "\u05d0", "\ud83d\ude00", "\u200b", "\u3000", "<", ">", "s", "\u0001", "\u0301", "\u00ad"
  };

  private static final String[] PATTERNS = {
    "\\\\s+", "\\\\p{L}+", "[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}{1,2}", "l+|(?i:t|E)", "\\\\s+(?!\\\\S)|\\\\s+$", "(?:ab|a|b)+?o", "[a-o&&[^e]]", "\\\\d|\\\\W",
    "'(?=t)", "(?<=a)b", "\\\\w+|[^\\\\w\\\\s]+", "x*"
  };

  private final Random random;
  private Set<String> known = Set.of();

  RandomTokenizerFile(Random random) {
    this.random = random;
  }

  String text() {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(14); i > 0; i--) {
      int kind = random.nextInt(10);
      text.append(kind == 0 ? pick("<s>", "</s>", "[X]", "ab", "<0x41>", "un", "\ud83d\ude00") : pick(ALPHABET));
    }
    return text.toString();
  }

  String json() {
    String model = model();
    StringBuilder json = new StringBuilder("{\"version\":\"1.0\",\"truncation\":null,\"padding\":null");
    json.append(",\"added_tokens\":").append(added());
    json.append(",\"normalizer\":").append(random.nextInt(3) == 0 ? "null" : normalizer(2));
    json.append(",\"pre_tokenizer\":").append(random.nextInt(4) == 0 ? "null" : preTokenizer(2));
    json.append(",\"post_processor\":").append(random.nextInt(4) == 0 ? "null" : postProcessor(1));
    json.append(",\"decoder\":").append(random.nextInt(6) == 0 ? "null" : decoder(2));
    return json.append(",\"model\":").append(model).append('}').toString();
  }

  private String pick(String... choices) {
    return choices[random.nextInt(choices.length)];
  }

  private String flag() {
    return String.valueOf(random.nextBoolean());
  }

  private static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    text.chars().forEach(c -> json.append(c < ' ' || c > '~' || c == '"' || c == '\\' ? "\\u%04x".formatted(c) : String.valueOf((char) c)));
    return json.append('"').toString();
  }

  private String added() {
    List<String> tokens = new ArrayList<>();
    int created = 0;
    String[] contents = {"<s>", "</s>", "[X]", "ab", "H", "\ud83d\ude00", "\u00e9l"};
    for (int i = 0; i < contents.length; i++) {
      if (i < 2 || random.nextInt(3) == 0) {
        tokens.add(
            "{\"id\":" + (known.contains(contents[i]) ? 0 : known.size() + created++) + ",\"content\":" + quoted(contents[i]) + ",\"single_word\":" + (i >= 2 && random.nextInt(3) == 0) + ",\"lstrip\":"
                + (random.nextInt(3) == 0) + ",\"rstrip\":" + (random.nextInt(3) == 0) + ",\"normalized\":" + (i >= 2 && random.nextBoolean())
                + ",\"special\":" + (i < 2 || random.nextBoolean()) + "}");
      }
    }
    return tokens.toString();
  }

  private String sequence(String type, String list, java.util.function.IntFunction<String> part) {
    List<String> parts = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      parts.add(part.apply(0));
    }
    return "{\"type\":\"" + type + "\",\"" + list + "\":" + parts + "}";
  }

  private String pattern() {
    return random.nextBoolean() ? "{\"String\":" + quoted(pick(" ", "a", "\u2581", "--", "e\u0301", "l")) + "}" : "{\"Regex\":\"" + pick(PATTERNS) + "\"}";
  }

  private String normalizer(int depth) {
    return switch (random.nextInt(depth > 0 ? 12 : 11)) {
      case 0 -> "{\"type\":\"" + pick("NFC", "NFD", "NFKC", "NFKD") + "\"}";
      case 1 -> "{\"type\":\"Lowercase\"}";
      case 2 -> "{\"type\":\"StripAccents\"}";
      case 3 -> "{\"type\":\"Strip\",\"strip_left\":" + flag() + ",\"strip_right\":" + flag() + "}";
      case 4 -> "{\"type\":\"Nmt\"}";
      case 5 -> "{\"type\":\"Prepend\",\"prepend\":" + quoted(pick("\u2581", "a", "x-")) + "}";
      case 6, 7 -> "{\"type\":\"Replace\",\"pattern\":" + pattern() + ",\"content\":" + quoted(pick("\u2581", " ", "", "lo", "\u00e9")) + "}";
      case 8 ->
          "{\"type\":\"BertNormalizer\",\"clean_text\":" + flag() + ",\"handle_chinese_chars\":" + flag() + ",\"strip_accents\":"
              + pick("null", "true", "false") + ",\"lowercase\":" + flag() + "}";
      case 9 -> "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"" + charsMap() + "\"}";
      case 10 -> "{\"type\":\"ByteLevel\"}";
      default -> sequence("Sequence", "normalizers", i -> normalizer(0));
    };
  }

  private String preTokenizer(int depth) {
    return switch (random.nextInt(depth > 0 ? 14 : 12)) {
      case 0 ->
          "{\"type\":\"ByteLevel\",\"add_prefix_space\":" + flag() + ",\"trim_offsets\":" + flag() + ",\"use_regex\":" + flag() + "}";
      case 1, 2 ->
          "{\"type\":\"Split\",\"pattern\":" + pattern() + ",\"behavior\":\"" + behavior() + "\",\"invert\":" + flag() + "}";
      case 3 -> "{\"type\":\"Digits\",\"individual_digits\":" + flag() + "}";
      case 4, 5 ->
          "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\",\"prepend_scheme\":\"" + pick("always", "never", "first") + "\",\"split\":" + flag() + "}";
      case 6 -> "{\"type\":\"Whitespace\"}";
      case 7 -> "{\"type\":\"WhitespaceSplit\"}";
      case 8 -> "{\"type\":\"Punctuation\",\"behavior\":\"" + behavior() + "\"}";
      case 9 -> "{\"type\":\"BertPreTokenizer\"}";
      case 10 -> "{\"type\":\"UnicodeScripts\"}";
      case 11 -> "{\"type\":\"CharDelimiterSplit\",\"delimiter\":" + quoted(pick("a", "\u2581", "\u4e2d")) + "}";
      default -> sequence("Sequence", "pretokenizers", i -> preTokenizer(0));
    };
  }

  private String behavior() {
    return pick("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous");
  }

  private String postProcessor(int depth) {
    int begins = known.size();
    int finishes = begins + 1;
    String ends = "\"sep\":[\"</s>\"," + finishes + "],\"cls\":[\"<s>\"," + begins + "]";
    return switch (random.nextInt(depth > 0 ? 5 : 4)) {
      case 0 -> "{\"type\":\"BertProcessing\"," + ends + "}";
      case 1 -> "{\"type\":\"RobertaProcessing\"," + ends + ",\"trim_offsets\":" + flag() + ",\"add_prefix_space\":" + flag() + "}";
      case 2 -> "{\"type\":\"ByteLevel\",\"add_prefix_space\":" + flag() + ",\"trim_offsets\":" + flag() + ",\"use_regex\":true}";
      case 3 -> {
        String begin = "{\"SpecialToken\":{\"id\":\"<s>\",\"type_id\":" + random.nextInt(2) + "}},";
        String end = ",{\"SpecialToken\":{\"id\":\"</s>\",\"type_id\":" + random.nextInt(2) + "}}";
        String a = "{\"Sequence\":{\"id\":\"A\",\"type_id\":" + random.nextInt(2) + "}}";
        String b = "{\"Sequence\":{\"id\":\"B\",\"type_id\":" + random.nextInt(2) + "}}";
        yield "{\"type\":\"TemplateProcessing\",\"single\":[" + begin + a + (random.nextBoolean() ? end : "") + "],\"pair\":[" + begin + a + end + ","
            + b + (random.nextBoolean() ? end : "") + "],\"special_tokens\":{\"<s>\":{\"id\":\"<s>\",\"ids\":[" + begins + "],\"tokens\":[\"<s>\"]},"
            + "\"</s>\":{\"id\":\"</s>\",\"ids\":[" + finishes + "],\"tokens\":[\"</s>\"]}}}";
      }
      default -> "{\"type\":\"Sequence\",\"processors\":[" + "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":" + flag()
          + ",\"use_regex\":true}," + postProcessor(0) + "]}";
    };
  }

  /** The library does not survive a Strip that takes more than a token has. */
  private String decoder(int depth) {
    return switch (random.nextInt(depth > 0 ? 12 : 9)) {
      case 0 -> "{\"type\":\"ByteLevel\",\"add_prefix_space\":" + flag() + ",\"trim_offsets\":true,\"use_regex\":true}";
      case 1 -> "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":" + flag() + "}";
      case 2 -> "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\",\"prepend_scheme\":\"" + pick("always", "never", "first") + "\",\"split\":true}";
      case 3 -> "{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"}";
      case 4 -> "{\"type\":\"CTC\",\"pad_token\":\"l\",\"word_delimiter_token\":\"\u2581\",\"cleanup\":" + flag() + "}";
      case 5 -> "{\"type\":\"ByteFallback\"}";
      case 6 -> "{\"type\":\"Fuse\"}";
      case 7 -> "{\"type\":\"Strip\",\"content\":" + quoted(pick("\u2581", "a", " ")) + ",\"start\":" + (depth > 0 ? 1 : 0)
          + ",\"stop\":0}";
      case 8 -> "{\"type\":\"Replace\",\"pattern\":" + pattern() + ",\"content\":" + quoted(pick(" ", "", "xy")) + "}";
      default -> sequence("Sequence", "decoders", i -> decoder(0));
    };
  }

  /** A compiled rule: one character, and what it becomes. */
  private String charsMap() {
    String[][] rules = {{"\ufb01", "fi"}, {"\u3000", " "}, {"e\u0301", "\u00e9"}, {"\u2581", "_"}};
    String[] rule = rules[random.nextInt(rules.length)];
    byte[] key = rule[0].getBytes(StandardCharsets.UTF_8);
    // a node's children lie at its base, changed by their byte
    int[] units = new int[2048];
    units[0] = 256 << 10;
    for (int i = 0; i < key.length; i++) {
      int place = 256 * (i + 1) ^ key[i] & 0xFF;
      int next = 256 * (i + 2);
      boolean last = i == key.length - 1;
      units[place] = (place ^ next) << 10 | key[i] & 0xFF | (last ? 1 << 8 : 0);
      units[next] = last ? 1 << 31 : 0;
    }
    byte[] text = (rule[1] + "\0").getBytes(StandardCharsets.UTF_8);
    ByteBuffer map = ByteBuffer.allocate(4 + 4 * units.length + text.length).order(ByteOrder.LITTLE_ENDIAN).putInt(4 * units.length);
    for (int unit : units) {
      map.putInt(unit);
    }
    return Base64.getEncoder().encodeToString(map.put(text).array());
  }

  private String model() {
    return switch (random.nextInt(6)) {
      case 0, 1, 2 -> bpe();
      case 3 -> unigram();
      case 4 -> wordPiece();
      default -> wordLevel();
    };
  }

  private Set<String> characters() {
    Set<String> tokens = new LinkedHashSet<>();
    boolean complete = random.nextBoolean();
    for (String entry : ALPHABET) {
      entry.codePoints().mapToObj(Character::toString).filter(c -> complete || random.nextInt(5) > 0).forEach(tokens::add);
    }
    return tokens;
  }

  private String vocabulary(Iterable<String> tokens) {
    Map<String, Integer> ids = new LinkedHashMap<>();
    tokens.forEach(token -> ids.putIfAbsent(token, ids.size()));
    known = ids.keySet();
    StringBuilder json = new StringBuilder("{");
    ids.forEach((token, id) -> json.append(json.length() == 1 ? "" : ",").append(quoted(token)).append(':').append(id));
    return json.append('}').toString();
  }

  private String bpe() {
    boolean bytes = random.nextBoolean();
    String prefix = random.nextInt(5) == 0 ? "##" : "";
    String suffix = random.nextInt(5) == 0 ? "</w>" : "";
    List<String> tokens = new ArrayList<>();
    tokens.add("<unk>");
    if (bytes) {
      for (int b = 0; b < 256; b++) {
        tokens.add(ByteAlphabet.spelling(new byte[] {(byte) b}));
      }
    } else {
      tokens.addAll(characters());
    }
    for (String token : List.copyOf(tokens)) {
      if (!prefix.isEmpty() && random.nextInt(4) > 0) {
        tokens.add(prefix + token);
      }
      if (!suffix.isEmpty() && random.nextInt(4) > 0) {
        tokens.add(token + suffix);
      }
    }
    boolean byteTokens = random.nextInt(3) == 0;
    if (byteTokens) {
      for (int b = random.nextInt(4) == 0 ? 128 : 0; b < 256; b++) {
        tokens.add(ByteTokens.spelling(b));
      }
    }
    Set<String> spelled = new LinkedHashSet<>(tokens);
    List<String> merges = new ArrayList<>();
    Set<String> seen = new LinkedHashSet<>();
    boolean pairs = random.nextBoolean();
    for (int i = 0; i < 60; i++) {
      String left = tokens.get(1 + random.nextInt(tokens.size() - 1));
      String right = tokens.get(1 + random.nextInt(tokens.size() - 1));
      if (bytes) {
        left = random.nextInt(3) == 0 ? left : pick("a", "b", "e", "l", "o", "t", "\u0120", "\u00c3", "\u00a9", "1", ".");
        right = random.nextInt(3) == 0 ? right : pick("a", "b", "e", "l", "o", "t", "\u0120", "\u00a9", "2", ".");
      }
      boolean byteForms = left.startsWith("<0x") || right.startsWith("<0x");
      if (byteForms || !prefix.isEmpty() && !right.startsWith(prefix) || !pairs && (left + right).contains(" ") || !spelled.contains(left) || !spelled.contains(right)) {
        continue;
      }
      String result = left + right.substring(prefix.length());
      if (seen.add(left + "\0" + right)) {
        if (spelled.add(result)) {
          tokens.add(result);
        }
        merges.add(pairs ? "[" + quoted(left) + "," + quoted(right) + "]" : quoted(left + " " + right));
      }
    }
    return "{\"type\":\"BPE\",\"dropout\":" + pick("null", "0.0") + ",\"unk_token\":" + pick("null", "\"<unk>\"") + ",\"continuing_subword_prefix\":"
        + (prefix.isEmpty() ? pick("null", "\"\"") : quoted(prefix)) + ",\"end_of_word_suffix\":" + (suffix.isEmpty() ? pick("null", "\"\"") : quoted(suffix))
        + ",\"fuse_unk\":" + flag() + ",\"byte_fallback\":" + (byteTokens || random.nextInt(4) == 0) + ",\"ignore_merges\":" + flag() + ",\"vocab\":"
        + vocabulary(tokens) + ",\"merges\":" + merges + "}";
  }

  private String unigram() {
    Set<String> pieces = new LinkedHashSet<>(List.of("<unk>"));
    pieces.addAll(characters());
    List<String> all = new ArrayList<>(pieces);
    for (int i = 0; i < 40; i++) {
      pieces.add(all.get(1 + random.nextInt(all.size() - 1)) + all.get(1 + random.nextInt(all.size() - 1)));
    }
    boolean byteTokens = random.nextInt(3) == 0;
    if (byteTokens) {
      for (int b = 0; b < 256; b++) {
        pieces.add(ByteTokens.spelling(b));
      }
    }
    List<String> json = new ArrayList<>();
    for (String piece : pieces) {
      json.add("[" + quoted(piece) + "," + (json.isEmpty() ? "0.0" : String.valueOf(-1 - 9 * random.nextDouble())) + "]");
    }
    known = pieces;
    return "{\"type\":\"Unigram\",\"unk_id\":0,\"byte_fallback\":" + byteTokens + ",\"vocab\":" + json + "}";
  }

  private String wordPiece() {
    Set<String> tokens = new LinkedHashSet<>(List.of("<unk>"));
    for (String c : characters()) {
      tokens.add(c);
      if (random.nextInt(5) > 0) {
        tokens.add("##" + c);
      }
    }
    List<String> all = new ArrayList<>(tokens);
    for (int i = 0; i < 40; i++) {
      String second = all.get(1 + random.nextInt(all.size() - 1));
      tokens.add(all.get(1 + random.nextInt(all.size() - 1)) + (second.startsWith("##") ? second.substring(2) : second));
    }
    return "{\"type\":\"WordPiece\",\"unk_token\":\"<unk>\",\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":" + (2 + random.nextInt(9))
        + ",\"vocab\":" + vocabulary(tokens) + "}";
  }

  private String wordLevel() {
    Set<String> tokens = new LinkedHashSet<>(List.of("<unk>"));
    tokens.addAll(characters());
    List<String> all = new ArrayList<>(tokens);
    for (int i = 0; i < 60; i++) {
      tokens.add(all.get(random.nextInt(all.size())) + all.get(random.nextInt(all.size())));
    }
    return "{\"type\":\"WordLevel\",\"unk_token\":\"<unk>\",\"vocab\":" + vocabulary(tokens) + "}";
  }
}
