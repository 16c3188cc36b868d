package dev.jebena.tokenizer.template;

import org.jspecify.annotations.Nullable;

/** What a template is compiled to: closures over resolved variables. */
final class Code {

  private Code() {}

  /** How a statement ended. */
  enum Flow {
    ON,
    BREAK,
    CONTINUE
  }

  /** Has a value. */
  @FunctionalInterface
  interface Expression {
    @Nullable Object evaluate(Activation activation);
  }

  /** Writes output or changes variables. */
  @FunctionalInterface
  interface Statement {
    Flow run(Activation activation);
  }

  /** Stores a value in variables. */
  @FunctionalInterface
  interface Target {
    void assign(Activation activation, @Nullable Object value);
  }

  /** Prepares the variables of a scope when it is entered. */
  @FunctionalInterface
  interface Entry {
    void enter(Activation activation);
  }

  /** Values of a call's arguments. */
  @FunctionalInterface
  interface ArgumentList {
    Arguments evaluate(Activation activation);
  }
}
