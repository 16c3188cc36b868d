package dev.jebena.tokenizer.template;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The values of a call's arguments, in order and by name. */
record Arguments(List<@Nullable Object> positional, Map<String, @Nullable Object> named) {

  static final Arguments NONE = new Arguments(List.of(), Map.of());

  static Map<String, @Nullable Object> names() {
    return new LinkedHashMap<>();
  }

  /** The arguments of a function whose parameters have no names. */
  List<@Nullable Object> positionalOnly(String callee, int least, int most) {
    if (!named.isEmpty()) {
      throw new Failure(callee + "() takes no keyword arguments");
    }
    if (positional.size() < least || positional.size() > most) {
      String wanted = least == most ? "exactly " + least : least + " to " + most;
      throw new Failure(callee + "() takes " + wanted + " arguments (" + positional.size() + " given)");
    }
    return positional;
  }

  /**
   * Binds the arguments to parameters.
   *
   * @param required how many of the parameters have to be given
   * @return a value for each parameter; {@link Values#MISSING} where none is given
   */
  @Nullable Object[] bind(String callee, int required, String... parameters) {
    if (positional.size() > parameters.length) {
      throw new Failure(callee + "() takes " + parameters.length + " arguments but " + positional.size() + " were given");
    }
    @Nullable Object[] values = positional.toArray(new Object[parameters.length]);
    Arrays.fill(values, positional.size(), values.length, Values.MISSING);
    named.forEach((name, value) -> {
      int index = Arrays.asList(parameters).indexOf(name);
      if (index < 0) {
        throw new Failure(callee + "() got an unexpected keyword argument " + PythonText.repr(name));
      }
      if (index < positional.size()) {
        throw new Failure(callee + "() got multiple values for argument " + PythonText.repr(name));
      }
      values[index] = value;
    });
    for (int i = 0; i < required; i++) {
      if (values[i] == Values.MISSING) {
        throw new Failure(callee + "() missing a required argument: " + PythonText.repr(parameters[i]));
      }
    }
    return values;
  }

  static @Nullable Object or(@Nullable Object value, @Nullable Object otherwise) {
    return value == Values.MISSING ? otherwise : value;
  }

  /** An integer as Python's functions take them. */
  static long integer(@Nullable Object value) {
    return switch (value) {
      case Long number -> number;
      case Boolean bool -> bool ? 1 : 0;
      case BigInteger number -> throw new Failure("Python int too large to convert to C ssize_t");
      case null, default -> throw new Failure("'" + Values.typeName(value) + "' object cannot be interpreted as an integer");
    };
  }

  static long integer(@Nullable Object value, long otherwise) {
    return value == Values.MISSING ? otherwise : integer(value);
  }

  /** A string, of whichever kind. */
  static String text(String what, @Nullable Object value) {
    String text = Values.text(value);
    if (text == null) {
      throw new Failure(what + " must be str, not " + Values.typeName(value));
    }
    return text;
  }
}
