package dev.jebena.tokenizer.template;

import dev.jebena.tokenizer.template.Code.Flow;
import dev.jebena.tokenizer.template.FunctionScope.Variable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Compiles statements; the scopes that they open are those of jinja2's compiler. */
final class StatementCompiler {

  private static final Set<String> SPECIAL_PARAMETERS = Set.of("caller", "kwargs", "varargs");

  /** The template itself as code. */
  record Root(FunctionScope function, Code.Entry entry, Code.Statement body) {}

  private final String source;

  StatementCompiler(String source) {
    this.source = source;
  }

  Root compile(List<Node.Statement> template) {
    Symbols symbols = Symbols.root();
    symbols.visit(template);
    Code.Statement body = body(template, Frame.root(symbols));
    return new Root(symbols.function(), Scopes.entry(symbols), body);
  }

  private Code.Expression expression(Node.Expression node, Frame frame) {
    return new ExpressionCompiler(source, frame).compile(node);
  }

  private Code.Statement body(List<Node.Statement> statements, Frame frame) {
    Code.Statement[] all = statements.stream().map(statement -> statement(statement, frame)).toArray(Code.Statement[]::new);
    return activation -> {
      Budget budget = activation.run().budget;
      for (Code.Statement statement : all) {
        budget.step();
        Flow flow = statement.run(activation);
        if (flow != Flow.ON) {
          return flow;
        }
      }
      return Flow.ON;
    };
  }

  private Code.Statement statement(Node.Statement statement, Frame frame) {
    return switch (statement) {
      case Node.Data data -> activation -> {
        activation.run().write(data.text());
        return Flow.ON;
      };
      case Node.Output output -> writing(expression(output.value(), frame), output.offset());
      case Node.If branch -> branch(branch, frame.conditional());
      case Node.For loop -> loop(loop, frame);
      case Node.Assign assign -> assign(assign, frame);
      case Node.AssignBlock assign -> assignBlock(assign, frame);
      case Node.MacroDefinition macro -> {
        Macro.Definition definition = macro(macro.name().name(), macro.signature(), macro.body(), macro.offset(), frame);
        Code.Target target = target(macro.name(), frame);
        yield activation -> {
          target.assign(activation, new Macro(definition, activation));
          return Flow.ON;
        };
      }
      case Node.CallBlock call -> {
        Macro.Definition definition = macro(null, call.signature(), call.body(), call.offset(), frame);
        Code.Expression value = new ExpressionCompiler(source, frame).call(call.call(), definition);
        yield activation -> {
          activation.run().write(string(value.evaluate(activation)));
          return Flow.ON;
        };
      }
      case Node.FilterBlock filter -> {
        Symbols symbols = frame.symbols().inner();
        symbols.visit(filter.body());
        symbols.read(filter.filter());
        Frame inner = frame.inner(symbols);
        yield captured(symbols, body(filter.body(), inner), filtering(filter.filter(), inner), (activation, text) -> {
          activation.run().place = filter.offset();
          activation.run().write(string(text));
        });
      }
      case Node.With with -> with(with, frame);
      case Node.Scope scope -> {
        Symbols symbols = frame.symbols().inner();
        symbols.visit(scope.body());
        yield Scopes.scoped(symbols, body(scope.body(), frame.inner(symbols)));
      }
      case Node.Generation generation -> {
        Macro.Definition definition = macro(null, Node.Signature.NONE, generation.body(), generation.offset(), frame);
        yield activation -> {
          String text = new Macro(definition, activation).call(Arguments.NONE, activation.run());
          activation.run().writeGenerated(text);
          return Flow.ON;
        };
      }
      case Node.Break end -> jump(Flow.BREAK, end.offset(), frame);
      case Node.Continue next -> jump(Flow.CONTINUE, next.offset(), frame);
    };
  }

  private static Code.Statement writing(Code.Expression value, int offset) {
    return activation -> {
      Object result = value.evaluate(activation);
      activation.run().place = offset;
      activation.run().write(PythonText.str(result));
      return Flow.ON;
    };
  }

  /** What blocks write has to be a string; only what stands in braces is made one. */
  private static String string(@Nullable Object value) {
    String text = Values.text(value);
    if (text == null) {
      throw new Failure("expected str instance, " + Values.typeName(value) + " found");
    }
    return text;
  }

  private Code.Statement jump(Flow flow, int offset, Frame frame) {
    if (frame.loops() == Frame.Loops.NONE) {
      throw SourceText.error(source, offset, "there is no loop around this");
    }
    return activation -> flow;
  }

  private Code.Statement branch(Node.If branch, Frame frame) {
    Code.Expression test = expression(branch.test(), frame);
    Code.Statement body = body(branch.body(), frame);
    Code.Expression[] elifTests = branch.elifs().stream().map(elif -> expression(elif.test(), frame)).toArray(Code.Expression[]::new);
    Code.Statement[] elifBodies = branch.elifs().stream().map(elif -> body(elif.body(), frame)).toArray(Code.Statement[]::new);
    Code.Statement otherwise = body(branch.otherwise(), frame);
    return activation -> {
      if (Values.isTrue(test.evaluate(activation))) {
        return body.run(activation);
      }
      for (int i = 0; i < elifTests.length; i++) {
        if (Values.isTrue(elifTests[i].evaluate(activation))) {
          return elifBodies[i].run(activation);
        }
      }
      return otherwise.run(activation);
    };
  }

  private Code.Statement loop(Node.For loop, Frame frame) {
    Node.Name written = NameWalk.write(loop, "loop");
    if (written != null) {
      throw SourceText.error(source, written.offset(), "the variable 'loop' cannot be assigned to in a loop");
    }
    Code.Expression iterable = expression(loop.iterable(), frame);
    if (loop.recursive()) {
      Symbols inner = frame.symbols().innerFunction();
      FunctionScope function = inner.function();
      LoopCode code = loopCode(loop, frame, inner, frame.function(frame.symbols().inner(function)));
      return activation -> {
        Object items = iterable.evaluate(activation);
        activation.run().write(new LoopCode.Recursive(code, function, activation).loop(items, 0));
        return Flow.ON;
      };
    }
    LoopCode code = loopCode(loop, frame, frame.symbols().inner(), frame.inner(frame.symbols().inner()));
    return activation -> code.run(iterable.evaluate(activation), activation, activation, 0, null);
  }

  private LoopCode loopCode(Node.For loop, Frame frame, Symbols inner, Frame otherwise) {
    boolean counted = loop.recursive() || !NameWalk.undeclared(loop.body(), Set.of("loop")).isEmpty();
    int loopSlot = counted ? inner.declareParameter("loop").slot() : -1;
    inner.declareParameters(loop.target());
    inner.visit(loop.body());
    otherwise.symbols().visit(loop.otherwise());
    LoopCode.Filter filter = loop.filter() == null ? null : filter(loop.target(), loop.filter(), frame);
    Frame innerFrame = frame.inner(inner).inLoop();
    return new LoopCode(
        target(loop.target(), innerFrame), loopSlot, Scopes.entry(inner), body(loop.body(), innerFrame), Scopes.exit(inner), filter,
        loop.otherwise().isEmpty() ? null : Scopes.scoped(otherwise.symbols(), body(loop.otherwise(), otherwise)), loop.offset());
  }

  private LoopCode.Filter filter(Node.Expression target, Node.Expression test, Frame frame) {
    Symbols symbols = frame.symbols().innerFunction();
    symbols.declareParameters(target);
    symbols.read(test);
    Frame inner = frame.function(symbols);
    return new LoopCode.Filter(symbols.function(), Scopes.entry(symbols), target(target, inner), expression(test, inner));
  }

  private Code.Statement assign(Node.Assign assign, Frame frame) {
    Code.Expression value = expression(assign.value(), frame);
    Code.Target target = target(assign.target(), frame);
    Code.Expression[] namespaces = namespaces(assign.target(), frame);
    int offset = assign.offset();
    return activation -> {
      for (Code.Expression namespace : namespaces) {
        if (!(namespace.evaluate(activation) instanceof Namespace)) {
          activation.run().place = offset;
          throw new Failure("cannot assign attribute on non-namespace object");
        }
      }
      Object result = value.evaluate(activation);
      activation.run().place = offset;
      target.assign(activation, result);
      return Flow.ON;
    };
  }

  /** The objects whose attributes the target sets. */
  private Code.Expression[] namespaces(Node.Expression target, Frame frame) {
    List<Node.Expression> items = target instanceof Node.TupleLiteral tuple ? tuple.items() : List.of(target);
    return items.stream()
        .filter(Node.NamespaceAttribute.class::isInstance)
        .map(item -> expression(new Node.Name(((Node.NamespaceAttribute) item).name(), item.offset()), frame))
        .toArray(Code.Expression[]::new);
  }

  private Code.Target target(Node.Expression target, Frame frame) {
    return switch (target) {
      case Node.Name name -> {
        Variable variable = variable(name.name(), name.offset(), frame.symbols());
        int slot = variable.slot();
        yield (activation, value) -> activation.slots()[slot] = value;
      }
      case Node.NamespaceAttribute attribute -> {
        Code.Expression object = expression(new Node.Name(attribute.name(), attribute.offset()), frame);
        yield (activation, value) -> {
          if (!(object.evaluate(activation) instanceof Namespace namespace)) {
            throw new Failure("cannot assign attribute on non-namespace object");
          }
          namespace.attributes.put(attribute.attribute(), value);
        };
      }
      case Node.TupleLiteral tuple -> {
        Code.Target[] targets = tuple.items().stream().map(item -> target(item, frame)).toArray(Code.Target[]::new);
        yield (activation, value) -> unpack(targets, activation, value);
      }
      default -> throw SourceText.error(source, target.offset(), "nothing can be assigned to this");
    };
  }

  private static void unpack(Code.Target[] targets, Activation activation, @Nullable Object value) {
    List<@Nullable Object> items = Values.items(value, activation.run().budget);
    if (items.size() != targets.length) {
      throw new Failure(
          items.size() < targets.length
              ? "not enough values to unpack (expected " + targets.length + ", got " + items.size() + ")"
              : "too many values to unpack (expected " + targets.length + ")");
    }
    for (int i = 0; i < targets.length; i++) {
      targets[i].assign(activation, items.get(i));
    }
  }

  private Variable variable(String name, int offset, Symbols symbols) {
    Variable variable = symbols.find(name);
    if (variable == null) {
      throw SourceText.error(source, offset, "the name '" + name + "' cannot be used here");
    }
    return variable;
  }

  private Code.Statement assignBlock(Node.AssignBlock assign, Frame frame) {
    Symbols symbols = frame.symbols().inner();
    symbols.visit(assign.body());
    Frame inner = frame.inner(symbols);
    Code.Target target = target(assign.target(), frame);
    return captured(symbols, body(assign.body(), inner), filtering(assign.filter(), inner), (activation, text) -> {
      activation.run().place = assign.offset();
      target.assign(activation, text);
    });
  }

  private Code.Expression filtering(Node.@Nullable Expression filter, Frame frame) {
    return filter == null ? activation -> activation.run().captured : expression(filter, frame);
  }

  /** A block whose text goes through {@code filtering}, then to {@code use}. */
  private static Code.Statement captured(Symbols symbols, Code.Statement body, Code.Expression filtering, Code.Target use) {
    Code.Entry entry = Scopes.entry(symbols);
    Code.Entry exit = Scopes.exit(symbols);
    return activation -> {
      entry.enter(activation);
      Flow[] flow = {Flow.ON};
      String text = activation.run().capture(() -> flow[0] = body.run(activation));
      if (text == null) {
        // a jump out of the block: what it wrote is lost
        return flow[0];
      }
      activation.run().captured = text;
      use.assign(activation, filtering.evaluate(activation));
      exit.enter(activation);
      return Flow.ON;
    };
  }

  private Code.Statement with(Node.With with, Frame frame) {
    Symbols symbols = frame.symbols().inner();
    with.targets().forEach(symbols::declareParameters);
    symbols.visit(with.body());
    Frame inner = frame.inner(symbols);
    Code.Expression[] values = with.values().stream().map(value -> expression(value, frame)).toArray(Code.Expression[]::new);
    Code.Target[] targets = with.targets().stream().map(target -> target(target, inner)).toArray(Code.Target[]::new);
    Code.Statement body = body(with.body(), inner);
    return Scopes.scoped(symbols, activation -> {
      for (int i = 0; i < values.length; i++) {
        targets[i].assign(activation, values[i].evaluate(activation));
      }
      return body.run(activation);
    });
  }

  private Macro.Definition macro(@Nullable String name, Node.Signature signature, List<Node.Statement> body, int offset, Frame frame) {
    Symbols symbols = frame.symbols().innerFunction();
    List<String> parameters = signature.parameters().stream().map(Node.Name::name).toList();
    signature.parameters().forEach(symbols::declareParameters);
    signature.defaults().forEach(symbols::read);
    symbols.visit(body);
    Set<String> undeclared = NameWalk.undeclared(body, SPECIAL_PARAMETERS);
    Map<String, Integer> special = new LinkedHashMap<>();
    for (String each : List.of("caller", "kwargs", "varargs")) {
      boolean wanted = undeclared.contains(each) && !parameters.contains(each);
      special.put(each, wanted ? symbols.declareParameter(each).slot() : -1);
    }
    int withoutDefault = parameters.size() - signature.defaults().size();
    if (undeclared.contains("caller") && parameters.contains("caller") && parameters.indexOf("caller") < withoutDefault) {
      throw SourceText.error(source, offset, "the parameter 'caller' needs a default");
    }
    Frame inner = frame.function(symbols);
    List<Code.@Nullable Expression> defaults = new ArrayList<>();
    for (int i = 0; i < parameters.size(); i++) {
      defaults.add(i < withoutDefault ? null : expression(signature.defaults().get(i - withoutDefault), inner));
    }
    int[] slots = parameters.stream().mapToInt(parameter -> variable(parameter, offset, symbols).slot()).toArray();
    Code.Statement code = body(body, inner);
    return new Macro.Definition(
        name, parameters, slots, defaults, special.getOrDefault("caller", -1), special.getOrDefault("kwargs", -1),
        special.getOrDefault("varargs", -1), symbols.function(), Scopes.entry(symbols), code);
  }
}
