package dev.jebena.tokenizer.template;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Slices, with Python's rules for what is negative or beyond the end. */
final class Slices {

  private Slices() {}

  /** {@code object[from:to:step]}. */
  static Object slice(@Nullable Object object, @Nullable Object from, @Nullable Object to, @Nullable Object step, Budget budget) {
    return switch (object) {
      case Undefined undefined -> throw undefined.failure();
      case String text -> text(text, from, to, step, budget);
      case Markup markup -> new Markup(text(markup.text(), from, to, step, budget));
      case List<?> list -> items(list, from, to, step, budget);
      case Tuple tuple -> new Tuple(items(tuple.items(), from, to, step, budget));
      case Range range -> range(range, new Indices(range.length(), from, to, step));
      case null, default -> throw new Failure("'" + Values.typeName(object) + "' object is not subscriptable with a slice");
    };
  }

  private static Range range(Range range, Indices indices) {
    return new Range(range.at(indices.first), range.at(indices.first + indices.count * indices.step), range.step() * indices.step, (int) indices.count);
  }

  private static List<@Nullable Object> items(
      List<?> list, @Nullable Object from, @Nullable Object to, @Nullable Object step, Budget budget) {
    Indices indices = new Indices(list.size(), from, to, step);
    budget.builds(indices.count);
    List<@Nullable Object> taken = new ArrayList<>((int) indices.count);
    for (long i = 0; i < indices.count; i++) {
      taken.add(list.get((int) (indices.first + i * indices.step)));
    }
    return taken;
  }

  private static String text(String text, @Nullable Object from, @Nullable Object to, @Nullable Object step, Budget budget) {
    int length = Strings.length(text);
    Indices indices = new Indices(length, from, to, step);
    if (indices.count == 0) {
      return "";
    }
    budget.builds(indices.count);
    if (indices.step == 1) {
      if (length == text.length()) {
        return text.substring((int) indices.first, (int) (indices.first + indices.count));
      }
      int begin = text.offsetByCodePoints(0, (int) indices.first);
      return text.substring(begin, text.offsetByCodePoints(begin, (int) indices.count));
    }
    int[] points = text.codePoints().toArray();
    StringBuilder part = new StringBuilder();
    for (long i = 0; i < indices.count; i++) {
      part.appendCodePoint(points[(int) (indices.first + i * indices.step)]);
    }
    return part.toString();
  }

  /** A bound as the methods of sequences take it. */
  static int bound(List<@Nullable Object> arguments, int index, int length, int otherwise) {
    if (index >= arguments.size() || arguments.get(index) == null) {
      return otherwise;
    }
    long at = number(arguments.get(index));
    return (int) Math.max(0, Math.min(length, at < 0 ? at + length : at));
  }

  private static long number(@Nullable Object value) {
    return switch (value) {
      case Long number -> Math.max(-Integer.MAX_VALUE, Math.min(Integer.MAX_VALUE, number));
      case Boolean bool -> bool ? 1 : 0;
      case BigInteger number -> number.signum() < 0 ? -Integer.MAX_VALUE : Integer.MAX_VALUE;
      case null, default -> throw new Failure("slice indices must be integers or None or have an __index__ method");
    };
  }

  /** Which items a slice takes: {@code count} of them, from {@code first} on. */
  private static final class Indices {

    private final long first;
    private final long step;
    private final long count;

    Indices(int size, @Nullable Object from, @Nullable Object to, @Nullable Object stride) {
      step = stride == null ? 1 : number(stride);
      if (step == 0) {
        throw new Failure("slice step cannot be zero");
      }
      boolean up = step > 0;
      first = from == null ? (up ? 0 : size - 1) : clamp(number(from), size, up);
      long last = to == null ? (up ? size : -1) : clamp(number(to), size, up);
      long span = up ? last - first : first - last;
      count = span <= 0 ? 0 : (span - 1) / Math.abs(step) + 1;
    }

    private static long clamp(long value, int size, boolean up) {
      long at = value < 0 ? value + size : value;
      return up ? Math.max(0, Math.min(at, size)) : Math.max(-1, Math.min(at, size - 1));
    }
  }
}
