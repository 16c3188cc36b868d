package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Computes expressions. */
final class Evaluator {

  private final String source;
  private final Budget budget;
  private final Filters filters;

  Evaluator(String source, Budget budget) {
    this.source = source;
    this.budget = budget;
    this.filters = new Filters(budget);
  }

  /** Runs something, and says where if it fails. */
  <T> T at(int offset, Supplier<T> action) {
    try {
      return action.get();
    } catch (TemplateRaisedException | LocatedException e) {
      throw e;
    } catch (TemplateException e) {
      throw new LocatedException(e.getMessage() + " (" + SourceText.where(source, offset) + ")");
    }
  }

  /** An error that knows its place already. */
  private static final class LocatedException extends TemplateException {

    private static final long serialVersionUID = 1L;

    LocatedException(String message) {
      super(message);
    }
  }

  @Nullable Object evaluate(Node.Expression expression, Scope scope) {
    budget.step();
    return switch (expression) {
      case Node.Constant constant -> constant.value();
      case Node.Name name -> scope.get(name.name());
      case Node.ListLiteral list -> all(list.items(), scope);
      case Node.TupleLiteral tuple -> new Tuple(all(tuple.items(), scope));
      case Node.DictLiteral dict -> dict(dict, scope);
      case Node.Attribute attribute -> {
        Object object = evaluate(attribute.object(), scope);
        yield at(attribute.offset(), () -> Lookups.attribute(object, attribute.name(), budget));
      }
      case Node.Item item -> {
        Object object = evaluate(item.object(), scope);
        Object key = evaluate(item.key(), scope);
        yield at(item.offset(), () -> Lookups.item(object, key, budget));
      }
      case Node.Slice slice -> slice(slice, scope);
      case Node.Invocation call -> call(call, scope, null);
      case Node.Filtered filtered -> filter(filtered.filter(), evaluate(filtered.input(), scope), scope);
      case Node.Tested tested -> {
        Object input = evaluate(tested.input(), scope);
        Arguments arguments = arguments(tested.test().name(), tested.test().arguments(), scope, null);
        yield at(tested.offset(), () -> Tests.test(tested.test().name(), input, arguments)) != tested.negated();
      }
      case Node.Unary unary -> unary(unary, scope);
      case Node.Binary binary -> binary(binary, scope);
      case Node.Comparison comparison -> compare(comparison, scope);
      case Node.Concatenation concatenation -> {
        StringBuilder text = new StringBuilder();
        for (Node.Expression part : concatenation.parts()) {
          text.append(PythonText.str(evaluate(part, scope)));
          budget.length(text.length());
        }
        yield text.toString();
      }
      case Node.Conditional conditional -> {
        if (Values.isTrue(evaluate(conditional.test(), scope))) {
          yield evaluate(conditional.then(), scope);
        }
        yield conditional.otherwise() == null
            ? new Undefined("the inline if-expression evaluated to false and no else section was defined, its value")
            : evaluate(conditional.otherwise(), scope);
      }
    };
  }

  private List<@Nullable Object> all(List<Node.Expression> expressions, Scope scope) {
    List<@Nullable Object> values = new ArrayList<>(expressions.size());
    for (Node.Expression expression : expressions) {
      values.add(evaluate(expression, scope));
    }
    return values;
  }

  private Object dict(Node.DictLiteral dict, Scope scope) {
    Map<@Nullable Object, @Nullable Object> map = new LinkedHashMap<>();
    for (int i = 0; i < dict.keys().size(); i++) {
      map.put(evaluate(dict.keys().get(i), scope), evaluate(dict.values().get(i), scope));
    }
    return map;
  }

  private @Nullable Object optional(Node.@Nullable Expression expression, Scope scope) {
    return expression == null ? null : evaluate(expression, scope);
  }

  private @Nullable Object slice(Node.Slice slice, Scope scope) {
    Object object = evaluate(slice.object(), scope);
    Object from = optional(slice.from(), scope);
    Object to = optional(slice.to(), scope);
    Object step = optional(slice.step(), scope);
    return at(slice.offset(), () -> Lookups.slice(object, from, to, step));
  }

  private Arguments arguments(String callee, Node.Arguments arguments, Scope scope, @Nullable Callable caller) {
    List<@Nullable Object> positional = all(arguments.positional(), scope);
    Map<String, @Nullable Object> named = new LinkedHashMap<>();
    for (int i = 0; i < arguments.names().size(); i++) {
      named.put(arguments.names().get(i), evaluate(arguments.named().get(i), scope));
    }
    if (arguments.more() != null) {
      positional.addAll(Values.items(evaluate(arguments.more(), scope)));
    }
    if (arguments.moreNamed() != null) {
      if (!(evaluate(arguments.moreNamed(), scope) instanceof Map<?, ?> more)) {
        throw new TemplateException(callee + " needs a dict after **");
      }
      more.forEach((key, value) -> named.put(PythonText.str(key), Values.of(value)));
    }
    if (caller != null) {
      named.put("caller", caller);
    }
    return new Arguments(callee, positional, named);
  }

  /** Calls with the body of a call block as {@code caller}. */
  @Nullable Object callWith(Node.Invocation call, Scope scope, Callable caller) {
    return call(call, scope, caller);
  }

  private @Nullable Object call(Node.Invocation call, Scope scope, @Nullable Callable caller) {
    Object callee = evaluate(call.callee(), scope);
    String name = switch (call.callee()) {
      case Node.Name named -> named.name();
      case Node.Attribute attribute -> attribute.name();
      default -> "the callee";
    };
    Arguments arguments = at(call.offset(), () -> arguments(name, call.arguments(), scope, caller));
    return at(call.offset(), () -> {
      if (callee instanceof Callable callable) {
        return invoke(callable, arguments, call.offset());
      }
      if (callee instanceof Undefined undefined) {
        throw undefined.error();
      }
      throw new TemplateException("'" + Values.typeName(callee) + "' object is not callable");
    });
  }

  private @Nullable Object invoke(Callable callable, Arguments arguments, int offset) {
    try {
      return callable.call(arguments);
    } catch (Globals.Raise raise) {
      throw new TemplateRaisedException(raise.said(), SourceText.where(source, offset));
    }
  }

  /** Applies a filter. */
  @Nullable Object filter(Node.Call filter, @Nullable Object input, Scope scope) {
    Arguments arguments = at(filter.offset(), () -> arguments(filter.name(), filter.arguments(), scope, null));
    return at(filter.offset(), () -> filters.apply(filter.name(), input, arguments));
  }

  private Object unary(Node.Unary unary, Scope scope) {
    Object operand = evaluate(unary.operand(), scope);
    if (unary.operator().equals("not")) {
      return !Values.isTrue(operand);
    }
    return at(unary.offset(), () -> {
      if (operand instanceof Undefined undefined) {
        throw undefined.error();
      }
      if (!Values.isNumber(operand)) {
        throw new TemplateException("bad operand type for unary " + unary.operator() + ": '" + Values.typeName(operand) + "'");
      }
      return unary.operator().equals("-") ? Numbers.negate(operand) : Numbers.plus(operand);
    });
  }

  private @Nullable Object binary(Node.Binary binary, Scope scope) {
    Object left = evaluate(binary.left(), scope);
    return switch (binary.operator()) {
      case "and" -> Values.isTrue(left) ? evaluate(binary.right(), scope) : left;
      case "or" -> Values.isTrue(left) ? left : evaluate(binary.right(), scope);
      default -> {
        Object right = evaluate(binary.right(), scope);
        yield at(binary.offset(), () -> Operators.apply(binary.operator(), left, right, budget));
      }
    };
  }

  private Object compare(Node.Comparison comparison, Scope scope) {
    Object left = evaluate(comparison.first(), scope);
    for (int i = 0; i < comparison.operators().size(); i++) {
      Object right = evaluate(comparison.rest().get(i), scope);
      String operator = comparison.operators().get(i);
      Object before = left;
      if (!at(comparison.offset(), () -> Operators.compare(operator, before, right))) {
        return false;
      }
      left = right;
    }
    return true;
  }
}
