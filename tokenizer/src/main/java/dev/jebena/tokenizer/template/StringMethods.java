package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The methods of Python's {@code str}. */
final class StringMethods {

  private static final Set<String> NAMES =
      Set.of(
          "capitalize", "casefold", "center", "count", "endswith", "expandtabs", "find", "format", "index", "isalnum", "isalpha", "isascii",
          "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric", "isspace", "istitle", "isupper", "join", "ljust", "lower", "lstrip",
          "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split",
          "splitlines", "startswith", "strip", "swapcase", "title", "upper", "zfill");

  private StringMethods() {}

  static boolean has(String name) {
    return NAMES.contains(name);
  }

  static @Nullable Object call(String text, String name, Arguments arguments, Budget budget) {
    budget.steps(text.length() / 16);
    return switch (name) {
      case "strip" -> strip(text, arguments.get(0, "chars", null), true, true);
      case "lstrip" -> strip(text, arguments.get(0, "chars", null), true, false);
      case "rstrip" -> strip(text, arguments.get(0, "chars", null), false, true);
      case "split" -> split(text, arguments);
      case "rsplit" -> rsplit(text, arguments);
      case "splitlines" -> splitlines(text, arguments.flag(0, "keepends", false));
      case "startswith" -> affix(text, arguments, true);
      case "endswith" -> affix(text, arguments, false);
      case "replace" -> replace(
          text, PythonText.str(arguments.required(0, "old")), PythonText.str(arguments.required(1, "new")),
          arguments.integer(2, "count", -1), budget);
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "casefold" -> text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
      case "capitalize" -> capitalize(text);
      case "title" -> title(text);
      case "swapcase" -> swapcase(text);
      case "join" -> join(text, arguments, budget);
      case "find", "index", "rfind", "rindex", "count" -> search(text, name, arguments);
      case "partition", "rpartition" -> partition(text, arguments.text(0, "sep", ""), name.equals("partition"));
      case "removeprefix" -> removed(text, arguments.text(0, "prefix", ""), true);
      case "removesuffix" -> removed(text, arguments.text(0, "suffix", ""), false);
      case "center" -> center(text, arguments.integer(0, "width", 0), arguments.text(1, "fillchar", " "), budget);
      case "ljust" -> text + padding(text, arguments.integer(0, "width", 0), arguments.text(1, "fillchar", " "), budget);
      case "rjust" -> padding(text, arguments.integer(0, "width", 0), arguments.text(1, "fillchar", " "), budget) + text;
      case "zfill" -> zfill(text, arguments.integer(0, "width", 0), budget);
      case "format" -> BraceFormat.format(text, arguments, budget);
      case "expandtabs" -> expandtabs(text, arguments.integer(0, "tabsize", 8), budget);
      default -> classify(text, name);
    };
  }

  private static Object classify(String text, String name) {
    boolean any = !text.isEmpty();
    return switch (name) {
      case "isalnum" -> any && text.codePoints().allMatch(c -> Character.isLetter(c) || isNumeric(c));
      case "isalpha" -> any && text.codePoints().allMatch(Character::isLetter);
      case "isascii" -> text.chars().allMatch(c -> c < 0x80);
      case "isdecimal" -> any && text.codePoints().allMatch(Character::isDigit);
      case "isdigit" -> any && text.codePoints().allMatch(c -> Character.isDigit(c) || "²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉".indexOf(c) >= 0);
      case "isnumeric" -> any && text.codePoints().allMatch(StringMethods::isNumeric);
      case "isidentifier" -> any && (Character.isUnicodeIdentifierStart(text.codePointAt(0)) || text.charAt(0) == '_')
          && text.codePoints().allMatch(c -> Character.isUnicodeIdentifierPart(c) && !Character.isIdentifierIgnorable(c));
      case "islower" -> hasCase(text) && text.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
      case "isupper" -> hasCase(text) && text.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
      case "isspace" -> any && text.codePoints().allMatch(StringMethods::isSpace);
      case "istitle" -> hasCase(text) && title(text).equals(text);
      default -> throw new TemplateException("'str' object has no method '" + name + "'");
    };
  }

  private static boolean isNumeric(int c) {
    int type = Character.getType(c);
    return type == Character.DECIMAL_DIGIT_NUMBER || type == Character.LETTER_NUMBER || type == Character.OTHER_NUMBER;
  }

  private static boolean hasCase(String text) {
    return text.codePoints().anyMatch(c -> Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c));
  }

  /** What Python takes for white space. */
  static boolean isSpace(int c) {
    return c >= 0x09 && c <= 0x0D || c >= 0x1C && c <= 0x20 || c == 0x85 || c == 0xA0 || Character.isSpaceChar(c);
  }

  static String strip(String text, @Nullable Object chars, boolean left, boolean right) {
    if (chars != null && !(chars instanceof String)) {
      throw new TemplateException("strip arg must be None or str, not " + Values.typeName(chars));
    }
    String set = (String) chars;
    int from = 0;
    int to = text.length();
    while (left && from < to && stripped(text.codePointAt(from), set)) {
      from += Character.charCount(text.codePointAt(from));
    }
    while (right && to > from && stripped(text.codePointBefore(to), set)) {
      to -= Character.charCount(text.codePointBefore(to));
    }
    return text.substring(from, to);
  }

  private static boolean stripped(int c, @Nullable String set) {
    return set == null ? isSpace(c) : set.indexOf(c) >= 0;
  }

  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.offsetByCodePoints(0, 1);
    return Character.toString(Character.toTitleCase(text.codePointAt(0))) + text.substring(first).toLowerCase(Locale.ROOT);
  }

  private static String title(String text) {
    StringBuilder out = new StringBuilder();
    boolean inWord = false;
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      int c = text.codePointAt(i);
      out.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
      inWord = Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
    }
    return out.toString();
  }

  private static String swapcase(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints().forEach(
        c -> out.appendCodePoint(Character.isUpperCase(c) ? Character.toLowerCase(c) : Character.toUpperCase(c)));
    return out.toString();
  }

  private static Object split(String text, Arguments arguments) {
    arguments.allow("sep", "maxsplit");
    Object separator = arguments.get(0, "sep", null);
    int most = arguments.integer(1, "maxsplit", -1);
    List<@Nullable Object> parts = new ArrayList<>();
    if (separator == null) {
      splitAtSpace(text, most, parts);
      return parts;
    }
    String sep = separator(separator);
    int at = 0;
    for (int found = text.indexOf(sep); found >= 0 && (most < 0 || parts.size() < most); found = text.indexOf(sep, at)) {
      parts.add(text.substring(at, found));
      at = found + sep.length();
    }
    parts.add(text.substring(at));
    return parts;
  }

  private static String separator(Object separator) {
    if (!(separator instanceof String text)) {
      throw new TemplateException("must be str or None, not " + Values.typeName(separator));
    }
    if (text.isEmpty()) {
      throw new TemplateException("empty separator");
    }
    return text;
  }

  private static void splitAtSpace(String text, int most, List<@Nullable Object> parts) {
    int at = 0;
    while (true) {
      while (at < text.length() && isSpace(text.charAt(at))) {
        at++;
      }
      if (at == text.length()) {
        return;
      }
      if (most >= 0 && parts.size() == most) {
        parts.add(text.substring(at));
        return;
      }
      int end = at;
      while (end < text.length() && !isSpace(text.charAt(end))) {
        end++;
      }
      parts.add(text.substring(at, end));
      at = end;
    }
  }

  private static Object rsplit(String text, Arguments arguments) {
    arguments.allow("sep", "maxsplit");
    Object separator = arguments.get(0, "sep", null);
    int most = arguments.integer(1, "maxsplit", -1);
    List<@Nullable Object> parts = new ArrayList<>();
    if (separator == null) {
      int end = text.length();
      while (true) {
        while (end > 0 && isSpace(text.charAt(end - 1))) {
          end--;
        }
        if (end == 0) {
          return parts;
        }
        if (most >= 0 && parts.size() == most) {
          parts.addFirst(text.substring(0, end));
          return parts;
        }
        int from = end;
        while (from > 0 && !isSpace(text.charAt(from - 1))) {
          from--;
        }
        parts.addFirst(text.substring(from, end));
        end = from;
      }
    }
    String sep = separator(separator);
    int end = text.length();
    int found = text.lastIndexOf(sep);
    while (found >= 0 && (most < 0 || parts.size() < most)) {
      parts.addFirst(text.substring(found + sep.length(), end));
      end = found;
      found = end - sep.length() < 0 ? -1 : text.lastIndexOf(sep, end - sep.length());
    }
    parts.addFirst(text.substring(0, end));
    return parts;
  }

  private static Object splitlines(String text, boolean keepEnds) {
    List<@Nullable Object> lines = new ArrayList<>();
    int at = 0;
    while (at < text.length()) {
      int end = at;
      while (end < text.length() && "\n\r\u000B\f\u001C\u001D\u001E\u0085\u2028\u2029".indexOf(text.charAt(end)) < 0) {
        end++;
      }
      int next = end == text.length() ? end : text.startsWith("\r\n", end) ? end + 2 : end + 1;
      lines.add(text.substring(at, keepEnds ? next : end));
      at = next;
    }
    return lines;
  }

  private static Object affix(String text, Arguments arguments, boolean prefix) {
    arguments.allow("prefix", "start", "end");
    String part = (String) java.util.Objects.requireNonNull(Lookups.slice(text, arguments.get(1, "start", null), arguments.get(2, "end", null), null));
    Object wanted = arguments.required(0, "prefix");
    List<@Nullable Object> options = wanted instanceof Tuple tuple ? tuple.items() : Tuple.of(wanted).items();
    for (Object option : options) {
      if (!(option instanceof String affix)) {
        throw new TemplateException(
            (prefix ? "startswith" : "endswith") + " first arg must be str or a tuple of str, not " + Values.typeName(option));
      }
      if (prefix ? part.startsWith(affix) : part.endsWith(affix)) {
        return true;
      }
    }
    return false;
  }

  static String replace(String text, String old, String replacement, int most, Budget budget) {
    if (most == 0) {
      return text;
    }
    StringBuilder out = new StringBuilder();
    int at = 0;
    int done = 0;
    if (old.isEmpty()) {
      for (int i = 0; i <= text.length() && (most < 0 || done < most); i++, done++) {
        out.append(replacement);
        if (i < text.length()) {
          out.append(text.charAt(i));
        }
        at = Math.min(i + 1, text.length());
        budget.length(out.length());
      }
      return out.append(text, at, text.length()).toString();
    }
    for (int found = text.indexOf(old); found >= 0 && (most < 0 || done < most); found = text.indexOf(old, at), done++) {
      out.append(text, at, found).append(replacement);
      budget.length(out.length());
      at = found + old.length();
    }
    return out.append(text, at, text.length()).toString();
  }

  private static String join(String separator, Arguments arguments, Budget budget) {
    StringBuilder out = new StringBuilder();
    boolean first = true;
    for (Object item : Values.items(arguments.required(0, "iterable"))) {
      if (!(item instanceof String part)) {
        throw new TemplateException("join needs strings, found " + Values.typeName(item));
      }
      out.append(first ? "" : separator).append(part);
      first = false;
      budget.length(out.length());
    }
    return out.toString();
  }

  private static Object search(String text, String name, Arguments arguments) {
    String wanted = arguments.text(0, "sub", "");
    Object from = arguments.get(1, "start", null);
    Object to = arguments.get(2, "end", null);
    String part = (String) java.util.Objects.requireNonNull(Lookups.slice(text, from, to, null));
    if (name.equals("count")) {
      if (wanted.isEmpty()) {
        return part.codePointCount(0, part.length()) + 1L;
      }
      long count = 0;
      for (int at = part.indexOf(wanted); at >= 0; at = part.indexOf(wanted, at + wanted.length())) {
        count++;
      }
      return count;
    }
    int found = name.startsWith("r") ? part.lastIndexOf(wanted) : part.indexOf(wanted);
    if (found < 0) {
      if (name.endsWith("index")) {
        throw new TemplateException("substring not found");
      }
      return -1L;
    }
    long size = text.codePointCount(0, text.length());
    long start = from instanceof Long number ? Math.max(0, Math.min(size, number < 0 ? number + size : number)) : 0;
    return start + part.codePointCount(0, found);
  }

  private static Object partition(String text, String separator, boolean first) {
    if (separator.isEmpty()) {
      throw new TemplateException("empty separator");
    }
    int at = first ? text.indexOf(separator) : text.lastIndexOf(separator);
    if (at < 0) {
      return first ? Tuple.of(text, "", "") : Tuple.of("", "", text);
    }
    return Tuple.of(text.substring(0, at), separator, text.substring(at + separator.length()));
  }

  private static String removed(String text, String affix, boolean prefix) {
    if (prefix) {
      return text.startsWith(affix) ? text.substring(affix.length()) : text;
    }
    return !affix.isEmpty() && text.endsWith(affix) ? text.substring(0, text.length() - affix.length()) : text;
  }

  private static String padding(String text, int width, String fill, Budget budget) {
    int count = Math.max(0, width - text.codePointCount(0, text.length()));
    budget.length((long) count + text.length());
    return fill.repeat(count);
  }

  static String center(String text, int width, String fill, Budget budget) {
    String all = padding(text, width, fill, budget);
    int count = all.length();
    // Python puts the odd one on the left when the width is odd
    int left = count / 2 + (count & width & 1);
    return fill.repeat(left) + text + fill.repeat(count - left);
  }

  private static String zfill(String text, int width, Budget budget) {
    String zeros = padding(text, width, "0", budget);
    boolean signed = text.startsWith("-") || text.startsWith("+");
    return signed ? text.charAt(0) + zeros + text.substring(1) : zeros + text;
  }

  private static String expandtabs(String text, int size, Budget budget) {
    StringBuilder out = new StringBuilder();
    int column = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\t') {
        int count = size <= 0 ? 0 : size - column % size;
        budget.length((long) out.length() + count);
        out.append(" ".repeat(count));
        column += count;
      } else {
        out.append(c);
        column = c == '\n' || c == '\r' ? 0 : column + 1;
      }
    }
    return out.toString();
  }

}
