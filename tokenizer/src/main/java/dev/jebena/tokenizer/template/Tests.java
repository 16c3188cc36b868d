package dev.jebena.tokenizer.template;

import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The tests of jinja2. */
final class Tests {

  private static final Map<String, Test> ALL = all();

  private Tests() {}

  /** The test of that name, or null. */
  static @Nullable Test find(String name) {
    return ALL.get(name);
  }

  private static Map<String, Test> all() {
    Map<String, Test> tests = new HashMap<>();
    simple(tests, "defined", value -> !(value instanceof Undefined));
    simple(tests, "undefined", value -> value instanceof Undefined);
    simple(tests, "none", value -> value == null);
    simple(tests, "boolean", value -> value instanceof Boolean);
    simple(tests, "true", value -> Boolean.TRUE.equals(value));
    simple(tests, "false", value -> Boolean.FALSE.equals(value));
    simple(tests, "integer", value -> value instanceof Long || value instanceof BigInteger);
    simple(tests, "float", value -> value instanceof Double);
    simple(tests, "number", Values::isNumber);
    simple(tests, "string", value -> value instanceof String || value instanceof Markup);
    simple(tests, "mapping", value -> value instanceof Map<?, ?>);
    simple(tests, "iterable", Values::isIterable);
    simple(tests, "sequence", Tests::isSequence);
    simple(tests, "callable", value -> value instanceof Callable || value instanceof Undefined);
    simple(tests, "escaped", value -> value instanceof Markup);
    simple(tests, "lower", value -> StringMethods.isLower(PythonText.str(value)));
    simple(tests, "upper", value -> StringMethods.isUpper(PythonText.str(value)));
    tests.put("even", (value, arguments, run) -> {
      arguments.positionalOnly("even", 0, 0);
      return modulo(value, 2L, run).equals(0L);
    });
    tests.put("odd", (value, arguments, run) -> {
      arguments.positionalOnly("odd", 0, 0);
      return modulo(value, 2L, run).equals(1L);
    });
    tests.put("divisibleby", (value, arguments, run) -> {
      Object by = arguments.bind("divisibleby", 1, "num")[0];
      return modulo(value, by, run).equals(0L);
    });
    tests.put("sameas", (value, arguments, run) -> same(value, arguments.bind("sameas", 1, "other")[0]));
    tests.put("in", (value, arguments, run) -> Values.contains(arguments.bind("in", 1, "seq")[0], value, run.budget));
    tests.put("filter", (value, arguments, run) -> isKey(Filters.names(), value, arguments));
    tests.put("test", (value, arguments, run) -> isKey(ALL, value, arguments));
    relation(tests, Operators.Relation.EQUAL, "==", "eq", "equalto");
    relation(tests, Operators.Relation.NOT_EQUAL, "!=", "ne");
    relation(tests, Operators.Relation.LESS, "<", "lt", "lessthan");
    relation(tests, Operators.Relation.LESS_OR_EQUAL, "<=", "le");
    relation(tests, Operators.Relation.GREATER, ">", "gt", "greaterthan");
    relation(tests, Operators.Relation.GREATER_OR_EQUAL, ">=", "ge");
    return Map.copyOf(tests);
  }

  private static void simple(Map<String, Test> tests, String name, Predicate<@Nullable Object> test) {
    tests.put(name, (value, arguments, run) -> {
      arguments.positionalOnly(name, 0, 0);
      return test.test(value);
    });
  }

  private static void relation(Map<String, Test> tests, Operators.Relation relation, String... names) {
    for (String name : names) {
      tests.put(
          name,
          (value, arguments, run) ->
              Operators.compare(relation, value, arguments.positionalOnly(name, 1, 1).getFirst(), run.budget));
    }
  }

  private static boolean isSequence(@Nullable Object value) {
    return value instanceof String || value instanceof List<?> || value instanceof Tuple || value instanceof Map<?, ?>
        || value instanceof Undefined || value instanceof Range || value instanceof Markup;
  }

  private static boolean isKey(Map<String, ?> known, @Nullable Object name, Arguments arguments) {
    arguments.positionalOnly("test", 0, 0);
    Values.requireHashable(name);
    return name instanceof String text && known.containsKey(text);
  }

  /** The remainder, as an integer where it is one. */
  private static Object modulo(@Nullable Object value, @Nullable Object by, Run run) {
    Object rest = Operators.apply(Operators.Binary.MODULO, value, by, run);
    return rest instanceof Double number && number == Math.rint(number) ? (Object) (long) (double) number : rest == null ? "" : rest;
  }

  @SuppressWarnings("ReferenceEquality") // identity is what the test asks for
  private static boolean same(@Nullable Object a, @Nullable Object b) {
    return switch (a) {
      case Boolean bool -> bool.equals(b);
      case Long number -> number.equals(b);
      case String text -> text.equals(b);
      case null, default -> a == b;
    };
  }
}
