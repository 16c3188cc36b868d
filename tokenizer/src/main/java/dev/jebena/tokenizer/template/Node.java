package dev.jebena.tokenizer.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The syntax tree of a template. {@code offset} is where a node begins in the source. */
sealed interface Node {

  /** Statements in order. */
  record Body(List<Statement> statements) implements Node {}

  /** Something that writes output or changes variables. */
  sealed interface Statement extends Node {}

  record Data(String text) implements Statement {}

  record Output(Expression expression, int offset) implements Statement {}

  /** Tests and their bodies, then what is left. */
  record If(List<Expression> tests, List<Body> bodies, @Nullable Body otherwise) implements Statement {}

  record For(
      Target target, Expression iterable, @Nullable Expression filter, Body body, @Nullable Body otherwise, boolean recursive, int offset)
      implements Statement {}

  record Set(Target target, Expression value, int offset) implements Statement {}

  record SetBlock(Target target, List<Call> filters, Body body, int offset) implements Statement {}

  record MacroDefinition(String name, Signature signature, Body body, int offset) implements Statement {}

  record CallBlock(Expression call, Signature signature, Body body, int offset) implements Statement {}

  record FilterBlock(List<Call> filters, Body body, int offset) implements Statement {}

  record With(List<Target> targets, List<Expression> values, Body body, int offset) implements Statement {}

  /** The text of a model's own turn; it passes through. */
  record Generation(Body body) implements Statement {}

  record Break(int offset) implements Statement {}

  record Continue(int offset) implements Statement {}

  /** Parameters of a macro; the last ones have defaults. */
  record Signature(List<String> names, List<Expression> defaults) {}

  /** What an assignment writes to. */
  sealed interface Target {}

  record NameTarget(String name) implements Target {}

  record AttributeTarget(String name, String attribute) implements Target {}

  record TupleTarget(List<Target> targets) implements Target {}

  /** Something that has a value. */
  sealed interface Expression extends Node {
    int offset();
  }

  record Constant(@Nullable Object value, int offset) implements Expression {}

  record Name(String name, int offset) implements Expression {}

  record ListLiteral(List<Expression> items, int offset) implements Expression {}

  record TupleLiteral(List<Expression> items, int offset) implements Expression {}

  record DictLiteral(List<Expression> keys, List<Expression> values, int offset) implements Expression {}

  record Attribute(Expression object, String name, int offset) implements Expression {}

  record Item(Expression object, Expression key, int offset) implements Expression {}

  record Slice(
      Expression object, @Nullable Expression from, @Nullable Expression to, @Nullable Expression step, int offset)
      implements Expression {}

  record Invocation(Expression callee, Arguments arguments, int offset) implements Expression {}

  record Filtered(Expression input, Call filter, int offset) implements Expression {}

  record Tested(Expression input, Call test, boolean negated, int offset) implements Expression {}

  record Unary(String operator, Expression operand, int offset) implements Expression {}

  record Binary(String operator, Expression left, Expression right, int offset) implements Expression {}

  /** {@code a < b <= c}: neighbours are compared, each operand evaluated once. */
  record Comparison(Expression first, List<String> operators, List<Expression> rest, int offset) implements Expression {}

  record Concatenation(List<Expression> parts, int offset) implements Expression {}

  record Conditional(Expression test, Expression then, @Nullable Expression otherwise, int offset) implements Expression {}

  /** A filter or a test with its arguments. */
  record Call(String name, Arguments arguments, int offset) {}

  /** Arguments of a call, with {@code *args} and {@code **kwargs}. */
  record Arguments(
      List<Expression> positional,
      List<String> names,
      List<Expression> named,
      @Nullable Expression more,
      @Nullable Expression moreNamed) {

    static final Arguments NONE = new Arguments(List.of(), List.of(), List.of(), null, null);
  }
}
