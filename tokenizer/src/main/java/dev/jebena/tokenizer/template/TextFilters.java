package dev.jebena.tokenizer.template;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Filters over strings. */
final class TextFilters {

  private static final Pattern WORD_START = Pattern.compile("([-\\s({\\[<]+)");
  private static final Pattern WORD = Pattern.compile("\\w+", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern MARKUP = Pattern.compile("<!--.*?-->|<[^>]*>", Pattern.DOTALL);

  private final Budget budget;

  TextFilters(Budget budget) {
    this.budget = budget;
  }

  @Nullable Object apply(String name, @Nullable Object input, Arguments arguments) {
    String text = PythonText.str(input);
    budget.steps(text.length() / 16);
    return switch (name) {
      case "string" -> text;
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "capitalize" -> StringMethods.capitalize(text);
      case "title" -> title(text);
      case "trim" -> StringMethods.strip(text, arguments.get(0, "chars", null), true, true);
      case "replace" -> replace(text, arguments);
      case "indent" -> indent(text, arguments);
      case "center" -> StringMethods.center(text, arguments.integer(0, "width", 80), " ", budget);
      case "truncate" -> truncate(text, arguments);
      case "wordcount" -> WORD.matcher(text).results().count();
      case "wordwrap" -> wordwrap(text, arguments);
      case "format" -> PercentFormat.format(
          text, arguments.named().isEmpty() ? new Tuple(arguments.positional()) : arguments.named());
      case "escape", "e", "forceescape" -> escape(text);
      case "striptags" -> String.join(" ", unescape(MARKUP.matcher(text).replaceAll("")).strip().split("\\s+"));
      case "urlencode" -> urlencode(input);
      case "xmlattr" -> xmlattr(input, arguments);
      case "pprint" -> PythonText.repr(input);
      default -> throw new TemplateException("No filter named '" + name + "'");
    };
  }

  private static String title(String text) {
    StringBuilder out = new StringBuilder();
    Matcher borders = WORD_START.matcher(text);
    int at = 0;
    while (borders.find()) {
      out.append(StringMethods.capitalize(text.substring(at, borders.start()))).append(borders.group());
      at = borders.end();
    }
    return out.append(StringMethods.capitalize(text.substring(at))).toString();
  }

  private String replace(String text, Arguments arguments) {
    arguments.allow("old", "new", "count");
    Object count = arguments.get(2, "count", null);
    return StringMethods.replace(
        text,
        PythonText.str(arguments.required(0, "old")),
        PythonText.str(arguments.required(1, "new")),
        count == null ? -1 : arguments.integer(2, "count", -1),
        budget);
  }

  private String indent(String text, Arguments arguments) {
    arguments.allow("width", "first", "blank");
    Object width = arguments.get(0, "width", 4L);
    int spaces = width instanceof String ? 0 : Math.max(0, Math.min(arguments.integer(0, "width", 4), 10_000));
    String indentation = width instanceof String given ? given : " ".repeat(spaces);
    boolean blank = arguments.flag(2, "blank", false);
    StringBuilder out = new StringBuilder();
    String[] lines = (text + "\n").split("\n", -1);
    // jinja2 appends a newline, splits into lines, and joins them again
    List<String> parts = new ArrayList<>(List.of(lines).subList(0, lines.length - 1));
    for (int i = 0; i < parts.size(); i++) {
      boolean indented = i == 0 ? arguments.flag(1, "first", false) : blank || !parts.get(i).isEmpty();
      out.append(i == 0 ? "" : "\n").append(indented ? indentation : "").append(parts.get(i));
      budget.length(out.length());
    }
    return out.toString();
  }

  private static String truncate(String text, Arguments arguments) {
    arguments.allow("length", "killwords", "end", "leeway");
    int length = arguments.integer(0, "length", 255);
    String end = arguments.text(2, "end", "...");
    int leeway = arguments.get(3, "leeway", null) == null ? 5 : arguments.integer(3, "leeway", 5);
    if (length < end.length()) {
      throw new TemplateException("expected length >= " + end.length() + ", got " + length);
    }
    if (text.length() <= length + leeway) {
      return text;
    }
    String cut = text.substring(0, length - end.length());
    if (arguments.flag(1, "killwords", false)) {
      return cut + end;
    }
    int space = cut.lastIndexOf(' ');
    return (space < 0 ? cut : cut.substring(0, space)) + end;
  }

  private static String wordwrap(String text, Arguments arguments) {
    arguments.allow("width", "break_long_words", "wrapstring", "break_on_hyphens");
    int width = arguments.integer(0, "width", 79);
    boolean breakLong = arguments.flag(1, "break_long_words", true);
    Object given = arguments.get(2, "wrapstring", null);
    String separator = given instanceof String string ? string : "\n";
    if (width < 1) {
      throw new TemplateException("invalid width " + width + " (must be > 0)");
    }
    List<String> out = new ArrayList<>();
    for (String line : text.lines().toList()) {
      wrapLine(line, width, breakLong, out);
    }
    return String.join(separator, out);
  }

  private static void wrapLine(String line, int width, boolean breakLong, List<String> out) {
    StringBuilder current = new StringBuilder();
    boolean any = false;
    for (String chunk : line.splitWithDelimiters("\\s+", 0)) {
      String word = chunk;
      if (current.length() + word.length() > width && !word.isBlank() || current.length() + word.length() > width && !current.isEmpty()) {
        String done = current.toString().stripTrailing();
        if (!done.isEmpty()) {
          out.add(done);
          any = true;
        }
        current.setLength(0);
        if (word.isBlank()) {
          continue;
        }
        while (breakLong && word.length() > width) {
          out.add(word.substring(0, width));
          any = true;
          word = word.substring(width);
        }
      }
      current.append(word);
    }
    String done = current.toString().stripTrailing();
    if (!done.isEmpty() || !any) {
      out.add(done);
    }
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;").replace("\"", "&#34;");
  }

  private static String unescape(String text) {
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'").replace("&#34;", "\"").replace("&quot;", "\"").replace("&amp;", "&");
  }

  private static String urlencode(@Nullable Object input) {
    if (input instanceof Map<?, ?> || input instanceof List<?> || input instanceof Tuple) {
      List<@Nullable Object> pairs = input instanceof Map<?, ?> map ? Lookups.pairs(map) : Values.items(input);
      List<String> parts = new ArrayList<>();
      for (Object pair : pairs) {
        List<@Nullable Object> both = Values.items(pair);
        parts.add(quote(PythonText.str(both.get(0)), "").replace("%20", "+") + "=" + quote(PythonText.str(both.get(1)), "").replace("%20", "+"));
      }
      return String.join("&", parts);
    }
    return quote(PythonText.str(input), "/");
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

  private static String xmlattr(@Nullable Object input, Arguments arguments) {
    if (!(input instanceof Map<?, ?> map)) {
      throw new TemplateException("xmlattr needs a dict, not " + Values.typeName(input));
    }
    List<String> parts = new ArrayList<>();
    map.forEach((key, value) -> {
      if (value != null && !(value instanceof Undefined)) {
        parts.add(escape(PythonText.str(key)) + "=\"" + escape(PythonText.str(Values.of(value))) + "\"");
      }
    });
    String text = String.join(" ", parts);
    return arguments.flag(0, "autospace", true) && !text.isEmpty() ? " " + text : text;
  }
}
