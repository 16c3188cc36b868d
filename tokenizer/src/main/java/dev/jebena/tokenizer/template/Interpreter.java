package dev.jebena.tokenizer.template;

import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Runs the statements of a template once; {@link Evaluator} computes what stands in them. */
final class Interpreter {

  /** How a statement ended. */
  private enum Flow {
    ON,
    BREAK,
    CONTINUE
  }

  private final String source;
  private final TemplateLimits limits;
  private final Budget budget;
  private final Evaluator evaluator;
  private final Clock clock;
  private StringBuilder out = new StringBuilder();
  private int depth;

  Interpreter(String source, TemplateLimits limits, Clock clock) {
    this.source = source;
    this.limits = limits;
    this.budget = new Budget(limits);
    this.clock = clock;
    this.evaluator = new Evaluator(source, budget);
  }

  String render(Node.Body body, Map<String, ? extends @Nullable Object> variables) {
    Scope globals = new Scope(null);
    Globals.define(globals, clock, budget);
    Scope scope = new Scope(globals);
    variables.forEach((name, value) -> scope.set(name, Values.of(value)));
    try {
      run(body, new Scope(scope));
    } catch (StackOverflowError e) {
      throw new TemplateException("the chat template nests too deeply: the limit is " + limits.maxDepth());
    }
    return out.toString();
  }

  private Flow run(Node.Body body, Scope scope) {
    for (Node.Statement statement : body.statements()) {
      Flow flow = run(statement, scope);
      if (flow != Flow.ON) {
        return flow;
      }
    }
    return Flow.ON;
  }

  private Flow run(Node.Statement statement, Scope scope) {
    budget.step();
    switch (statement) {
      case Node.Data data -> write(data.text());
      case Node.Output output -> write(PythonText.str(evaluator.evaluate(output.expression(), scope)));
      case Node.If branch -> {
        return runIf(branch, scope);
      }
      case Node.For loop -> runFor(loop, evaluator.evaluate(loop.iterable(), scope), scope, 0);
      case Node.Set set -> assign(set.target(), evaluator.evaluate(set.value(), scope), scope, set.offset());
      case Node.SetBlock set ->
          assign(set.target(), filtered(set.filters(), capture(set.body(), new Scope(scope)), scope), scope, set.offset());
      case Node.MacroDefinition macro -> scope.set(macro.name(), macro(macro.signature(), macro.body(), scope, macro.offset()));
      case Node.CallBlock call -> {
        Callable caller = macro(call.signature(), call.body(), scope, call.offset());
        write(PythonText.str(evaluator.callWith((Node.Invocation) call.call(), scope, caller)));
      }
      case Node.FilterBlock filter ->
          write(PythonText.str(filtered(filter.filters(), capture(filter.body(), new Scope(scope)), scope)));
      case Node.With with -> {
        return runWith(with, scope);
      }
      case Node.Generation generation -> {
        return run(generation.body(), new Scope(scope));
      }
      case Node.Break end -> {
        return Flow.BREAK;
      }
      case Node.Continue next -> {
        return Flow.CONTINUE;
      }
    }
    return Flow.ON;
  }

  private void write(String text) {
    out.append(text);
    budget.length(out.length());
  }

  private Flow runIf(Node.If branch, Scope scope) {
    for (int i = 0; i < branch.tests().size(); i++) {
      if (Values.isTrue(evaluator.evaluate(branch.tests().get(i), scope))) {
        return run(branch.bodies().get(i), scope);
      }
    }
    return branch.otherwise() == null ? Flow.ON : run(branch.otherwise(), scope);
  }

  private Flow runWith(Node.With with, Scope scope) {
    Scope inner = new Scope(scope);
    List<@Nullable Object> values = new ArrayList<>();
    with.values().forEach(value -> values.add(evaluator.evaluate(value, scope)));
    for (int i = 0; i < values.size(); i++) {
      assign(with.targets().get(i), values.get(i), inner, with.offset());
    }
    return run(with.body(), inner);
  }

  private void runFor(Node.For loop, @Nullable Object iterable, Scope scope, int loopDepth) {
    enter(loop.offset());
    List<@Nullable Object> items = evaluator.at(loop.offset(), () -> Values.items(iterable));
    if (loop.filter() != null) {
      List<@Nullable Object> kept = new ArrayList<>();
      for (Object item : items) {
        Scope candidate = new Scope(scope);
        assign(loop.target(), item, candidate, loop.offset());
        if (Values.isTrue(evaluator.evaluate(loop.filter(), candidate))) {
          kept.add(item);
        }
      }
      items = kept;
    }
    if (items.isEmpty()) {
      if (loop.otherwise() != null) {
        run(loop.otherwise(), new Scope(scope));
      }
      depth--;
      return;
    }
    Callable recursion = loop.recursive() ? arguments -> recurse(loop, arguments, scope, loopDepth) : null;
    LoopState state = new LoopState(items, loopDepth, recursion);
    for (int i = 0; i < items.size(); i++) {
      budget.step();
      state.at(i);
      Scope inner = new Scope(scope);
      inner.set("loop", state);
      assign(loop.target(), items.get(i), inner, loop.offset());
      if (run(loop.body(), inner) == Flow.BREAK) {
        break;
      }
    }
    depth--;
  }

  private Object recurse(Node.For loop, Arguments arguments, Scope scope, int loopDepth) {
    StringBuilder before = out;
    out = new StringBuilder();
    try {
      runFor(loop, arguments.required(0, "iterable"), scope, loopDepth + 1);
      return out.toString();
    } finally {
      out = before;
    }
  }

  private void enter(int offset) {
    if (++depth > limits.maxDepth()) {
      throw SourceText.error(source, offset, "the template calls itself deeper than " + limits.maxDepth());
    }
  }

  private String capture(Node.Body body, Scope scope) {
    StringBuilder before = out;
    out = new StringBuilder();
    try {
      run(body, scope);
      return out.toString();
    } finally {
      out = before;
    }
  }

  private @Nullable Object filtered(List<Node.Call> filters, @Nullable Object input, Scope scope) {
    Object value = input;
    for (Node.Call filter : filters) {
      value = evaluator.filter(filter, value, scope);
    }
    return value;
  }

  private void assign(Node.Target target, @Nullable Object value, Scope scope, int offset) {
    switch (target) {
      case Node.NameTarget name -> scope.set(name.name(), value);
      case Node.AttributeTarget attribute -> {
        if (!(scope.get(attribute.name()) instanceof Namespace namespace)) {
          throw SourceText.error(source, offset, "'" + attribute.name() + "' is no namespace, its attributes cannot be set");
        }
        namespace.attributes.put(attribute.attribute(), value);
      }
      case Node.TupleTarget tuple -> {
        List<@Nullable Object> items = evaluator.at(offset, () -> Values.items(value));
        if (items.size() != tuple.targets().size()) {
          throw SourceText.error(
              source, offset, tuple.targets().size() + " names are given for " + items.size() + " values");
        }
        for (int i = 0; i < items.size(); i++) {
          assign(tuple.targets().get(i), items.get(i), scope, offset);
        }
      }
    }
  }

  private Callable macro(Node.Signature signature, Node.Body body, Scope scope, int offset) {
    return arguments -> {
      enter(offset);
      Scope inner = new Scope(scope);
      bind(signature, arguments, inner);
      String text = capture(body, inner);
      depth--;
      return text;
    };
  }

  private void bind(Node.Signature signature, Arguments arguments, Scope inner) {
    List<String> names = signature.names();
    Map<String, @Nullable Object> named = new LinkedHashMap<>(arguments.named());
    Object caller = named.containsKey("caller") ? named.remove("caller") : new Undefined("no caller defined");
    int given = arguments.positional().size();
    int firstDefault = names.size() - signature.defaults().size();
    for (int i = 0; i < names.size(); i++) {
      String parameter = names.get(i);
      Object value;
      if (i < given) {
        value = arguments.positional().get(i);
      } else if (named.containsKey(parameter)) {
        value = named.remove(parameter);
      } else if (i >= firstDefault) {
        value = evaluator.evaluate(signature.defaults().get(i - firstDefault), inner);
      } else {
        value = new Undefined("parameter '" + parameter + "' was not provided, it");
      }
      inner.set(parameter, value);
    }
    inner.set("varargs", new Tuple(given > names.size() ? arguments.positional().subList(names.size(), given) : List.of()));
    inner.set("kwargs", named);
    if (!names.contains("caller")) {
      inner.set("caller", caller);
    }
  }
}
