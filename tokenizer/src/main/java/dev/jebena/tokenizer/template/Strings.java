package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Strings as Python sees them: sequences of code points, with Python's notions of white space, lines and case. */
final class Strings {

  private static final String LINE_ENDS = "\n\r\u000B\f\u001C\u001D\u001E\u0085\u2028\u2029";

  private Strings() {}

  /** Each code point as a string. */
  static List<@Nullable Object> characters(String text) {
    List<@Nullable Object> characters = new ArrayList<>(text.length());
    for (int i = 0; i < text.length(); ) {
      int point = text.codePointAt(i);
      characters.add(Character.toString(point));
      i += Character.charCount(point);
    }
    return characters;
  }

  static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  /** What Python takes for white space. */
  static boolean isSpace(int c) {
    return c == ' ' || c >= 0x09 && c <= 0x0D || c >= 0x1C && c <= 0x1F || c == 0x85 || c >= 0xA0 && Character.isSpaceChar(c);
  }

  static String stripEnd(String text) {
    int to = text.length();
    while (to > 0 && isSpace(text.charAt(to - 1))) {
      to--;
    }
    return text.substring(0, to);
  }

  static boolean isDecimal(int c) {
    return Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER;
  }

  static boolean isDigit(int c) {
    return isDecimal(c) || "\u00B2\u00B3\u00B9".indexOf(c) >= 0 || c >= 0x2070 && c <= 0x2079 && Character.getType(c) == Character.OTHER_NUMBER
        || c >= 0x2080 && c <= 0x2089 || c >= 0x2460 && c <= 0x2468 || c >= 0x2474 && c <= 0x247C || c >= 0x2488 && c <= 0x2490;
  }

  static boolean isNumeric(int c) {
    int type = Character.getType(c);
    return type == Character.DECIMAL_DIGIT_NUMBER || type == Character.LETTER_NUMBER || type == Character.OTHER_NUMBER
        || "\u3007\u4E00\u4E8C\u4E09\u56DB\u4E94\u516D\u4E03\u516B\u4E5D\u5341\u767E\u5343\u4E07\u5104\u4EBF\u842C\u5146".indexOf(c) >= 0;
  }

  static boolean isWord(int c) {
    return c == '_' || Character.isLetter(c) || isNumeric(c);
  }

  static boolean isCased(int c) {
    return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
  }

  /** What {@code repr} writes as it is. */
  static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
          Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }

  static String upper(String text) {
    return text.toUpperCase(Locale.ROOT);
  }

  static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  /** A character as it begins a title, which may be more than one. */
  static String titleCase(int c) {
    if (Character.toTitleCase(c) != c || !Character.isLowerCase(c)) {
      return Character.toString(Character.toTitleCase(c));
    }
    String upper = upper(Character.toString(c));
    return length(upper) > 1 ? upper.substring(0, 1) + lower(upper.substring(1)) : upper;
  }

  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.offsetByCodePoints(0, 1);
    return titleCase(text.codePointAt(0)) + lower(text).substring(lower(text.substring(0, first)).length());
  }

  static List<@Nullable Object> lines(String text, boolean keepEnds) {
    List<@Nullable Object> lines = new ArrayList<>();
    int at = 0;
    while (at < text.length()) {
      int end = at;
      while (end < text.length() && LINE_ENDS.indexOf(text.charAt(end)) < 0) {
        end++;
      }
      int next = end == text.length() ? end : text.startsWith("\r\n", end) ? end + 2 : end + 1;
      lines.add(text.substring(at, keepEnds ? next : end));
      at = next;
    }
    return lines;
  }
}
