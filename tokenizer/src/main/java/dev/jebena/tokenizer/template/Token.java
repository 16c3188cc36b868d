package dev.jebena.tokenizer.template;

/**
 * A piece of source.
 *
 * @param text the data, the name, the decoded string, the digits or the operator
 * @param offset where it begins in the source
 */
record Token(Kind kind, String text, int offset) {

  /** What a token is. */
  enum Kind {
    DATA,
    BLOCK_BEGIN,
    BLOCK_END,
    VARIABLE_BEGIN,
    VARIABLE_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean is(Kind wanted, String wantedText) {
    return kind == wanted && text.equals(wantedText);
  }

  boolean isOperator(String wantedText) {
    return is(Kind.OPERATOR, wantedText);
  }

  boolean isName(String wantedText) {
    return is(Kind.NAME, wantedText);
  }

  /** How an error names it. */
  String description() {
    return kind == Kind.END ? "the end of the template" : "'" + text + "'";
  }
}
