package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The methods of Python's {@code str}. */
final class StringMethods {

  private static final Set<String> NAMES =
      Set.of(
          "capitalize", "casefold", "center", "count", "encode", "endswith", "expandtabs", "find", "format", "format_map", "index", "isalnum",
          "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric", "isprintable", "isspace", "istitle", "isupper",
          "join", "ljust", "lower", "lstrip", "maketrans", "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust",
          "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "translate", "upper", "zfill");

  private StringMethods() {}

  static boolean has(String name) {
    return NAMES.contains(name);
  }

  static @Nullable Object call(String text, String name, Arguments arguments, Run run) {
    Budget budget = run.budget;
    budget.reads(text.length());
    return switch (name) {
      case "strip" -> strip(text, optional(name, arguments), true, true);
      case "lstrip" -> strip(text, optional(name, arguments), true, false);
      case "rstrip" -> strip(text, optional(name, arguments), false, true);
      case "split" -> SplitMethods.split(text, arguments, budget);
      case "rsplit" -> SplitMethods.rsplit(text, arguments, budget);
      case "splitlines" -> Strings.lines(text, Values.isTrue(Arguments.or(arguments.bind(name, 0, "keepends")[0], false)));
      case "startswith" -> affix(text, arguments, true);
      case "endswith" -> affix(text, arguments, false);
      case "replace" -> {
        List<@Nullable Object> given = arguments.positionalOnly(name, 2, 3);
        yield replace(
            text, Arguments.text("replace() argument 1", given.get(0)), Arguments.text("replace() argument 2", given.get(1)),
            given.size() == 3 ? Arguments.integer(given.get(2)) : -1, budget);
      }
      case "join" -> join(text, arguments.positionalOnly(name, 1, 1).get(0), budget);
      case "find", "index", "rfind", "rindex", "count" -> search(text, name, arguments);
      case "partition", "rpartition" -> SplitMethods.partition(text, one(name, arguments), name.equals("partition"));
      case "removeprefix" -> {
        String prefix = one(name, arguments);
        yield text.startsWith(prefix) ? text.substring(prefix.length()) : text;
      }
      case "removesuffix" -> {
        String suffix = one(name, arguments);
        yield text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
      }
      case "center", "ljust", "rjust" -> {
        List<@Nullable Object> given = arguments.positionalOnly(name, 1, 2);
        String fill = given.size() == 1 ? " " : Arguments.text("The fill character", given.get(1));
        if (Strings.length(fill) != 1) {
          throw new Failure("The fill character must be exactly one character long");
        }
        yield justify(text, name, Arguments.integer(given.get(0)), fill, budget);
      }
      case "zfill" -> zfill(text, Arguments.integer(arguments.positionalOnly(name, 1, 1).get(0)), budget);
      case "format" -> BraceFormat.format(text, arguments.positional(), arguments.named(), run);
      case "format_map" -> BraceFormat.formatMap(text, arguments.positionalOnly(name, 1, 1).get(0), run);
      case "expandtabs" -> expandtabs(text, Arguments.integer(arguments.bind(name, 0, "tabsize")[0], 8), budget);
      case "translate" -> translate(text, arguments.positionalOnly(name, 1, 1).get(0), budget);
      case "encode", "maketrans" -> throw new Failure("'str.encode' and 'str.maketrans' are not supported: templates have no bytes");
      default -> {
        arguments.positionalOnly(name, 0, 0);
        yield convert(text, name);
      }
    };
  }

  private static @Nullable String optional(String name, Arguments arguments) {
    List<@Nullable Object> given = arguments.positionalOnly(name, 0, 1);
    return given.isEmpty() || given.get(0) == null ? null : Arguments.text(name + " arg", given.get(0));
  }

  private static String one(String name, Arguments arguments) {
    return Arguments.text(name + "() argument", arguments.positionalOnly(name, 1, 1).get(0));
  }

  private static Object convert(String text, String name) {
    boolean any = !text.isEmpty();
    return switch (name) {
      case "upper" -> Strings.upper(text);
      case "lower" -> Strings.lower(text);
      case "casefold" -> casefold(text);
      case "capitalize" -> Strings.capitalize(text);
      case "title" -> title(text);
      case "swapcase" -> swapcase(text);
      case "isalnum" -> any && text.codePoints().allMatch(c -> Character.isLetter(c) || Strings.isNumeric(c));
      case "isalpha" -> any && text.codePoints().allMatch(Character::isLetter);
      case "isascii" -> text.chars().allMatch(c -> c < 0x80);
      case "isdecimal" -> any && text.codePoints().allMatch(Strings::isDecimal);
      case "isdigit" -> any && text.codePoints().allMatch(Strings::isDigit);
      case "isnumeric" -> any && text.codePoints().allMatch(Strings::isNumeric);
      case "isprintable" -> text.codePoints().allMatch(Strings::isPrintable);
      case "isidentifier" -> any && (Character.isUnicodeIdentifierStart(text.codePointAt(0)) || text.charAt(0) == '_')
          && text.codePoints().allMatch(c -> Character.isUnicodeIdentifierPart(c) && !Character.isIdentifierIgnorable(c));
      case "islower" -> isLower(text);
      case "isupper" -> isUpper(text);
      case "isspace" -> any && text.codePoints().allMatch(Strings::isSpace);
      case "istitle" -> isTitle(text);
      default -> throw new Failure("'str' object has no method '" + name + "'");
    };
  }

  static boolean isLower(String text) {
    return text.codePoints().anyMatch(Character::isLowerCase)
        && text.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
  }

  static boolean isUpper(String text) {
    return text.codePoints().anyMatch(Character::isUpperCase)
        && text.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
  }

  private static boolean isTitle(String text) {
    boolean cased = false;
    boolean inWord = false;
    for (int c : text.codePoints().toArray()) {
      boolean begins = Character.isUpperCase(c) || Character.isTitleCase(c);
      if (begins && inWord || !begins && Character.isLowerCase(c) && !inWord) {
        return false;
      }
      inWord = Strings.isCased(c);
      cased |= inWord;
    }
    return cased;
  }

  /** By way of upper case, which brings together what full case folding does; the dotless i stays apart. */
  private static String casefold(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints().forEach(c -> {
      if (c == '\u0131') {
        out.appendCodePoint(c);
      } else {
        Strings.upper(Strings.lower(Character.toString(c))).codePoints().forEach(upper -> out.appendCodePoint(Character.toLowerCase(upper)));
      }
    });
    return out.toString();
  }

  static String strip(String text, @Nullable String set, boolean left, boolean right) {
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
    return set == null ? Strings.isSpace(c) : set.indexOf(c) >= 0;
  }

  private static String title(String text) {
    StringBuilder out = new StringBuilder();
    boolean inWord = false;
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      int c = text.codePointAt(i);
      out.append(inWord ? Strings.lower(Character.toString(c)) : Strings.titleCase(c));
      inWord = Strings.isCased(c);
    }
    return out.toString();
  }

  private static String swapcase(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints().forEach(c -> {
      String character = Character.toString(c);
      out.append(Character.isUpperCase(c) ? Strings.lower(character) : Character.isLowerCase(c) ? Strings.upper(character) : character);
    });
    return out.toString();
  }

  private static boolean affix(String text, Arguments arguments, boolean prefix) {
    String name = prefix ? "startswith" : "endswith";
    List<@Nullable Object> given = arguments.positionalOnly(name, 1, 3);
    int length = Strings.length(text);
    int from = Slices.bound(given, 1, length, 0);
    int to = Slices.bound(given, 2, length, length);
    long start = given.size() > 1 && given.get(1) instanceof Long number ? number : 0;
    boolean outside = from > to || start > length;
    String part = outside ? "" : text.substring(text.offsetByCodePoints(0, from), text.offsetByCodePoints(0, to));
    List<@Nullable Object> options = given.get(0) instanceof Tuple tuple ? tuple.items() : given.subList(0, 1);
    for (Object option : options) {
      String affix = Values.text(option);
      if (affix == null) {
        throw new Failure(name + " first arg must be str or a tuple of str, not " + Values.typeName(option));
      }
      if (!outside && (prefix ? part.startsWith(affix) : part.endsWith(affix))) {
        return true;
      }
    }
    return false;
  }

  static String replace(String text, String old, String replacement, long most, Budget budget) {
    long limit = most < 0 ? Long.MAX_VALUE : most;
    StringBuilder out = new StringBuilder();
    int at = 0;
    long count = 0;
    if (old.isEmpty()) {
      while (count < limit && at <= text.length()) {
        out.append(replacement);
        count++;
        if (at == text.length()) {
          break;
        }
        int next = text.offsetByCodePoints(at, 1);
        out.append(text, at, next);
        at = next;
        budget.writes(out.length());
      }
    } else {
      for (int found = text.indexOf(old); found >= 0 && count < limit; found = text.indexOf(old, at)) {
        out.append(text, at, found).append(replacement);
        at = found + old.length();
        count++;
        budget.writes(out.length());
      }
      if (count == 0) {
        return text;
      }
    }
    out.append(text, at, text.length());
    budget.builds(out.length());
    return out.toString();
  }

  static String join(String separator, @Nullable Object items, Budget budget) {
    StringBuilder out = new StringBuilder();
    Iterator<@Nullable Object> iterator = Values.iterator(items);
    for (int i = 0; iterator.hasNext(); i++) {
      budget.step();
      Object item = iterator.next();
      String text = Values.text(item);
      if (text == null) {
        throw new Failure("sequence item " + i + ": expected str instance, " + Values.typeName(item) + " found");
      }
      out.append(i == 0 ? "" : separator).append(text);
      budget.writes(out.length());
    }
    budget.builds(out.length());
    return out.toString();
  }

  private static Object search(String text, String name, Arguments arguments) {
    List<@Nullable Object> given = arguments.positionalOnly(name, 1, 3);
    String wanted = Arguments.text("must be str:", given.get(0));
    int length = Strings.length(text);
    int from = Slices.bound(given, 1, length, 0);
    int to = Slices.bound(given, 2, length, length);
    boolean outside = from > to || given.size() > 1 && given.get(1) instanceof Long start && start > length;
    int begin = text.offsetByCodePoints(0, from);
    String part = outside ? "" : text.substring(begin, text.offsetByCodePoints(0, to));
    if (name.equals("count")) {
      return outside ? 0L : occurrences(part, wanted);
    }
    int at = outside ? -1 : name.startsWith("r") ? part.lastIndexOf(wanted) : part.indexOf(wanted);
    if (at < 0) {
      if (name.endsWith("index")) {
        throw new Failure("substring not found");
      }
      return -1L;
    }
    return (long) text.codePointCount(0, begin + at);
  }

  private static long occurrences(String text, String wanted) {
    if (wanted.isEmpty()) {
      return Strings.length(text) + 1L;
    }
    long count = 0;
    for (int at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length())) {
      count++;
    }
    return count;
  }

  static String justify(String text, String name, long width, String fill, Budget budget) {
    long missing = Math.max(0, width - Strings.length(text));
    budget.builds(missing + text.length());
    int count = (int) missing;
    return switch (name) {
      case "ljust" -> text + fill.repeat(count);
      case "rjust" -> fill.repeat(count) + text;
      default -> {
        // Python puts the odd one on the left when the width is odd
        int left = count / 2 + (int) (count & width & 1);
        yield fill.repeat(left) + text + fill.repeat(count - left);
      }
    };
  }

  private static String zfill(String text, long width, Budget budget) {
    String zeros = justify("", "ljust", width - Strings.length(text), "0", budget);
    boolean signed = text.startsWith("-") || text.startsWith("+");
    return signed ? text.charAt(0) + zeros + text.substring(1) : zeros + text;
  }

  private static String expandtabs(String text, long size, Budget budget) {
    StringBuilder out = new StringBuilder();
    long column = 0;
    for (int c : text.codePoints().toArray()) {
      if (c == '\t') {
        long count = size <= 0 ? 0 : size - column % size;
        budget.builds(out.length() + count);
        out.repeat(' ', (int) count);
        column += count;
      } else {
        out.appendCodePoint(c);
        column = c == '\n' || c == '\r' ? 0 : column + 1;
      }
    }
    return out.toString();
  }

  private static String translate(String text, @Nullable Object table, Budget budget) {
    StringBuilder out = new StringBuilder();
    text.codePoints().forEach(c -> {
      Object to = table instanceof Map<?, ?> map && map.containsKey((long) c) ? map.get((long) c) : Values.MISSING;
      switch (to) {
        case null -> {}
        case Long code when Character.isValidCodePoint((int) (long) code) -> out.appendCodePoint((int) (long) code);
        case String replacement -> out.append(replacement);
        default -> {
          if (to != Values.MISSING) {
            throw new Failure("character mapping must return integer, None or str");
          }
          out.appendCodePoint(c);
        }
      }
      budget.writes(out.length());
    });
    return out.toString();
  }
}
