package dev.jebena.tokenizer.template;

import dev.jebena.tokenizer.template.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Builds the tree of statements; {@link ExpressionParser} reads what stands in them. The grammar is that of jinja2 3.1. */
final class Parser {

  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private final int maxDepth;
  private int depth;

  Parser(List<Token> tokens, String source, TemplateLimits limits) {
    this.tokens = new TokenStream(tokens, source);
    this.maxDepth = limits.maxDepth();
    this.expressions = new ExpressionParser(this.tokens, maxDepth);
  }

  Node.Body parseTemplate() {
    Node.Body body = body(Set.of());
    if (tokens.peek().kind() != Kind.END) {
      throw tokens.error("a tag '" + tokens.peek().text() + "' has nothing to end");
    }
    return body;
  }

  /** Reads statements up to a block tag that begins with one of {@code ends}, which stays to be read: at its name. */
  private Node.Body body(Set<String> ends) {
    if (++depth > maxDepth) {
      throw tokens.error("blocks are nested deeper than " + maxDepth);
    }
    List<Node.Statement> statements = new ArrayList<>();
    while (true) {
      Token token = tokens.peek();
      switch (token.kind()) {
        case DATA -> {
          tokens.next();
          statements.add(new Node.Data(token.text()));
        }
        case VARIABLE_BEGIN -> {
          tokens.next();
          statements.add(new Node.Output(expressions.tuple(ExpressionParser.Conditions.ALLOWED), token.offset()));
          tokens.expect(Kind.VARIABLE_END, "}}");
        }
        case BLOCK_BEGIN -> {
          tokens.next();
          if (tokens.peek().kind() == Kind.NAME && ends.contains(tokens.peek().text())) {
            depth--;
            return new Node.Body(List.copyOf(statements));
          }
          statements.add(statement());
        }
        case END -> {
          if (!ends.isEmpty()) {
            throw tokens.error("the template ends where one of " + ends + " is needed");
          }
          depth--;
          return new Node.Body(List.copyOf(statements));
        }
        default -> throw tokens.error("'" + token.text() + "' is unexpected");
      }
    }
  }

  private Node.Statement statement() {
    Token name = tokens.expectName();
    return switch (name.text()) {
      case "if" -> ifStatement();
      case "for" -> forStatement(name.offset());
      case "set" -> setStatement(name.offset());
      case "macro" -> macro(name.offset());
      case "call" -> callBlock(name.offset());
      case "filter" -> filterBlock(name.offset());
      case "with" -> with(name.offset());
      case "generation" -> {
        endTag();
        Node.Body body = body(Set.of("endgeneration"));
        closing();
        yield new Node.Generation(body);
      }
      case "break" -> {
        endTag();
        yield new Node.Break(name.offset());
      }
      case "continue" -> {
        endTag();
        yield new Node.Continue(name.offset());
      }
      default -> throw tokens.errorAt(name, "the tag '" + name.text() + "' is not known");
    };
  }

  private void endTag() {
    tokens.expect(Kind.BLOCK_END, "%}");
  }

  /** Reads the name of an end tag and its end. */
  private void closing() {
    tokens.expectName();
    endTag();
  }

  private Node.Statement ifStatement() {
    List<Node.Expression> tests = new ArrayList<>();
    List<Node.Body> bodies = new ArrayList<>();
    Node.Body otherwise = null;
    tests.add(expressions.tuple(ExpressionParser.Conditions.NOT_ALLOWED));
    endTag();
    while (true) {
      bodies.add(body(Set.of("elif", "else", "endif")));
      Token end = tokens.expectName();
      if (end.text().equals("elif")) {
        tests.add(expressions.tuple(ExpressionParser.Conditions.NOT_ALLOWED));
        endTag();
        continue;
      }
      endTag();
      if (end.text().equals("else")) {
        otherwise = body(Set.of("endif"));
        closing();
      }
      return new Node.If(List.copyOf(tests), List.copyOf(bodies), otherwise);
    }
  }

  private Node.Statement forStatement(int offset) {
    Node.Target target = target(Set.of("in"));
    tokens.expect(Kind.NAME, "in");
    Node.Expression iterable = expressions.tuple(ExpressionParser.Conditions.NOT_ALLOWED);
    Node.Expression filter = tokens.skip(Kind.NAME, "if") ? expressions.expression() : null;
    boolean recursive = tokens.skip(Kind.NAME, "recursive");
    endTag();
    Node.Body body = body(Set.of("else", "endfor"));
    Node.Body otherwise = null;
    if (tokens.expectName().text().equals("else")) {
      endTag();
      otherwise = body(Set.of("endfor"));
      tokens.expectName();
    }
    endTag();
    return new Node.For(target, iterable, filter, body, otherwise, recursive, offset);
  }

  /** Reads names, a tuple of them, or {@code namespace.attribute}. */
  private Node.Target target(Set<String> ends) {
    List<Node.Target> targets = new ArrayList<>();
    boolean tuple = false;
    while (true) {
      if (tokens.peek().kind() == Kind.BLOCK_END || tokens.peek().kind() == Kind.NAME && ends.contains(tokens.peek().text())
          && (tuple || tokens.peekSecond().kind() != Kind.NAME)) {
        if (!targets.isEmpty()) {
          break;
        }
      }
      if (tokens.peek().is(Kind.OPERATOR, "=") || tokens.peek().is(Kind.OPERATOR, ")")) {
        break;
      }
      targets.add(singleTarget(ends));
      if (!tokens.skip(Kind.OPERATOR, ",")) {
        break;
      }
      tuple = true;
    }
    if (targets.isEmpty()) {
      throw tokens.error("the name of a variable is missing");
    }
    return tuple ? new Node.TupleTarget(List.copyOf(targets)) : targets.getFirst();
  }

  private Node.Target singleTarget(Set<String> ends) {
    if (tokens.skip(Kind.OPERATOR, "(")) {
      Node.Target inner = target(ends);
      tokens.expect(Kind.OPERATOR, ")");
      return inner;
    }
    Token name = tokens.expectName();
    if (ExpressionParser.CONSTANTS.contains(name.text())) {
      throw tokens.errorAt(name, "'" + name.text() + "' cannot be assigned to");
    }
    if (tokens.skip(Kind.OPERATOR, ".")) {
      return new Node.AttributeTarget(name.text(), tokens.expectName().text());
    }
    return new Node.NameTarget(name.text());
  }

  private Node.Statement setStatement(int offset) {
    Node.Target target = target(Set.of());
    if (tokens.skip(Kind.OPERATOR, "=")) {
      Node.Expression value = expressions.tuple(ExpressionParser.Conditions.ALLOWED);
      endTag();
      return new Node.Set(target, value, offset);
    }
    List<Node.Call> filters = tokens.skip(Kind.OPERATOR, "|") ? expressions.filters() : List.of();
    endTag();
    Node.Body body = body(Set.of("endset"));
    closing();
    return new Node.SetBlock(target, filters, body, offset);
  }

  private Node.Signature signature() {
    List<String> names = new ArrayList<>();
    List<Node.Expression> defaults = new ArrayList<>();
    tokens.expect(Kind.OPERATOR, "(");
    while (!tokens.peek().is(Kind.OPERATOR, ")")) {
      if (!names.isEmpty()) {
        tokens.expect(Kind.OPERATOR, ",");
      }
      names.add(tokens.expectName().text());
      if (tokens.skip(Kind.OPERATOR, "=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw tokens.error("a parameter without a default follows one that has a default");
      }
    }
    tokens.expect(Kind.OPERATOR, ")");
    return new Node.Signature(List.copyOf(names), List.copyOf(defaults));
  }

  private Node.Statement macro(int offset) {
    String name = tokens.expectName().text();
    Node.Signature signature = signature();
    endTag();
    Node.Body body = body(Set.of("endmacro"));
    closing();
    return new Node.MacroDefinition(name, signature, body, offset);
  }

  private Node.Statement callBlock(int offset) {
    Node.Signature signature =
        tokens.peek().is(Kind.OPERATOR, "(") ? signature() : new Node.Signature(List.of(), List.of());
    Node.Expression call = expressions.expression();
    if (!(call instanceof Node.Invocation)) {
      throw tokens.error("a call block needs a call");
    }
    endTag();
    Node.Body body = body(Set.of("endcall"));
    closing();
    return new Node.CallBlock(call, signature, body, offset);
  }

  private Node.Statement filterBlock(int offset) {
    List<Node.Call> filters = expressions.filters();
    endTag();
    Node.Body body = body(Set.of("endfilter"));
    closing();
    return new Node.FilterBlock(filters, body, offset);
  }

  private Node.Statement with(int offset) {
    List<Node.Target> targets = new ArrayList<>();
    List<Node.Expression> values = new ArrayList<>();
    while (tokens.peek().kind() != Kind.BLOCK_END) {
      if (!targets.isEmpty()) {
        tokens.expect(Kind.OPERATOR, ",");
      }
      targets.add(singleTarget(Set.of()));
      tokens.expect(Kind.OPERATOR, "=");
      values.add(expressions.expression());
    }
    endTag();
    Node.Body body = body(Set.of("endwith"));
    closing();
    return new Node.With(List.copyOf(targets), List.copyOf(values), body, offset);
  }

  /** Tokens with one of look-ahead. */
  static final class TokenStream {

    private final List<Token> tokens;
    private final String source;
    private int at;

    TokenStream(List<Token> tokens, String source) {
      this.tokens = tokens;
      this.source = source;
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

    boolean skip(Kind kind, String text) {
      if (peek().is(kind, text)) {
        next();
        return true;
      }
      return false;
    }

    Token expect(Kind kind, String text) {
      if (!peek().is(kind, text)) {
        throw error("'" + text + "' is missing, found '" + peek().text() + "'");
      }
      return next();
    }

    Token expectName() {
      if (peek().kind() != Kind.NAME) {
        throw error("a name is missing, found '" + peek().text() + "'");
      }
      return next();
    }

    TemplateException error(String what) {
      return errorAt(peek(), what);
    }

    TemplateException errorAt(@Nullable Token token, String what) {
      return SourceText.error(source, token == null ? source.length() : token.offset(), what);
    }
  }
}
