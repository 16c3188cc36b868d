package dev.jebena.tokenizer.template;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Filters over strings. */
final class TextFilters {

  private TextFilters() {}

  static void addTo(Map<String, Filter> filters) {
    converting(filters, "upper", Strings::upper);
    converting(filters, "lower", Strings::lower);
    converting(filters, "capitalize", Strings::capitalize);
    plain(filters, "title", TextFilters::title);
    plain(filters, "striptags", Html::stripTags);
    filters.put("string", (value, arguments, run) -> {
      arguments.positionalOnly("string", 0, 0);
      return value instanceof Markup ? value : PythonText.str(value);
    });
    for (String name : new String[] {"escape", "e", "forceescape"}) {
      filters.put(name, (value, arguments, run) -> {
        arguments.positionalOnly(name, 0, 0);
        return new Markup(name.equals("forceescape") ? Markup.escape(PythonText.str(value)) : Markup.escaped(value));
      });
    }
    filters.put("safe", (value, arguments, run) -> {
      arguments.positionalOnly("safe", 0, 0);
      return new Markup(PythonText.str(value));
    });
    filters.put("trim", (value, arguments, run) -> {
      Object chars = Arguments.or(arguments.bind("trim", 0, "chars")[0], null);
      String set = chars == null ? null : Arguments.text("strip arg", chars);
      return kept(value, text -> StringMethods.strip(text, set, true, true));
    });
    filters.put("center", (value, arguments, run) -> {
      long width = Arguments.integer(arguments.bind("center", 0, "width")[0], 80);
      return kept(value, text -> StringMethods.justify(text, "center", width, " ", run.budget));
    });
    filters.put("replace", (value, arguments, run) -> replace(value, arguments, run.budget));
    filters.put("indent", (value, arguments, run) -> indent(value, arguments, run));
    filters.put("truncate", (value, arguments, run) -> truncate(value, arguments, run));
    filters.put("wordcount", (value, arguments, run) -> {
      arguments.positionalOnly("wordcount", 0, 0);
      return wordcount(PythonText.str(value));
    });
    filters.put("wordwrap", (value, arguments, run) -> wordwrap(value, arguments, run.budget));
    filters.put("format", (value, arguments, run) -> format(value, arguments, run));
    filters.put("urlencode", (value, arguments, run) -> {
      arguments.positionalOnly("urlencode", 0, 0);
      return urlencode(value, run.budget);
    });
    filters.put("xmlattr", (value, arguments, run) -> Html.attributes(value, arguments));
    filters.put("pprint", (value, arguments, run) -> {
      arguments.positionalOnly("pprint", 0, 0);
      return PrettyPrint.format(value, run.budget);
    });
  }

  private static void plain(Map<String, Filter> filters, String name, UnaryOperator<String> convert) {
    filters.put(name, (value, arguments, run) -> {
      arguments.positionalOnly(name, 0, 0);
      String text = PythonText.str(value);
      run.budget.builds(text.length());
      return convert.apply(text);
    });
  }

  /** Adds a filter that leaves markup markup. */
  private static void converting(Map<String, Filter> filters, String name, UnaryOperator<String> convert) {
    filters.put(name, (value, arguments, run) -> {
      arguments.positionalOnly(name, 0, 0);
      return kept(value, text -> {
        run.budget.builds(text.length());
        return convert.apply(text);
      });
    });
  }

  private static Object kept(@Nullable Object value, UnaryOperator<String> convert) {
    String result = convert.apply(PythonText.str(value));
    return value instanceof Markup ? new Markup(result) : result;
  }

  /** Words begin after spaces, hyphens and opening brackets. */
  private static String title(String text) {
    StringBuilder out = new StringBuilder();
    int at = 0;
    while (at < text.length()) {
      int end = at;
      while (end < text.length() && isBorder(text.charAt(end))) {
        end++;
      }
      out.append(text, at, end);
      at = end;
      while (end < text.length() && !isBorder(text.charAt(end))) {
        end++;
      }
      if (end > at) {
        int first = text.offsetByCodePoints(at, 1);
        out.append(Strings.upper(text.substring(at, first))).append(Strings.lower(text.substring(first, end)));
      }
      at = end;
    }
    return out.toString();
  }

  private static boolean isBorder(char c) {
    return Strings.isSpace(c) || "-({[<".indexOf(c) >= 0;
  }

  private static Object replace(@Nullable Object value, Arguments arguments, Budget budget) {
    @Nullable Object[] given = arguments.bind("replace", 2, "old", "new", "count");
    long count = given[2] == Values.MISSING || given[2] == null ? -1 : Arguments.integer(given[2]);
    return StringMethods.replace(PythonText.str(value), PythonText.str(given[0]), PythonText.str(given[1]), count, budget);
  }

  private static Object indent(@Nullable Object value, Arguments arguments, Run run) {
    @Nullable Object[] given = arguments.bind("indent", 0, "width", "first", "blank");
    String width = Values.text(given[0]);
    String indentation = width != null ? width : Operators.repeat(" ", Arguments.integer(given[0], 4), run.budget);
    boolean blank = Values.isTrue(Arguments.or(given[2], false));
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    String text = Arguments.text("the value to indent", value);
    List<@Nullable Object> lines = Strings.lines(text + "\n", false);
    StringBuilder out = new StringBuilder(Values.isTrue(Arguments.or(given[1], false)) ? indentation : "");
    for (int i = 0; i < lines.size(); i++) {
      String line = PythonText.str(lines.get(i));
      out.append(i == 0 ? "" : "\n").append(i > 0 && (blank || !line.isEmpty()) ? indentation : "").append(line);
      run.budget.writes(out.length());
    }
    run.budget.builds(out.length());
    return value instanceof Markup ? new Markup(out.toString()) : out.toString();
  }

  private static @Nullable Object truncate(@Nullable Object value, Arguments arguments, Run run) {
    @Nullable Object[] given = arguments.bind("truncate", 0, "length", "killwords", "end", "leeway");
    long length = Arguments.integer(given[0], 255);
    String end = Arguments.text("the end", Arguments.or(given[2], "..."));
    long leeway = given[3] == Values.MISSING || given[3] == null ? 5 : Arguments.integer(given[3]);
    if (length < Strings.length(end)) {
      throw new Failure("expected length >= " + Strings.length(end) + ", got " + length);
    }
    if (leeway < 0) {
      throw new Failure("expected leeway >= 0, got " + leeway);
    }
    if (Values.length(value) <= length + leeway) {
      return value;
    }
    String text = Arguments.text("the value to truncate", value);
    String cut = text.substring(0, text.offsetByCodePoints(0, (int) (length - Strings.length(end))));
    run.budget.builds(cut.length());
    int space = Values.isTrue(Arguments.or(given[1], false)) ? -1 : cut.lastIndexOf(' ');
    String shortened = (space < 0 ? cut : cut.substring(0, space)) + end;
    return value instanceof Markup ? new Markup(shortened) : shortened;
  }

  private static long wordcount(String text) {
    long count = 0;
    boolean inWord = false;
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      boolean word = Strings.isWord(text.codePointAt(i));
      count += word && !inWord ? 1 : 0;
      inWord = word;
    }
    return count;
  }

  private static String wordwrap(@Nullable Object value, Arguments arguments, Budget budget) {
    @Nullable Object[] given = arguments.bind("wordwrap", 0, "width", "break_long_words", "wrapstring", "break_on_hyphens");
    Object separator = given[2] == Values.MISSING || given[2] == null ? "\n" : given[2];
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    String text = Arguments.text("the value to wrap", value);
    if (text.isEmpty()) {
      return "";
    }
    TextWrap wrap = new TextWrap(
        given[0] instanceof BigInteger ? Long.MAX_VALUE : Arguments.integer(given[0], 79), Values.isTrue(Arguments.or(given[1], true)), Values.isTrue(Arguments.or(given[3], true)), budget);
    List<@Nullable Object> paragraphs = new ArrayList<>();
    for (Object line : Strings.lines(text, false)) {
      paragraphs.add(String.join(Arguments.text("wrapstring", separator), wrap.wrap(PythonText.str(line))));
    }
    return StringMethods.join(Arguments.text("wrapstring", separator), paragraphs, budget);
  }

  private static @Nullable Object format(@Nullable Object value, Arguments arguments, Run run) {
    if (!arguments.positional().isEmpty() && !arguments.named().isEmpty()) {
      throw new Failure("can't handle positional and keyword arguments at the same time");
    }
    Object values = arguments.named().isEmpty() ? new Tuple(arguments.positional()) : arguments.named();
    return Operators.apply(Operators.Binary.MODULO, value instanceof Markup ? value : PythonText.str(value), values, run);
  }

  private static String urlencode(@Nullable Object value, Budget budget) {
    if (Values.text(value) != null || !Values.isIterable(value)) {
      return quote(PythonText.str(value), "/");
    }
    Iterator<@Nullable Object> pairs = value instanceof Map<?, ?> map
        ? new DictView(map, DictView.Part.ITEMS).items().iterator()
        : Values.iterator(value);
    List<@Nullable Object> parts = new ArrayList<>();
    while (pairs.hasNext()) {
      List<@Nullable Object> pair = Values.items(pairs.next(), budget);
      if (pair.size() != 2) {
        throw new Failure("a query is made of pairs; one has " + pair.size() + " items");
      }
      String key = quote(PythonText.str(pair.get(0)), "");
      parts.add((key + "=" + quote(PythonText.str(pair.get(1)), "")).replace("%20", "+"));
    }
    return StringMethods.join("&", parts, budget);
  }

  private static String quote(String text, String safe) {
    StringBuilder out = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xFF);
      boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || "_.-~".indexOf(c) >= 0 || safe.indexOf(c) >= 0);
      out.append(plain ? String.valueOf(c) : String.format("%%%02X", b & 0xFF));
    }
    return out.toString();
  }
}
