package dev.jebena.tokenizer;

import java.text.Normalizer;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** The normalizers of {@code tokenizer.json}. */
final class HuggingFaceNormalizers {
  private static final Pattern MARKS = Pattern.compile("\\p{Mn}");

  private HuggingFaceNormalizers() {}

  static UnaryOperator<String> read(Json json) {
    if (json.isNull()) {
      return text -> text;
    }
    String type = json.at("type").string();
    return switch (type) {
      case "Sequence" -> {
        UnaryOperator<String> all = text -> text;
        for (Json part : json.at("normalizers").list()) {
          UnaryOperator<String> before = all;
          UnaryOperator<String> next = read(part);
          all = text -> next.apply(before.apply(text));
        }
        yield all;
      }
      case "NFC" -> text -> Normalizer.normalize(text, Normalizer.Form.NFC);
      case "NFD" -> text -> Normalizer.normalize(text, Normalizer.Form.NFD);
      case "NFKC" -> text -> Normalizer.normalize(text, Normalizer.Form.NFKC);
      case "NFKD" -> text -> Normalizer.normalize(text, Normalizer.Form.NFKD);
      case "Lowercase" -> HuggingFaceNormalizers::lower;
      case "StripAccents" -> text -> MARKS.matcher(text).replaceAll("");
      case "Prepend" -> {
        String prefix = json.at("prepend").string();
        yield text -> text.isEmpty() ? text : prefix + text;
      }
      case "Replace" -> {
        String pattern = json.at("pattern").at("String").isNull() ? "" : json.at("pattern").at("String").string();
        String content = json.at("content").string();
        if (pattern.isEmpty()) {
          throw json.unsupported("a Replace normalizer with a regular expression");
        }
        yield text -> text.replace(pattern, content);
      }
      case "BertNormalizer" -> bert(json);
      default -> throw json.unsupported("normalizer '" + type + "'");
    };
  }

  private static String lower(String text) {
    // each character apart: a final sigma is not a special case here
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints().forEach(c -> out.append(c < 128 ? Character.toString(Character.toLowerCase(c)) : Character.toString(c).toLowerCase(Locale.ROOT)));
    return out.toString();
  }

  private static UnaryOperator<String> bert(Json json) {
    boolean clean = json.at("clean_text").flag(true);
    boolean pad = json.at("handle_chinese_chars").flag(true);
    boolean lower = json.at("lowercase").flag(true);
    boolean strip = json.at("strip_accents").flag(lower);
    return text -> {
      StringBuilder out = new StringBuilder(text.length());
      text.codePoints().forEach(c -> cleanAndPad(c, clean, pad, out));
      String result = out.toString();
      if (strip) {
        result = MARKS.matcher(Normalizer.normalize(result, Normalizer.Form.NFD)).replaceAll("");
      }
      return lower ? lower(result) : result;
    };
  }

  private static void cleanAndPad(int c, boolean clean, boolean pad, StringBuilder out) {
    if (clean) {
      if (isSpace(c)) {
        out.append(' ');
        return;
      }
      int type = Character.getType(c);
      if (c == 0xFFFD || type == Character.CONTROL || type == Character.FORMAT || type == Character.PRIVATE_USE) {
        return;
      }
    }
    if (pad && isIdeograph(c)) {
      out.append(' ').appendCodePoint(c).append(' ');
    } else {
      out.appendCodePoint(c);
    }
  }

  /** Unicode's White_Space. */
  static boolean isSpace(int c) {
    return c >= 9 && c <= 13 || c == 0x85 || Character.isSpaceChar(c);
  }

  private static boolean isIdeograph(int c) {
    return c >= 0x4E00 && c <= 0x9FFF || c >= 0x3400 && c <= 0x4DBF || c >= 0x20000 && c <= 0x2A6DF || c >= 0x2A700 && c <= 0x2B73F
        || c >= 0x2B740 && c <= 0x2B81F || c >= 0x2B920 && c <= 0x2CEAF || c >= 0xF900 && c <= 0xFAFF || c >= 0x2F800 && c <= 0x2FA1F;
  }
}
