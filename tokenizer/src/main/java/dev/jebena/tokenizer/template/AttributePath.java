package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What filters take as {@code attribute}: a name, an index, or several with dots between them. */
final class AttributePath {

  private AttributePath() {}

  static Function<@Nullable Object, @Nullable Object> of(@Nullable Object path) {
    return of(path, null);
  }

  /** Reads an attribute such as {@code "a.b.0"}; {@code otherwise} stands in for each part that is undefined, unless it is null. */
  static Function<@Nullable Object, @Nullable Object> of(@Nullable Object path, @Nullable Object otherwise) {
    List<@Nullable Object> parts = parts(path);
    return item -> {
      Object value = item;
      for (Object part : parts) {
        value = Lookups.item(value, part);
        if (otherwise != null && value instanceof Undefined) {
          value = otherwise;
        }
      }
      return value;
    };
  }

  /** Reads several attributes, with commas between them, as a list. */
  static Function<@Nullable Object, @Nullable Object> several(@Nullable Object paths, boolean exact) {
    String text = Values.text(paths);
    List<Function<@Nullable Object, @Nullable Object>> all = new ArrayList<>();
    if (text == null) {
      all.add(of(paths));
    } else {
      for (String path : text.split(",", -1)) {
        all.add(of(path));
      }
    }
    return item -> {
      List<@Nullable Object> values = new ArrayList<>();
      for (Function<@Nullable Object, @Nullable Object> each : all) {
        values.add(folded(each.apply(item), exact));
      }
      return values;
    };
  }

  private static List<@Nullable Object> parts(@Nullable Object path) {
    List<@Nullable Object> parts = new ArrayList<>();
    String text = Values.text(path);
    if (text == null) {
      if (path != null) {
        parts.add(path);
      }
      return parts;
    }
    for (String part : text.split("\\.", -1)) {
      boolean index = !part.isEmpty() && part.length() < 18 && part.codePoints().allMatch(Strings::isDecimal);
      parts.add(index ? (Object) Long.parseLong(part) : part);
    }
    return parts;
  }

  /** Strings without regard to case. */
  static @Nullable Object folded(@Nullable Object value, boolean exact) {
    String text = exact ? null : Values.text(value);
    return text == null ? value : Strings.lower(text);
  }
}
