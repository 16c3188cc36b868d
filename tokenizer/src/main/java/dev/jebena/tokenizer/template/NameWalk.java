package dev.jebena.tokenizer.template;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Walks a tree in jinja2's order and reports the names that are read and written. */
final class NameWalk {

  private final Consumer<String> reads;
  private final Consumer<Node.Name> writes;
  private final Consumer<String> parameters;

  private NameWalk(Consumer<String> reads, Consumer<Node.Name> writes, Consumer<String> parameters) {
    this.reads = reads;
    this.writes = writes;
    this.parameters = parameters;
  }

  /** The names that an expression reads. */
  static void reads(Node.Expression expression, Consumer<String> reads) {
    new NameWalk(reads, name -> {}, name -> {}).expression(expression);
  }

  /** Those of {@code names} that are read in the statements before they are written there. */
  static Set<String> undeclared(List<Node.Statement> statements, Set<String> names) {
    Set<String> open = new HashSet<>(names);
    Set<String> undeclared = new HashSet<>();
    Consumer<String> read = name -> {
      if (open.contains(name)) {
        undeclared.add(name);
      }
    };
    new NameWalk(read, name -> open.remove(name.name()), open::remove).statements(statements);
    return undeclared;
  }

  /** The first place where the loop's target, or anything in the loop, writes the name; null if none does. */
  static Node.@Nullable Name write(Node.For loop, String name) {
    Node.@Nullable Name[] found = {null};
    Consumer<Node.Name> write = each -> found[0] = found[0] == null && each.name().equals(name) ? each : found[0];
    new NameWalk(each -> {}, write, each -> {}).statement(loop);
    return found[0];
  }

  private void statements(List<Node.Statement> statements) {
    statements.forEach(this::statement);
  }

  private void statement(Node.Statement statement) {
    switch (statement) {
      case Node.Data data -> {}
      case Node.Output output -> expression(output.value());
      case Node.If branch -> {
        expression(branch.test());
        statements(branch.body());
        branch.elifs().forEach(this::statement);
        statements(branch.otherwise());
      }
      case Node.For loop -> {
        target(loop.target());
        expression(loop.iterable());
        statements(loop.body());
        statements(loop.otherwise());
        expression(loop.filter());
      }
      case Node.Assign assign -> {
        target(assign.target());
        expression(assign.value());
      }
      case Node.AssignBlock assign -> {
        target(assign.target());
        expression(assign.filter());
        statements(assign.body());
      }
      case Node.MacroDefinition macro -> {
        signature(macro.signature());
        statements(macro.body());
      }
      case Node.CallBlock call -> {
        expression(call.call());
        signature(call.signature());
        statements(call.body());
      }
      case Node.FilterBlock filter -> {
        statements(filter.body());
        expression(filter.filter());
      }
      case Node.With with -> {
        with.targets().forEach(this::parameter);
        with.values().forEach(this::expression);
        statements(with.body());
      }
      case Node.Scope scope -> statements(scope.body());
      case Node.Generation generation -> statements(generation.body());
      case Node.Break end -> {}
      case Node.Continue next -> {}
    }
  }

  private void signature(Node.Signature signature) {
    signature.parameters().forEach(name -> parameters.accept(name.name()));
    signature.defaults().forEach(this::expression);
  }

  private void target(Node.Expression target) {
    switch (target) {
      case Node.Name name -> writes.accept(name);
      case Node.TupleLiteral tuple -> tuple.items().forEach(this::target);
      default -> {}
    }
  }

  private void parameter(Node.Expression target) {
    switch (target) {
      case Node.Name name -> parameters.accept(name.name());
      case Node.TupleLiteral tuple -> tuple.items().forEach(this::parameter);
      default -> {}
    }
  }

  private void expression(Node.@Nullable Expression expression) {
    switch (expression) {
      case null -> {}
      case Node.Constant constant -> {}
      case Node.NamespaceAttribute attribute -> {}
      case Node.Name name -> reads.accept(name.name());
      case Node.ListLiteral list -> list.items().forEach(this::expression);
      case Node.TupleLiteral tuple -> tuple.items().forEach(this::expression);
      case Node.DictLiteral dict -> {
        for (int i = 0; i < dict.keys().size(); i++) {
          expression(dict.keys().get(i));
          expression(dict.values().get(i));
        }
      }
      case Node.Attribute attribute -> expression(attribute.object());
      case Node.Item item -> {
        expression(item.object());
        expression(item.key());
      }
      case Node.Slice slice -> {
        expression(slice.from());
        expression(slice.to());
        expression(slice.step());
      }
      case Node.Call call -> {
        expression(call.callee());
        arguments(call.arguments());
      }
      case Node.Filtered filtered -> {
        expression(filtered.input());
        arguments(filtered.arguments());
      }
      case Node.Tested tested -> {
        expression(tested.input());
        arguments(tested.arguments());
      }
      case Node.Not not -> expression(not.operand());
      case Node.Sign sign -> expression(sign.operand());
      case Node.And and -> {
        expression(and.left());
        expression(and.right());
      }
      case Node.Or or -> {
        expression(or.left());
        expression(or.right());
      }
      case Node.Binary binary -> {
        expression(binary.left());
        expression(binary.right());
      }
      case Node.Comparison comparison -> {
        expression(comparison.first());
        comparison.rest().forEach(this::expression);
      }
      case Node.Concatenation concatenation -> concatenation.parts().forEach(this::expression);
      case Node.Conditional conditional -> {
        expression(conditional.test());
        expression(conditional.then());
        expression(conditional.otherwise());
      }
    }
  }

  private void arguments(Node.CallArguments arguments) {
    arguments.positional().forEach(this::expression);
    arguments.named().forEach(this::expression);
    expression(arguments.more());
    expression(arguments.moreNamed());
  }
}
