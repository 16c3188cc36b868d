package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A macro, or the body of a call block, with the variables around it. */
record Macro(Definition definition, Activation closure) implements Callable {

  /**
   * What of a macro is known before it runs.
   *
   * @param name null for the body of a call block
   * @param slots where each parameter is kept
   * @param defaults a value for each parameter that has one, else null
   * @param callerSlot where {@code caller} is kept if the body reads it without being a parameter; else -1; and so on
   */
  record Definition(
      @Nullable String name,
      List<String> parameters,
      int[] slots,
      List<Code.@Nullable Expression> defaults,
      int callerSlot,
      int kwargsSlot,
      int varargsSlot,
      FunctionScope function,
      Code.Entry entry,
      Code.Statement body) {}

  @Override
  public String call(Arguments arguments, Run run) {
    run.enter();
    Activation activation = Activation.of(run, closure, definition.function);
    bind(arguments, activation.slots());
    definition.entry.enter(activation);
    List<String> parameters = definition.parameters;
    for (int i = 0; i < parameters.size(); i++) {
      int slot = definition.slots[i];
      if (activation.slots()[slot] == Values.MISSING) {
        Code.Expression otherwise = definition.defaults.get(i);
        activation.slots()[slot] = otherwise != null
            ? otherwise.evaluate(activation)
            : new Undefined("parameter " + PythonText.repr(parameters.get(i)) + " was not provided");
      }
    }
    String text = run.capture(() -> definition.body.run(activation));
    run.leave();
    return text == null ? "" : text;
  }

  private void bind(Arguments arguments, @Nullable Object[] slots) {
    List<String> parameters = definition.parameters;
    Map<String, @Nullable Object> named = Arguments.names();
    named.putAll(arguments.named());
    int given = Math.min(arguments.positional().size(), parameters.size());
    boolean foundCaller = given == parameters.size() && parameters.contains("caller");
    for (int i = 0; i < parameters.size(); i++) {
      String name = parameters.get(i);
      boolean byName = i >= given && named.containsKey(name);
      slots[definition.slots[i]] = i < given ? arguments.positional().get(i) : byName ? named.remove(name) : Values.MISSING;
      foundCaller |= i >= given && name.equals("caller");
    }
    if (definition.callerSlot >= 0 && !foundCaller) {
      Object caller = named.remove("caller");
      slots[definition.callerSlot] = caller == null ? new Undefined("No caller defined") : caller;
    }
    if (definition.kwargsSlot >= 0) {
      slots[definition.kwargsSlot] = named;
    } else if (!named.isEmpty()) {
      throw new Failure(
          named.containsKey("caller")
              ? "macro " + name() + " was invoked with two values for the special caller argument"
              : "macro " + name() + " takes no keyword argument " + PythonText.repr(named.keySet().iterator().next()));
    }
    List<@Nullable Object> more = arguments.positional().subList(given, arguments.positional().size());
    if (definition.varargsSlot >= 0) {
      slots[definition.varargsSlot] = new Tuple(new ArrayList<>(more));
    } else if (!more.isEmpty()) {
      throw new Failure("macro " + name() + " takes not more than " + parameters.size() + " argument(s)");
    }
  }

  private String name() {
    return definition.name == null ? "None" : PythonText.repr(definition.name);
  }

  @Override
  public @Nullable Object attribute(String attribute) {
    return switch (attribute) {
      case "name" -> definition.name;
      case "arguments" -> new Tuple(new ArrayList<>(definition.parameters));
      case "catch_kwargs" -> definition.kwargsSlot >= 0;
      case "catch_varargs" -> definition.varargsSlot >= 0;
      case "caller" -> definition.callerSlot >= 0;
      case "explicit_caller" -> definition.parameters.contains("caller");
      default -> Values.MISSING;
    };
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }

  @Override
  public String toString() {
    return "<Macro " + (definition.name == null ? "anonymous" : name()) + ">";
  }
}
