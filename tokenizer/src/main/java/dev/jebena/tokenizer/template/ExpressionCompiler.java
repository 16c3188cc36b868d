package dev.jebena.tokenizer.template;

import dev.jebena.tokenizer.template.FunctionScope.Variable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Compiles expressions. */
final class ExpressionCompiler {

  private final String source;
  private final Frame frame;

  ExpressionCompiler(String source, Frame frame) {
    this.source = source;
    this.frame = frame;
  }

  Code.Expression compile(Node.Expression node) {
    int offset = node.offset();
    return switch (node) {
      case Node.Constant constant -> {
        Object value = constant.value();
        yield activation -> value;
      }
      case Node.Name name -> name(name);
      case Node.ListLiteral list -> {
        Code.Expression[] items = all(list.items());
        yield activation -> evaluateAll(items, activation);
      }
      case Node.TupleLiteral tuple -> {
        Code.Expression[] items = all(tuple.items());
        yield activation -> new Tuple(evaluateAll(items, activation));
      }
      case Node.DictLiteral dict -> dict(dict);
      case Node.Attribute attribute -> {
        Code.Expression object = compile(attribute.object());
        String name = attribute.name();
        yield activation -> {
          Object value = object.evaluate(activation);
          activation.run().place = offset;
          return Lookups.attribute(value, name);
        };
      }
      case Node.Item item -> item(item);
      case Node.Call call -> call(call, null);
      case Node.Filtered filtered -> filtered(filtered);
      case Node.Tested tested -> tested(tested);
      case Node.Not not -> {
        Code.Expression operand = compile(not.operand());
        yield activation -> !Values.isTrue(operand.evaluate(activation));
      }
      case Node.Sign sign -> sign(sign);
      case Node.And and -> {
        Code.Expression left = compile(and.left());
        Code.Expression right = compile(and.right());
        yield activation -> {
          Object value = left.evaluate(activation);
          return Values.isTrue(value) ? right.evaluate(activation) : value;
        };
      }
      case Node.Or or -> {
        Code.Expression left = compile(or.left());
        Code.Expression right = compile(or.right());
        yield activation -> {
          Object value = left.evaluate(activation);
          return Values.isTrue(value) ? value : right.evaluate(activation);
        };
      }
      case Node.Binary binary -> binary(binary);
      case Node.Comparison comparison -> comparison(comparison);
      case Node.Concatenation concatenation -> concatenation(concatenation);
      case Node.Conditional conditional -> conditional(conditional);
      case Node.Slice slice -> throw SourceText.error(source, offset, "a slice stands outside of brackets");
      case Node.NamespaceAttribute attribute -> throw SourceText.error(source, offset, "this is not a value");
    };
  }

  private Code.Expression[] all(List<Node.Expression> nodes) {
    return nodes.stream().map(this::compile).toArray(Code.Expression[]::new);
  }

  private static List<@Nullable Object> evaluateAll(Code.Expression[] expressions, Activation activation) {
    @Nullable Object[] values = new Object[expressions.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = expressions[i].evaluate(activation);
    }
    return Arrays.asList(values);
  }

  private Code.Expression name(Node.Name name) {
    Variable variable = frame.symbols().find(name.name());
    if (variable == null) {
      throw SourceText.error(source, name.offset(), "the name '" + name.name() + "' cannot be used here");
    }
    int hops = frame.symbols().function().hopsTo(variable);
    int slot = variable.slot();
    Undefined undefined = Undefined.name(name.name());
    if (hops == 0) {
      return activation -> {
        Object value = activation.slots()[slot];
        return value == Values.MISSING ? undefined : value;
      };
    }
    return activation -> {
      Object value = activation.outwards(hops).slots()[slot];
      return value == Values.MISSING ? undefined : value;
    };
  }

  private Code.Expression dict(Node.DictLiteral dict) {
    Code.Expression[] keys = all(dict.keys());
    Code.Expression[] values = all(dict.values());
    return activation -> {
      Map<@Nullable Object, @Nullable Object> map = Dicts.create();
      for (int i = 0; i < keys.length; i++) {
        Object key = keys[i].evaluate(activation);
        Object value = values[i].evaluate(activation);
        activation.run().place = dict.offset();
        Dicts.put(map, key, value);
      }
      return map;
    };
  }

  private Code.Expression item(Node.Item item) {
    Code.Expression object = compile(item.object());
    int offset = item.offset();
    if (item.key() instanceof Node.Slice slice) {
      Code.Expression none = activation -> null;
      Code.Expression from = slice.from() == null ? none : compile(slice.from());
      Code.Expression to = slice.to() == null ? none : compile(slice.to());
      Code.Expression step = slice.step() == null ? none : compile(slice.step());
      return activation -> {
        Object value = object.evaluate(activation);
        Object first = from.evaluate(activation);
        Object last = to.evaluate(activation);
        Object stride = step.evaluate(activation);
        activation.run().place = offset;
        return Slices.slice(value, first, last, stride, activation.run().budget);
      };
    }
    Code.Expression key = compile(item.key());
    return activation -> {
      Object value = object.evaluate(activation);
      Object wanted = key.evaluate(activation);
      activation.run().place = offset;
      return Lookups.item(value, wanted);
    };
  }

  /** A call; {@code caller} is the body of the call block that it belongs to. */
  Code.Expression call(Node.Call call, Macro.@Nullable Definition caller) {
    if (caller != null && call.arguments().names().contains("caller")) {
      throw SourceText.error(source, call.offset(), "the argument 'caller' is the body of the call block");
    }
    Code.ArgumentList arguments = arguments(call.arguments(), caller);
    int offset = call.offset();
    if (call.callee() instanceof Node.Attribute attribute) {
      return methodCall(compile(attribute.object()), attribute, arguments, offset);
    }
    Code.Expression callee = compile(call.callee());
    return activation -> call(callee.evaluate(activation), arguments, activation, offset);
  }

  /** The same as calling an attribute's value, without making a value of a string's method. */
  private static Code.Expression methodCall(
      Code.Expression object, Node.Attribute attribute, Code.ArgumentList arguments, int offset) {
    String name = attribute.name();
    boolean ofStrings = StringMethods.has(name);
    return activation -> {
      Object value = object.evaluate(activation);
      Run run = activation.run();
      if (ofStrings && value instanceof String text) {
        Arguments given = arguments.evaluate(activation);
        run.place = offset;
        run.budget.step();
        return StringMethods.call(text, name, given, run);
      }
      run.place = attribute.offset();
      return call(Lookups.attribute(value, name), arguments, activation, offset);
    };
  }

  private static @Nullable Object call(@Nullable Object callee, Code.ArgumentList arguments, Activation activation, int offset) {
    Arguments given = arguments.evaluate(activation);
    Run run = activation.run();
    run.place = offset;
    run.budget.step();
    return switch (callee) {
      case Callable callable -> callable.call(given, run);
      case Undefined undefined -> throw undefined.failure();
      case null, default -> throw new Failure("'" + Values.typeName(callee) + "' object is not callable");
    };
  }

  private Code.ArgumentList arguments(Node.CallArguments arguments, Macro.@Nullable Definition caller) {
    if (arguments.equals(Node.CallArguments.NONE) && caller == null) {
      return activation -> Arguments.NONE;
    }
    Code.Expression[] positional = all(arguments.positional());
    Code.Expression[] named = all(arguments.named());
    List<String> names = arguments.names();
    Code.Expression more = arguments.more() == null ? null : compile(arguments.more());
    Code.Expression moreNamed = arguments.moreNamed() == null ? null : compile(arguments.moreNamed());
    if (named.length == 0 && more == null && moreNamed == null && caller == null) {
      return activation -> new Arguments(evaluateAll(positional, activation), Map.of());
    }
    return activation -> {
      List<@Nullable Object> values = new ArrayList<>(evaluateAll(positional, activation));
      Map<String, @Nullable Object> byName = Arguments.names();
      for (int i = 0; i < named.length; i++) {
        byName.put(names.get(i), named[i].evaluate(activation));
      }
      if (more != null) {
        values.addAll(Values.items(more.evaluate(activation), activation.run().budget));
      }
      if (caller != null) {
        byName.put("caller", new Macro(caller, activation));
      }
      if (moreNamed != null) {
        addNamed(moreNamed.evaluate(activation), byName);
      }
      return new Arguments(values, byName);
    };
  }

  private static void addNamed(@Nullable Object more, Map<String, @Nullable Object> byName) {
    if (!(more instanceof Map<?, ?> map)) {
      throw new Failure("argument after ** must be a mapping, not " + Values.typeName(more));
    }
    map.forEach((key, value) -> {
      if (!(key instanceof String name)) {
        throw new Failure("keywords must be strings");
      }
      if (byName.containsKey(name)) {
        throw new Failure("got multiple values for keyword argument " + PythonText.repr(name));
      }
      byName.put(name, value);
    });
  }

  private Code.Expression filtered(Node.Filtered node) {
    Code.Expression input = node.input() == null ? activation -> activation.run().captured : compile(node.input());
    Filter filter = Filters.find(node.name());
    int offset = node.offset();
    if (filter == null && frame.names() == Frame.Names.ALWAYS) {
      throw SourceText.error(source, offset, "No filter named " + PythonText.repr(node.name()));
    }
    Code.ArgumentList arguments = arguments(node.arguments(), null);
    return activation -> {
      Object value = input.evaluate(activation);
      Arguments given = arguments.evaluate(activation);
      Run run = activation.run();
      run.place = offset;
      run.budget.step();
      if (filter == null) {
        throw new Failure("No filter named " + PythonText.repr(node.name()) + " found.");
      }
      return filter.apply(value, given, run);
    };
  }

  private Code.Expression tested(Node.Tested node) {
    Code.Expression input = compile(node.input());
    Test test = Tests.find(node.name());
    int offset = node.offset();
    if (test == null && frame.names() == Frame.Names.ALWAYS) {
      throw SourceText.error(source, offset, "No test named " + PythonText.repr(node.name()));
    }
    Code.ArgumentList arguments = arguments(node.arguments(), null);
    return activation -> {
      Object value = input.evaluate(activation);
      Arguments given = arguments.evaluate(activation);
      activation.run().place = offset;
      if (test == null) {
        throw new Failure("No test named " + PythonText.repr(node.name()) + " found.");
      }
      return test.test(value, given, activation.run());
    };
  }

  private Code.Expression binary(Node.Binary binary) {
    Operators.Binary operator = binary.operator();
    if (operator == Operators.Binary.POWER && binary.left() instanceof Node.Sign(boolean negative, Node.Constant base, int offset) && negative
        && !isConstant(binary.right())) {
      // jinja2 writes -2 ** n into Python without the parentheses that it read: the sign comes last
      return compile(new Node.Sign(true, new Node.Binary(operator, base, binary.right(), binary.offset()), offset));
    }
    Code.Expression left = compile(binary.left());
    Code.Expression right = compile(binary.right());
    return activation -> {
      Object a = left.evaluate(activation);
      Object b = right.evaluate(activation);
      activation.run().place = binary.offset();
      return Operators.apply(operator, a, b, activation.run());
    };
  }

  private static boolean isConstant(Node.Expression node) {
    return node instanceof Node.Constant || node instanceof Node.Sign sign && isConstant(sign.operand());
  }

  private Code.Expression sign(Node.Sign sign) {
    Code.Expression operand = compile(sign.operand());
    Function<@Nullable Object, Object> apply = sign.negative() ? Numbers::negate : Numbers::plus;
    return activation -> {
      Object value = operand.evaluate(activation);
      activation.run().place = sign.offset();
      if (value instanceof Undefined undefined) {
        throw undefined.failure();
      }
      if (!Values.isNumber(value)) {
        throw new Failure("bad operand type for unary " + (sign.negative() ? "-" : "+") + ": '" + Values.typeName(value) + "'");
      }
      return apply.apply(value);
    };
  }

  private Code.Expression comparison(Node.Comparison comparison) {
    Code.Expression first = compile(comparison.first());
    Code.Expression[] rest = all(comparison.rest());
    Operators.Relation[] relations = comparison.relations().toArray(Operators.Relation[]::new);
    int offset = comparison.offset();
    return activation -> {
      Object left = first.evaluate(activation);
      for (int i = 0; i < rest.length; i++) {
        Object right = rest[i].evaluate(activation);
        activation.run().place = offset;
        if (!Operators.compare(relations[i], left, right, activation.run().budget)) {
          return false;
        }
        left = right;
      }
      return true;
    };
  }

  private Code.Expression concatenation(Node.Concatenation concatenation) {
    Code.Expression[] parts = all(concatenation.parts());
    int offset = concatenation.offset();
    return activation -> {
      List<@Nullable Object> values = evaluateAll(parts, activation);
      activation.run().place = offset;
      StringBuilder text = new StringBuilder();
      for (Object value : values) {
        text.append(PythonText.str(value));
      }
      activation.run().budget.builds(text.length());
      return text.toString();
    };
  }

  private Code.Expression conditional(Node.Conditional conditional) {
    ExpressionCompiler inner = new ExpressionCompiler(source, frame.conditional());
    Code.Expression test = inner.compile(conditional.test());
    Code.Expression then = inner.compile(conditional.then());
    Undefined undefined = new Undefined("the inline if-expression evaluated to false and no else section was defined.");
    Code.Expression otherwise = conditional.otherwise() == null ? activation -> undefined : inner.compile(conditional.otherwise());
    return activation -> Values.isTrue(test.evaluate(activation)) ? then.evaluate(activation) : otherwise.evaluate(activation);
  }
}
