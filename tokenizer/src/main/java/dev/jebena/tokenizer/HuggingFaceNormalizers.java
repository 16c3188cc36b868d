package dev.jebena.tokenizer;

import java.text.BreakIterator;
import java.text.Normalizer;
import java.util.Base64;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The normalizers of {@code tokenizer.json}. */
final class HuggingFaceNormalizers {

  private HuggingFaceNormalizers() {}

  /** The normalizer that the file describes, null if it has none. */
  static @Nullable UnaryOperator<AlignedText> read(Json json) {
    return json.isNull() ? null : one(json);
  }

  private static UnaryOperator<AlignedText> one(Json json) {
    String type = json.at("type").string();
    return switch (type) {
      case "Sequence" -> {
        UnaryOperator<AlignedText> all = text -> text;
        for (Json part : json.at("normalizers").list()) {
          UnaryOperator<AlignedText> before = all;
          UnaryOperator<AlignedText> next = one(part);
          all = text -> next.apply(before.apply(text));
        }
        yield all;
      }
      case "NFC", "NFD", "NFKC", "NFKD" -> {
        Normalizer.Form form = Normalizer.Form.valueOf(type);
        yield text -> NormalForms.normalize(text, form);
      }
      case "Lowercase" -> HuggingFaceNormalizers::lower;
      case "StripAccents" -> text -> filter(text, c -> !ReferenceUnicode.isMark(c));
      case "Strip" -> {
        boolean left = json.at("strip_left").flag(true);
        boolean right = json.at("strip_right").flag(true);
        yield text -> strip(text, left, right);
      }
      case "Nmt" -> HuggingFaceNormalizers::nmt;
      case "Prepend" -> {
        String prefix = json.at("prepend").string();
        yield text -> prepend(text, prefix);
      }
      case "Replace" -> {
        TextPattern pattern = TextPattern.read(json.at("pattern"));
        String content = json.at("content").string();
        yield text -> replace(text, pattern, content);
      }
      case "ByteLevel" -> text -> text.text().isEmpty() ? text : HuggingFacePreTokenizers.spell(text, 0, text.text().length());
      case "BertNormalizer" -> BertNormalizer.read(json)::normalize;
      case "Precompiled" -> precompiled(json.at("precompiled_charsmap"));
      default -> throw json.unsupported("normalizer '" + type + "'");
    };
  }

  static AlignedText lower(AlignedText source) {
    String text = source.text();
    AlignedText.Rewriter out = source.new Rewriter(source.text().length());
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      int next = i + Character.charCount(c);
      out.put(ReferenceUnicode.lower(c), i, next);
      i = next;
    }
    return out.done();
  }

  static AlignedText filter(AlignedText source, IntPredicate kept) {
    String text = source.text();
    AlignedText.Rewriter out = source.new Rewriter(source.text().length());
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      int next = i + Character.charCount(c);
      if (kept.test(c)) {
        out.keep(i, next);
      }
      i = next;
    }
    return out.done();
  }

  private static AlignedText strip(AlignedText source, boolean left, boolean right) {
    String text = source.text();
    int from = 0;
    int to = text.length();
    while (left && from < to && ReferenceUnicode.isSpace(text.charAt(from))) {
      from++;
    }
    while (right && from < to && ReferenceUnicode.isSpace(text.charAt(to - 1))) {
      to--;
    }
    if (from == 0 && to == text.length()) {
      return source;
    }
    AlignedText.Rewriter out = source.new Rewriter(source.text().length());
    out.keep(from, to);
    return out.done();
  }

  private static AlignedText nmt(AlignedText source) {
    String text = source.text();
    AlignedText.Rewriter out = source.new Rewriter(source.text().length());
    for (int i = 0; i < text.length(); i++) {
      int c = text.charAt(i);
      boolean dropped = c >= 1 && c <= 8 || c == 0xB || c >= 0xE && c <= 0x1F || c == 0x7F || c == 0x8F || c == 0x9F;
      boolean space =
          switch (c) {
            case 9, 0xA, 0xC, 0xD, 0x1680, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD -> true;
            default -> c >= 0x200B && c <= 0x200F;
          };
      if (space) {
        out.put(" ", i, i + 1);
      } else if (!dropped) {
        int next = Character.isHighSurrogate((char) c) ? i + 2 : i + 1;
        out.keep(i, next);
        i = next - 1;
      }
    }
    return out.done();
  }

  static AlignedText prepend(AlignedText source, String prefix) {
    String text = source.text();
    if (text.isEmpty()) {
      return source;
    }
    AlignedText.Rewriter out = source.new Rewriter(source.text().length());
    out.put(prefix, 0, Character.charCount(text.codePointAt(0)));
    out.keep(0, text.length());
    return out.done();
  }

  /** What replaces a match stands for the last character of it; in an empty text nothing is found. */
  static AlignedText replace(AlignedText source, TextPattern pattern, String content) {
    String text = source.text();
    if (text.isEmpty()) {
      return source;
    }
    AlignedText.Rewriter out = source.new Rewriter(source.text().length());
    pattern.find(text, 0, text.length(), (from, to, matched) -> {
      if (!matched) {
        out.keep(from, to);
      } else {
        out.put(content, to == 0 ? 0 : text.offsetByCodePoints(to, -1), to == 0 ? 0 : to);
      }
    });
    return out.done();
  }

  /** Grapheme clusters of less than six bytes are looked up as a whole, then characters by themselves; the shortest rule counts. */
  private static UnaryOperator<AlignedText> precompiled(Json json) {
    if (json.string("").isEmpty()) {
      return text -> text;
    }
    CharsMap rules;
    try {
      rules = CharsMap.read(Base64.getDecoder().decode(json.string()));
    } catch (IllegalArgumentException e) {
      throw new TokenizerException(json.place() + " is not Base64: " + e.getMessage(), e);
    }
    return source -> {
      String text = source.text();
      AlignedText.Rewriter out = source.new Rewriter(source.text().length());
      BreakIterator clusters = BreakIterator.getCharacterInstance(Locale.ROOT);
      clusters.setText(text);
      int from = 0;
      for (int to = clusters.next(); to != BreakIterator.DONE; to = clusters.next()) {
        if (to - from >= 6 || !lookUp(rules, text, from, to, 5, out)) {
          for (int i = from; i < to; ) {
            int next = i + Character.charCount(text.codePointAt(i));
            if (!lookUp(rules, text, i, next, 4, out)) {
              out.keep(i, next);
            }
            i = next;
          }
        }
        from = to;
      }
      return out.done();
    };
  }

  private static boolean lookUp(CharsMap rules, String text, int from, int to, int maxBytes, AlignedText.Rewriter out) {
    byte[] utf8 = Utf8.encode(text.substring(from, to));
    CharsMap.Match match = rules.match(utf8, 0, utf8.length, CharsMap.Prefix.SHORTEST);
    if (utf8.length > maxBytes || match.length() == 0) {
      return false;
    }
    String replacement = rules.replacement(match);
    // character for character as far as both go
    int at = from;
    for (int i = 0; i < replacement.length(); ) {
      int next = i + Character.charCount(replacement.codePointAt(i));
      out.put(replacement.substring(i, next), at, at + Character.charCount(text.codePointAt(at)));
      int following = at + Character.charCount(text.codePointAt(at));
      at = following < to ? following : at;
      i = next;
    }
    return true;
  }
}
