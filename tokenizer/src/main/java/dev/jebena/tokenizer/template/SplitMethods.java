package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The methods of Python's {@code str} that take a string apart. */
final class SplitMethods {

  private SplitMethods() {}

  static List<@Nullable Object> split(String text, Arguments arguments, Budget budget) {
    @Nullable Object[] given = arguments.bind("split", 0, "sep", "maxsplit");
    Object separator = Arguments.or(given[0], null);
    long most = Arguments.integer(given[1], -1);
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
    budget.builds(parts.size());
    return parts;
  }

  private static String separator(Object separator) {
    String text = Arguments.text("the separator", separator);
    if (text.isEmpty()) {
      throw new Failure("empty separator");
    }
    return text;
  }

  private static void splitAtSpace(String text, long most, List<@Nullable Object> parts) {
    int at = 0;
    while (true) {
      while (at < text.length() && Strings.isSpace(text.charAt(at))) {
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
      while (end < text.length() && !Strings.isSpace(text.charAt(end))) {
        end++;
      }
      parts.add(text.substring(at, end));
      at = end;
    }
  }

  static List<@Nullable Object> rsplit(String text, Arguments arguments, Budget budget) {
    @Nullable Object[] given = arguments.bind("rsplit", 0, "sep", "maxsplit");
    Object separator = Arguments.or(given[0], null);
    long most = Arguments.integer(given[1], -1);
    List<@Nullable Object> parts = new ArrayList<>();
    if (separator == null) {
      rsplitAtSpace(text, most, parts);
    } else {
      String sep = separator(separator);
      int end = text.length();
      int found = text.lastIndexOf(sep);
      while (found >= 0 && (most < 0 || parts.size() < most)) {
        parts.add(text.substring(found + sep.length(), end));
        end = found;
        found = end - sep.length() < 0 ? -1 : text.lastIndexOf(sep, end - sep.length());
      }
      parts.add(text.substring(0, end));
    }
    budget.builds(parts.size());
    return parts.reversed();
  }

  /** The parts from the end. */
  private static void rsplitAtSpace(String text, long most, List<@Nullable Object> parts) {
    int end = text.length();
    while (true) {
      while (end > 0 && Strings.isSpace(text.charAt(end - 1))) {
        end--;
      }
      if (end == 0) {
        return;
      }
      if (most >= 0 && parts.size() == most) {
        parts.add(text.substring(0, end));
        return;
      }
      int from = end;
      while (from > 0 && !Strings.isSpace(text.charAt(from - 1))) {
        from--;
      }
      parts.add(text.substring(from, end));
      end = from;
    }
  }

  static Tuple partition(String text, String separator, boolean first) {
    if (separator.isEmpty()) {
      throw new Failure("empty separator");
    }
    int at = first ? text.indexOf(separator) : text.lastIndexOf(separator);
    if (at < 0) {
      return first ? Tuple.of(text, "", "") : Tuple.of("", "", text);
    }
    return Tuple.of(text.substring(0, at), separator, text.substring(at + separator.length()));
  }
}
