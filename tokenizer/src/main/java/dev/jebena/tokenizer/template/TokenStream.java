package dev.jebena.tokenizer.template;

import dev.jebena.tokenizer.template.Token.Kind;
import java.util.List;

/** Tokens with one of look-ahead, and how deep the parser is in what they nest. */
final class TokenStream {

  private final List<Token> tokens;
  private final String source;
  private final int maxDepth;
  private int at;
  private int depth;

  TokenStream(List<Token> tokens, String source, int maxDepth) {
    this.tokens = tokens;
    this.source = source;
    this.maxDepth = maxDepth;
  }

  Token peek() {
    return tokens.get(at);
  }

  Token peekSecond() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = tokens.get(at);
    at = Math.min(at + 1, tokens.size() - 1);
    return token;
  }

  boolean skipName(String text) {
    return skip(Kind.NAME, text);
  }

  boolean skipOperator(String text) {
    return skip(Kind.OPERATOR, text);
  }

  private boolean skip(Kind kind, String text) {
    if (peek().is(kind, text)) {
      next();
      return true;
    }
    return false;
  }

  Token expect(Kind kind, String text) {
    if (!peek().is(kind, text)) {
      throw error("'" + text + "' is missing, found " + peek().description());
    }
    return next();
  }

  Token expectOperator(String text) {
    return expect(Kind.OPERATOR, text);
  }

  Token expectName() {
    if (peek().kind() != Kind.NAME) {
      throw error("a name is missing, found " + peek().description());
    }
    return next();
  }

  /** Goes one level down. */
  void enter() {
    if (++depth > maxDepth) {
      throw error("the template is nested deeper than " + maxDepth);
    }
  }

  void leave() {
    depth--;
  }

  TemplateException error(String what) {
    return error(peek().offset(), what);
  }

  TemplateException error(int offset, String what) {
    return SourceText.error(source, offset, what);
  }
}
