package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The filters that know of HTML. */
final class Html {

  private static final Pattern CHARACTER_REFERENCE = Pattern.compile("&(?:#(\\d{1,9});?|#[xX]([0-9a-fA-F]{1,8});?|([a-zA-Z]{2,8});)");
  private static final Map<String, String> NAMED =
      Map.ofEntries(
          Map.entry("amp", "&"), Map.entry("lt", "<"), Map.entry("gt", ">"), Map.entry("quot", "\""), Map.entry("apos", "'"),
          Map.entry("nbsp", "\u00A0"), Map.entry("copy", "\u00A9"), Map.entry("reg", "\u00AE"), Map.entry("deg", "\u00B0"),
          Map.entry("middot", "\u00B7"), Map.entry("laquo", "\u00AB"), Map.entry("raquo", "\u00BB"), Map.entry("times", "\u00D7"),
          Map.entry("ndash", "\u2013"), Map.entry("mdash", "\u2014"), Map.entry("lsquo", "\u2018"), Map.entry("rsquo", "\u2019"),
          Map.entry("ldquo", "\u201C"), Map.entry("rdquo", "\u201D"), Map.entry("bull", "\u2022"), Map.entry("hellip", "\u2026"),
          Map.entry("euro", "\u20AC"), Map.entry("trade", "\u2122"));

  private Html() {}

  /** Takes out comments and tags, makes one space of all white space, and resolves character references. */
  static String stripTags(String text) {
    String bare = without(without(text, "<!--", "-->"), "<", ">");
    StringBuilder words = new StringBuilder();
    for (int i = 0; i < bare.length(); i++) {
      char c = bare.charAt(i);
      if (!Strings.isSpace(c)) {
        words.append(c);
      } else if (!words.isEmpty() && words.charAt(words.length() - 1) != ' ') {
        words.append(' ');
      }
    }
    return CHARACTER_REFERENCE.matcher(Strings.stripEnd(words.toString())).replaceAll(Html::resolve);
  }

  private static String without(String text, String open, String close) {
    StringBuilder out = new StringBuilder();
    int at = 0;
    for (int start = text.indexOf(open); start >= 0; start = text.indexOf(open, at)) {
      int end = text.indexOf(close, start);
      if (end < 0) {
        break;
      }
      out.append(text, at, start);
      at = end + close.length();
    }
    return out.append(text, at, text.length()).toString();
  }

  private static String resolve(MatchResult reference) {
    String name = reference.group(3);
    String text;
    if (name != null) {
      text = NAMED.getOrDefault(name, reference.group());
    } else {
      String decimal = reference.group(1);
      long code = decimal != null ? Long.parseLong(decimal) : Long.parseLong(reference.group(2), 16);
      text = code == 0 || code > Character.MAX_CODE_POINT || code >= 0xD800 && code <= 0xDFFF ? "\uFFFD" : Character.toString((int) code);
    }
    return Matcher.quoteReplacement(text);
  }

  /** The filter {@code xmlattr}. */
  static String attributes(@Nullable Object value, Arguments arguments) {
    boolean space = Values.isTrue(Arguments.or(arguments.bind("xmlattr", 0, "autospace")[0], true));
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (!(value instanceof Map<?, ?> map)) {
      throw new Failure("xmlattr needs a dict, not " + Values.typeName(value));
    }
    List<String> parts = new ArrayList<>();
    map.forEach((key, each) -> {
      if (each != null && !(each instanceof Undefined)) {
        String name = Arguments.text("an attribute name", key);
        if (name.chars().anyMatch(c -> " \t\n\r\f\u000B/>=".indexOf(c) >= 0)) {
          throw new Failure("Invalid character in attribute name: " + PythonText.repr(name));
        }
        parts.add(Markup.escape(name) + "=\"" + Markup.escaped(each) + "\"");
      }
    });
    return (space && !parts.isEmpty() ? " " : "") + String.join(" ", parts);
  }
}
