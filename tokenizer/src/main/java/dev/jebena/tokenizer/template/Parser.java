package dev.jebena.tokenizer.template;

import dev.jebena.tokenizer.template.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Builds the tree of statements; {@link ExpressionParser} reads what stands in them. The grammar is that of jinja2 3.1. */
final class Parser {

  private static final Set<String> OF_SEVERAL_FILES = Set.of("block", "extends", "include", "import", "from");

  private final TokenStream tokens;
  private final ExpressionParser expressions;

  /** Whether a target may be an attribute of a namespace. */
  private enum Namespaces {
    ALLOWED,
    NOT_ALLOWED
  }

  Parser(List<Token> tokens, String source, TemplateLimits limits) {
    this.tokens = new TokenStream(tokens, source, limits.maxDepth());
    this.expressions = new ExpressionParser(this.tokens);
  }

  List<Node.Statement> parseTemplate() {
    return statements(Set.of());
  }

  /** Reads {@code %}}, and statements up to a block tag that begins with one of {@code ends}, which stays to be read: at its name. */
  private List<Node.Statement> body(String... ends) {
    // a colon may stand there as it does in Python
    tokens.skipOperator(":");
    endTag();
    return statements(Set.of(ends));
  }

  private List<Node.Statement> statements(Set<String> ends) {
    tokens.enter();
    List<Node.Statement> statements = new ArrayList<>();
    while (true) {
      Token token = tokens.next();
      switch (token.kind()) {
        case DATA -> statements.add(new Node.Data(token.text()));
        case VARIABLE_BEGIN -> {
          statements.add(new Node.Output(expressions.tuple(ExpressionParser.Conditions.ALLOWED), token.offset()));
          tokens.expect(Kind.VARIABLE_END, "}}");
        }
        case BLOCK_BEGIN -> {
          if (tokens.peek().kind() == Kind.NAME && ends.contains(tokens.peek().text())) {
            tokens.leave();
            return List.copyOf(statements);
          }
          statement(statements);
          endTag();
        }
        case END -> {
          if (!ends.isEmpty()) {
            throw tokens.error("the template ends where one of " + ends.stream().sorted().toList() + " is needed");
          }
          tokens.leave();
          return List.copyOf(statements);
        }
        default -> throw tokens.error(token.offset(), token.description() + " is unexpected");
      }
    }
  }

  private void statement(List<Node.Statement> statements) {
    Token name = tokens.expectName();
    int offset = name.offset();
    switch (name.text()) {
      case "if" -> statements.add(ifStatement());
      case "for" -> statements.add(forStatement(offset));
      case "set" -> statements.add(setStatement(offset));
      case "macro" -> statements.add(macro(offset));
      case "call" -> statements.add(callBlock(offset));
      case "filter" -> {
        Node.Expression filter = expressions.postfixes().filtersOfBlock();
        statements.add(new Node.FilterBlock(filter, closed("endfilter"), offset));
      }
      case "with" -> statements.add(with(offset));
      case "generation" -> statements.add(new Node.Generation(closed("endgeneration"), offset));
      case "print" -> print(statements, offset);
      case "autoescape" -> statements.add(autoescape());
      case "break" -> statements.add(new Node.Break(offset));
      case "continue" -> statements.add(new Node.Continue(offset));
      default -> throw tokens.error(
          offset,
          OF_SEVERAL_FILES.contains(name.text())
              ? "the tag '" + name.text() + "' is for templates of several files; a chat template is one"
              : "the tag '" + name.text() + "' is not known or has nothing to end here");
    }
  }

  private void endTag() {
    tokens.expect(Kind.BLOCK_END, "%}");
  }

  /** Reads a body and the name of the tag that ends it. */
  private List<Node.Statement> closed(String end) {
    List<Node.Statement> body = body(end);
    tokens.next();
    return body;
  }

  private Node.If ifStatement() {
    Node.Expression test = expressions.tuple(ExpressionParser.Conditions.NOT_ALLOWED);
    List<Node.Statement> body = body("elif", "else", "endif");
    List<Node.If> elifs = new ArrayList<>();
    List<Node.Statement> otherwise = List.of();
    Token end = tokens.next();
    while (end.isName("elif")) {
      Node.Expression another = expressions.tuple(ExpressionParser.Conditions.NOT_ALLOWED);
      elifs.add(new Node.If(another, body("elif", "else", "endif"), List.of(), List.of()));
      end = tokens.next();
    }
    if (end.isName("else")) {
      otherwise = closed("endif");
    }
    return new Node.If(test, body, List.copyOf(elifs), otherwise);
  }

  private Node.For forStatement(int offset) {
    Node.Expression target = target(Namespaces.NOT_ALLOWED);
    tokens.expect(Kind.NAME, "in");
    Node.Expression iterable = expressions.tuple(ExpressionParser.Conditions.NOT_ALLOWED);
    Node.Expression filter = tokens.skipName("if") ? expressions.expression() : null;
    boolean recursive = tokens.skipName("recursive");
    List<Node.Statement> body = body("else", "endfor");
    List<Node.Statement> otherwise = tokens.next().isName("else") ? closed("endfor") : List.of();
    return new Node.For(target, iterable, filter, body, otherwise, recursive, offset);
  }

  /** Reads what can be assigned to: a name, a tuple of them, or {@code namespace.attribute}. */
  private Node.Expression target(Namespaces namespaces) {
    int offset = tokens.peek().offset();
    List<Node.Expression> items = new ArrayList<>();
    boolean tuple = false;
    while (!ExpressionParser.endsTuple(tokens.peek())) {
      items.add(singleTarget(namespaces));
      if (!tokens.peek().isOperator(",")) {
        break;
      }
      tuple = true;
      tokens.next();
    }
    if (items.isEmpty()) {
      throw tokens.error("the name of a variable is missing, found " + tokens.peek().description());
    }
    Node.Expression target = tuple ? new Node.TupleLiteral(List.copyOf(items), offset) : items.getFirst();
    requireTarget(target);
    return target;
  }

  private Node.Expression singleTarget(Namespaces namespaces) {
    Node.Expression item = expressions.primary();
    if (namespaces == Namespaces.ALLOWED && item instanceof Node.Name name && tokens.skipOperator(".")) {
      return new Node.NamespaceAttribute(name.name(), tokens.expectName().text(), name.offset());
    }
    return item;
  }

  private void requireTarget(Node.Expression target) {
    switch (target) {
      case Node.Name name -> {}
      case Node.NamespaceAttribute attribute -> {}
      case Node.TupleLiteral tuple -> tuple.items().forEach(this::requireTarget);
      default -> throw tokens.error(target.offset(), "nothing can be assigned to this");
    }
  }

  private Node.Name name() {
    if (expressions.primary() instanceof Node.Name name) {
      return name;
    }
    throw tokens.error("the name of a variable is missing");
  }

  private Node.Statement setStatement(int offset) {
    Node.Expression target = target(Namespaces.ALLOWED);
    if (tokens.skipOperator("=")) {
      return new Node.Assign(target, expressions.tuple(ExpressionParser.Conditions.ALLOWED), offset);
    }
    Node.Expression filter = tokens.peek().isOperator("|") ? expressions.postfixes().filters(null) : null;
    return new Node.AssignBlock(target, filter, closed("endset"), offset);
  }

  private Node.Signature signature() {
    List<Node.Name> names = new ArrayList<>();
    List<Node.Expression> defaults = new ArrayList<>();
    tokens.expectOperator("(");
    while (!tokens.peek().isOperator(")")) {
      if (!names.isEmpty()) {
        tokens.expectOperator(",");
      }
      Node.Name name = name();
      if (names.stream().anyMatch(other -> other.name().equals(name.name()))) {
        throw tokens.error(name.offset(), "two parameters are called '" + name.name() + "'");
      }
      names.add(name);
      if (tokens.skipOperator("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw tokens.error("a parameter without a default follows one that has a default");
      }
    }
    tokens.next();
    return new Node.Signature(List.copyOf(names), List.copyOf(defaults));
  }

  private Node.Statement macro(int offset) {
    Node.Name name = name();
    Node.Signature signature = signature();
    return new Node.MacroDefinition(name, signature, closed("endmacro"), offset);
  }

  private Node.Statement callBlock(int offset) {
    Node.Signature signature = tokens.peek().isOperator("(") ? signature() : Node.Signature.NONE;
    if (!(expressions.expression() instanceof Node.Call call)) {
      throw tokens.error(offset, "a call block needs a call");
    }
    return new Node.CallBlock(call, signature, closed("endcall"), offset);
  }

  private Node.Statement with(int offset) {
    List<Node.Expression> targets = new ArrayList<>();
    List<Node.Expression> values = new ArrayList<>();
    while (tokens.peek().kind() != Kind.BLOCK_END) {
      if (!targets.isEmpty()) {
        tokens.expectOperator(",");
      }
      targets.add(target(Namespaces.NOT_ALLOWED));
      tokens.expectOperator("=");
      values.add(expressions.expression());
    }
    return new Node.With(List.copyOf(targets), List.copyOf(values), closed("endwith"), offset);
  }

  private void print(List<Node.Statement> statements, int offset) {
    boolean first = true;
    while (tokens.peek().kind() != Kind.BLOCK_END) {
      if (!first) {
        tokens.expectOperator(",");
      }
      first = false;
      statements.add(new Node.Output(expressions.expression(), offset));
    }
  }

  private Node.Statement autoescape() {
    int offset = tokens.peek().offset();
    if (!(expressions.expression() instanceof Node.Constant constant) || Values.isTrue(constant.value())) {
      throw tokens.error(offset, "autoescape is for HTML; a chat template can only switch it off");
    }
    return new Node.Scope(closed("endautoescape"));
  }
}
