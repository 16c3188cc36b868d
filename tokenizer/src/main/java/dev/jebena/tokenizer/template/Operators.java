package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Python's binary operators over all types. */
final class Operators {

  private Operators() {}

  /** Arithmetic. */
  enum Binary {
    ADD("+"),
    SUBTRACT("-"),
    MULTIPLY("*"),
    DIVIDE("/"),
    FLOOR_DIVIDE("//"),
    MODULO("%"),
    POWER("**");

    private final String symbol;

    Binary(String symbol) {
      this.symbol = symbol;
    }
  }

  /** Comparisons. */
  enum Relation {
    EQUAL,
    NOT_EQUAL,
    LESS,
    LESS_OR_EQUAL,
    GREATER,
    GREATER_OR_EQUAL,
    IN,
    NOT_IN
  }

  static boolean compare(Relation relation, @Nullable Object left, @Nullable Object right, Budget budget) {
    return switch (relation) {
      case EQUAL -> Values.equal(left, right);
      case NOT_EQUAL -> !Values.equal(left, right);
      case LESS -> ordered(left, right) && Values.compare(left, right, "<") < 0;
      case LESS_OR_EQUAL -> Values.compare(left, right, "<=") <= 0 && ordered(left, right);
      case GREATER -> ordered(left, right) && Values.compare(left, right, ">") > 0;
      case GREATER_OR_EQUAL -> Values.compare(left, right, ">=") >= 0 && ordered(left, right);
      case IN -> Values.contains(right, left, budget);
      case NOT_IN -> !Values.contains(right, left, budget);
    };
  }

  /** Nothing is less than NaN, and it is less than nothing. */
  private static boolean ordered(@Nullable Object left, @Nullable Object right) {
    boolean nan = left instanceof Double a && a.isNaN() || right instanceof Double b && b.isNaN();
    return !nan || !Values.isNumber(left) || !Values.isNumber(right);
  }

  static @Nullable Object apply(Binary operator, @Nullable Object left, @Nullable Object right, Run run) {
    if (Values.isNumber(left) && Values.isNumber(right)) {
      return arithmetic(operator, left, right);
    }
    if (left instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (operator == Binary.MODULO && left instanceof String format) {
      return PercentFormat.format(format, right, run.budget);
    }
    if (operator == Binary.MODULO && left instanceof Markup format) {
      return new Markup(PercentFormat.formatMarkup(format.text(), right, run.budget));
    }
    if (right instanceof Undefined undefined) {
      throw undefined.failure();
    }
    Object result = switch (operator) {
      case ADD -> add(left, right, run.budget);
      case MULTIPLY -> isInteger(right) ? repeat(left, right, run.budget) : isInteger(left) ? repeat(right, left, run.budget) : null;
      default -> null;
    };
    if (result != null) {
      return result;
    }
    throw new Failure(
        "unsupported operand type(s) for " + operator.symbol + ": '" + Values.typeName(left) + "' and '" + Values.typeName(right) + "'");
  }

  private static Object arithmetic(Binary operator, @Nullable Object left, @Nullable Object right) {
    return switch (operator) {
      case ADD -> Numbers.add(left, right);
      case SUBTRACT -> Numbers.subtract(left, right);
      case MULTIPLY -> Numbers.multiply(left, right);
      case DIVIDE -> Numbers.divide(left, right);
      case FLOOR_DIVIDE -> Numbers.floorDivide(left, right);
      case MODULO -> Numbers.modulo(left, right);
      case POWER -> Numbers.power(left, right);
    };
  }

  private static @Nullable Object add(@Nullable Object left, @Nullable Object right, Budget budget) {
    String x = Values.text(left);
    String y = Values.text(right);
    if (x != null && y != null) {
      budget.builds((long) x.length() + y.length());
      return left instanceof String && right instanceof String ? x + y : new Markup(Markup.escaped(left) + Markup.escaped(right));
    }
    if (left instanceof List<?> a && right instanceof List<?> b) {
      return joined(a, b, budget);
    }
    if (left instanceof Tuple a && right instanceof Tuple b) {
      return new Tuple(joined(a.items(), b.items(), budget));
    }
    return null;
  }

  private static boolean isInteger(@Nullable Object value) {
    return value instanceof Long || value instanceof Boolean;
  }

  private static List<@Nullable Object> joined(List<?> a, List<?> b, Budget budget) {
    budget.builds((long) a.size() + b.size());
    List<@Nullable Object> all = new ArrayList<>(a.size() + b.size());
    all.addAll(a);
    all.addAll(b);
    return all;
  }

  private static @Nullable Object repeat(@Nullable Object value, @Nullable Object times, Budget budget) {
    long count = Math.max(0, Arguments.integer(times));
    return switch (value) {
      case String text -> repeat(text, count, budget);
      case Markup markup -> new Markup(repeat(markup.text(), count, budget));
      case List<?> list -> repeatItems(list, count, budget);
      case Tuple tuple -> new Tuple(repeatItems(tuple.items(), count, budget));
      case null, default -> null;
    };
  }

  static String repeat(String text, long count, Budget budget) {
    budget.builds(product(text.length(), count));
    return text.repeat((int) (text.isEmpty() ? 0 : Math.max(0, count)));
  }

  private static long product(long length, long count) {
    return length == 0 || count <= 0 ? 0 : count > Long.MAX_VALUE / length ? Long.MAX_VALUE : length * count;
  }

  private static List<@Nullable Object> repeatItems(List<?> list, long count, Budget budget) {
    budget.builds(product(list.size(), count));
    List<@Nullable Object> all = new ArrayList<>();
    for (long i = 0; i < count && !list.isEmpty(); i++) {
      all.addAll(list);
    }
    return all;
  }
}
