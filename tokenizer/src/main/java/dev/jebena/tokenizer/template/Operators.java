package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Python's binary operators over all types. */
final class Operators {

  private Operators() {}

  static boolean compare(String operator, @Nullable Object left, @Nullable Object right) {
    return switch (operator) {
      case "==" -> Values.equal(left, right);
      case "!=" -> !Values.equal(left, right);
      case "<" -> Values.compare(left, right, operator) < 0;
      case "<=" -> Values.compare(left, right, operator) <= 0;
      case ">" -> Values.compare(left, right, operator) > 0;
      case ">=" -> Values.compare(left, right, operator) >= 0;
      case "in" -> Values.contains(right, left);
      case "not in" -> !Values.contains(right, left);
      default -> throw new IllegalArgumentException(operator);
    };
  }

  static @Nullable Object apply(String operator, @Nullable Object left, @Nullable Object right, Budget budget) {
    if (Values.isNumber(left) && Values.isNumber(right)) {
      return Numbers.apply(operator, left, right);
    }
    if (left instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (operator.equals("%") && left instanceof String format) {
      return PercentFormat.format(format, right);
    }
    if (right instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (operator.equals("+")) {
      if (left instanceof String a && right instanceof String b) {
        budget.length((long) a.length() + b.length());
        return a + b;
      }
      if (left instanceof List<?> a && right instanceof List<?> b) {
        return joined(a, b, budget);
      }
      if (left instanceof Tuple a && right instanceof Tuple b) {
        return new Tuple(joined(a.items(), b.items(), budget));
      }
    }
    if (operator.equals("*")) {
      Object repeated = isInteger(right) ? repeat(left, right, budget) : isInteger(left) ? repeat(right, left, budget) : null;
      if (repeated != null) {
        return repeated;
      }
    }
    if (operator.equals("+") && left instanceof String) {
      throw new TemplateException("can only concatenate str (not \"" + Values.typeName(right) + "\") to str");
    }
    throw new TemplateException(
        "unsupported operand type(s) for " + operator + ": '" + Values.typeName(left) + "' and '" + Values.typeName(right) + "'");
  }

  private static boolean isInteger(@Nullable Object value) {
    return value instanceof Long || value instanceof Boolean;
  }

  private static List<@Nullable Object> joined(List<?> a, List<?> b, Budget budget) {
    budget.length((long) a.size() + b.size());
    List<@Nullable Object> all = new ArrayList<>(a.size() + b.size());
    all.addAll(a);
    all.addAll(b);
    return all;
  }

  private static @Nullable Object repeat(@Nullable Object value, @Nullable Object times, Budget budget) {
    long count = Math.max(0, (long) Numbers.real(times));
    return switch (value) {
      case String text -> {
        budget.length(product(text.length(), count));
        yield text.repeat((int) (text.isEmpty() ? 0 : count));
      }
      case List<?> list -> repeatItems(list, count, budget);
      case Tuple tuple -> new Tuple(repeatItems(tuple.items(), count, budget));
      case null, default -> null;
    };
  }

  private static long product(long length, long count) {
    return length == 0 ? 0 : count > Long.MAX_VALUE / length ? Long.MAX_VALUE : length * count;
  }

  private static List<@Nullable Object> repeatItems(List<?> list, long count, Budget budget) {
    budget.length(product(list.size(), count));
    List<@Nullable Object> all = new ArrayList<>();
    for (long i = 0; i < count && !list.isEmpty(); i++) {
      all.addAll(list);
    }
    return all;
  }
}
