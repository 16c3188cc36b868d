package dev.jebena.tokenizer.template;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What stands behind {@code is}. */
final class Tests {

  private Tests() {}

  static boolean test(String name, @Nullable Object value, Arguments arguments) {
    return switch (name) {
      case "defined" -> !(value instanceof Undefined);
      case "undefined" -> value instanceof Undefined;
      case "none" -> value == null;
      case "boolean" -> value instanceof Boolean;
      case "true" -> Boolean.TRUE.equals(value);
      case "false" -> Boolean.FALSE.equals(value);
      case "integer" -> value instanceof Long || value instanceof BigInteger;
      case "float" -> value instanceof Double;
      case "number" -> Values.isNumber(value);
      case "string" -> value instanceof String;
      case "mapping" -> value instanceof Map<?, ?>;
      case "iterable" -> Values.isIterable(value);
      case "sequence" ->
          value instanceof String || value instanceof List<?> || value instanceof Tuple || value instanceof Map<?, ?>
              || value instanceof Undefined;
      case "callable" -> value instanceof Callable;
      case "sameas" -> same(value, arguments.required(0, "other"));
      case "escaped" -> false;
      case "in" -> Values.contains(arguments.required(0, "seq"), value);
      case "divisibleby" -> Numbers.real(Numbers.apply("%", number(value), number(arguments.required(0, "num")))) == 0;
      case "even" -> Numbers.real(Numbers.apply("%", number(value), 2L)) == 0;
      case "odd" -> Numbers.real(Numbers.apply("%", number(value), 2L)) == 1;
      case "lower" -> isCased(PythonText.str(value), PythonText.str(value).toLowerCase(java.util.Locale.ROOT));
      case "upper" -> isCased(PythonText.str(value), PythonText.str(value).toUpperCase(java.util.Locale.ROOT));
      case "eq", "equalto", "==" -> Operators.compare("==", value, arguments.required(0, "other"));
      case "ne", "!=" -> Operators.compare("!=", value, arguments.required(0, "other"));
      case "lt", "lessthan", "<" -> Operators.compare("<", value, arguments.required(0, "other"));
      case "le", "<=" -> Operators.compare("<=", value, arguments.required(0, "other"));
      case "gt", "greaterthan", ">" -> Operators.compare(">", value, arguments.required(0, "other"));
      case "ge", ">=" -> Operators.compare(">=", value, arguments.required(0, "other"));
      case "filter" -> Filters.NAMES.contains(PythonText.str(value));
      case "test" -> isKnown(PythonText.str(value));
      default -> throw new TemplateException("No test named '" + name + "'");
    };
  }

  private static boolean isKnown(String name) {
    try {
      test(name, 1L, new Arguments(name, List.of(1L), Map.of()));
      return true;
    } catch (TemplateException e) {
      return !String.valueOf(e.getMessage()).startsWith("No test named");
    }
  }

  private static @Nullable Object number(@Nullable Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (!Values.isNumber(value)) {
      throw new TemplateException("a number is needed, not " + Values.typeName(value));
    }
    return value;
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

  /** Python's islower and isupper: unchanged by the conversion, and with a letter that has a case. */
  private static boolean isCased(String text, String converted) {
    return text.equals(converted)
        && text.codePoints().anyMatch(c -> Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c));
  }
}
