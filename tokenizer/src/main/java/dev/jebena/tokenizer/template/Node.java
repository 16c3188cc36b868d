package dev.jebena.tokenizer.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The syntax tree of a template, close to jinja2's own. {@code offset} is where a node begins in the source. */
sealed interface Node {

  /** Something that writes output or changes variables. */
  sealed interface Statement extends Node {}

  record Data(String text) implements Statement {}

  record Output(Expression value, int offset) implements Statement {}

  /** {@code elifs} are further conditions, which have neither {@code elifs} nor {@code otherwise} of their own. */
  record If(Expression test, List<Statement> body, List<If> elifs, List<Statement> otherwise) implements Statement {}

  record For(
      Expression target,
      Expression iterable,
      @Nullable Expression filter,
      List<Statement> body,
      List<Statement> otherwise,
      boolean recursive,
      int offset)
      implements Statement {}

  record Assign(Expression target, Expression value, int offset) implements Statement {}

  record AssignBlock(Expression target, @Nullable Expression filter, List<Statement> body, int offset) implements Statement {}

  record MacroDefinition(Name name, Signature signature, List<Statement> body, int offset) implements Statement {}

  record CallBlock(Call call, Signature signature, List<Statement> body, int offset) implements Statement {}

  record FilterBlock(Expression filter, List<Statement> body, int offset) implements Statement {}

  record With(List<Expression> targets, List<Expression> values, List<Statement> body, int offset) implements Statement {}

  /** Statements with variables of their own. */
  record Scope(List<Statement> body) implements Statement {}

  /** The text of a model's own turn; it passes through. */
  record Generation(List<Statement> body, int offset) implements Statement {}

  record Break(int offset) implements Statement {}

  record Continue(int offset) implements Statement {}

  /** Parameters of a macro; the last ones have defaults. */
  record Signature(List<Name> parameters, List<Expression> defaults) {
    static final Signature NONE = new Signature(List.of(), List.of());
  }

  /** Something that has a value. */
  sealed interface Expression extends Node {
    int offset();
  }

  record Constant(@Nullable Object value, int offset) implements Expression {}

  record Name(String name, int offset) implements Expression {}

  /** {@code namespace.attribute} where it is assigned to. */
  record NamespaceAttribute(String name, String attribute, int offset) implements Expression {}

  record ListLiteral(List<Expression> items, int offset) implements Expression {}

  record TupleLiteral(List<Expression> items, int offset) implements Expression {}

  record DictLiteral(List<Expression> keys, List<Expression> values, int offset) implements Expression {}

  record Attribute(Expression object, String name, int offset) implements Expression {}

  record Item(Expression object, Expression key, int offset) implements Expression {}

  /** What stands between the brackets of a slice. */
  record Slice(@Nullable Expression from, @Nullable Expression to, @Nullable Expression step, int offset) implements Expression {}

  record Call(Expression callee, CallArguments arguments, int offset) implements Expression {}

  /** A filter; {@code input} is null where the text of a block is filtered. */
  record Filtered(@Nullable Expression input, String name, CallArguments arguments, int offset) implements Expression {}

  record Tested(Expression input, String name, CallArguments arguments, int offset) implements Expression {}

  record Not(Expression operand, int offset) implements Expression {}

  record Sign(boolean negative, Expression operand, int offset) implements Expression {}

  record And(Expression left, Expression right, int offset) implements Expression {}

  record Or(Expression left, Expression right, int offset) implements Expression {}

  record Binary(Operators.Binary operator, Expression left, Expression right, int offset) implements Expression {}

  /** {@code a < b <= c}: neighbours are compared, each operand evaluated once. */
  record Comparison(Expression first, List<Operators.Relation> relations, List<Expression> rest, int offset) implements Expression {}

  record Concatenation(List<Expression> parts, int offset) implements Expression {}

  record Conditional(Expression test, Expression then, @Nullable Expression otherwise, int offset) implements Expression {}

  /** Arguments of a call, with {@code *args} and {@code **kwargs}. */
  record CallArguments(
      List<Expression> positional,
      List<String> names,
      List<Expression> named,
      @Nullable Expression more,
      @Nullable Expression moreNamed) {

    static final CallArguments NONE = new CallArguments(List.of(), List.of(), List.of(), null, null);
  }
}
