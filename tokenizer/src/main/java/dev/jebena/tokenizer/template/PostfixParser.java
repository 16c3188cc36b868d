package dev.jebena.tokenizer.template;

import dev.jebena.tokenizer.template.Token.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads what stands behind a value: attributes, brackets, calls, filters and tests. */
final class PostfixParser {

  private static final Set<String> NO_ARGUMENT_OF_TEST = Set.of("else", "or", "and");

  private final TokenStream tokens;
  private final ExpressionParser expressions;

  PostfixParser(TokenStream tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  /** Attributes, brackets and calls. */
  Node.Expression postfix(Node.Expression start) {
    Node.Expression node = start;
    while (true) {
      Token token = tokens.peek();
      if (token.isOperator(".")) {
        node = attribute(node);
      } else if (token.isOperator("[")) {
        node = subscript(node);
      } else if (token.isOperator("(")) {
        node = call(node);
      } else {
        return node;
      }
    }
  }

  /** Filters and tests, and calls of what they give. */
  Node.Expression filtersAndTests(Node.Expression start) {
    Node.Expression node = start;
    while (true) {
      Token token = tokens.peek();
      if (token.isOperator("|")) {
        node = filters(node);
      } else if (token.isName("is")) {
        node = test(node);
      } else if (token.isOperator("(")) {
        node = call(node);
      } else {
        return node;
      }
    }
  }

  private Node.Expression attribute(Node.Expression object) {
    int offset = tokens.next().offset();
    Token name = tokens.next();
    return switch (name.kind()) {
      case NAME -> new Node.Attribute(object, name.text(), offset);
      case INTEGER -> new Node.Item(object, new Node.Constant(expressions.integer(name), name.offset()), offset);
      default -> throw tokens.error(name.offset(), "a name or a number is missing after the dot, found " + name.description());
    };
  }

  private Node.Expression subscript(Node.Expression object) {
    int offset = tokens.next().offset();
    List<Node.Expression> keys = new ArrayList<>();
    while (!tokens.skipOperator("]")) {
      if (!keys.isEmpty()) {
        tokens.expectOperator(",");
      }
      keys.add(subscribed());
    }
    if (keys.size() == 1) {
      return new Node.Item(object, keys.getFirst(), offset);
    }
    if (keys.stream().anyMatch(Node.Slice.class::isInstance)) {
      throw tokens.error(offset, "a slice stands beside other keys");
    }
    return new Node.Item(object, new Node.TupleLiteral(List.copyOf(keys), offset), offset);
  }

  private Node.Expression subscribed() {
    int offset = tokens.peek().offset();
    Node.Expression from = tokens.peek().isOperator(":") ? null : expressions.expression();
    if (from != null && !tokens.peek().isOperator(":")) {
      return from;
    }
    tokens.expectOperator(":");
    Node.Expression to = endsBound() || tokens.peek().isOperator(":") ? null : expressions.expression();
    Node.Expression step = tokens.skipOperator(":") && !endsBound() ? expressions.expression() : null;
    return new Node.Slice(from, to, step, offset);
  }

  private boolean endsBound() {
    return tokens.peek().isOperator("]") || tokens.peek().isOperator(",");
  }

  private Node.Call call(Node.Expression callee) {
    int offset = tokens.peek().offset();
    return new Node.Call(callee, arguments(), offset);
  }

  private Node.CallArguments arguments() {
    int offset = tokens.expectOperator("(").offset();
    List<Node.Expression> positional = new ArrayList<>();
    List<String> names = new ArrayList<>();
    List<Node.Expression> named = new ArrayList<>();
    Node.Expression more = null;
    Node.Expression moreNamed = null;
    boolean first = true;
    while (!tokens.peek().isOperator(")")) {
      if (!first) {
        tokens.expectOperator(",");
        if (tokens.peek().isOperator(")")) {
          break;
        }
      }
      first = false;
      boolean ordered;
      if (tokens.skipOperator("*")) {
        ordered = more == null && moreNamed == null;
        more = expressions.expression();
      } else if (tokens.skipOperator("**")) {
        ordered = moreNamed == null;
        moreNamed = expressions.expression();
      } else if (tokens.peek().kind() == Kind.NAME && tokens.peekSecond().isOperator("=")) {
        ordered = moreNamed == null;
        names.add(tokens.next().text());
        tokens.next();
        named.add(expressions.expression());
      } else {
        ordered = more == null && moreNamed == null && named.isEmpty();
        positional.add(expressions.expression());
      }
      if (!ordered) {
        throw tokens.error(offset, "the arguments of the call stand in a wrong order");
      }
    }
    tokens.expectOperator(")");
    if (new HashSet<>(names).size() < names.size()) {
      throw tokens.error(offset, "an argument is given twice by its name");
    }
    return new Node.CallArguments(List.copyOf(positional), List.copyOf(names), List.copyOf(named), more, moreNamed);
  }

  /** Reads filters with the bars before them. */
  Node.Expression filters(Node.@Nullable Expression input) {
    Node.Expression node = input;
    do {
      tokens.expectOperator("|");
      node = filter(node);
    } while (tokens.peek().isOperator("|"));
    return node;
  }

  /** Reads a filter without a bar, and those that follow with one. */
  Node.Expression filtersOfBlock() {
    Node.Expression first = filter(null);
    return tokens.peek().isOperator("|") ? filters(first) : first;
  }

  private Node.Expression filter(Node.@Nullable Expression input) {
    int offset = tokens.peek().offset();
    String name = dottedName();
    return new Node.Filtered(input, name, tokens.peek().isOperator("(") ? arguments() : Node.CallArguments.NONE, offset);
  }

  private String dottedName() {
    StringBuilder name = new StringBuilder(tokens.expectName().text());
    while (tokens.skipOperator(".")) {
      name.append('.').append(tokens.expectName().text());
    }
    return name.toString();
  }

  private Node.Expression test(Node.Expression input) {
    int offset = tokens.next().offset();
    boolean negated = tokens.skipName("not");
    String name = dottedName();
    Node.CallArguments arguments = Node.CallArguments.NONE;
    if (tokens.peek().isOperator("(")) {
      arguments = arguments();
    } else if (beginsArgumentOfTest(tokens.peek())) {
      if (tokens.peek().isName("is")) {
        throw tokens.error("tests cannot be chained with is");
      }
      arguments = new Node.CallArguments(List.of(postfix(expressions.primary())), List.of(), List.of(), null, null);
    }
    Node.Expression node = new Node.Tested(input, name, arguments, offset);
    return negated ? new Node.Not(node, offset) : node;
  }

  private static boolean beginsArgumentOfTest(Token token) {
    return switch (token.kind()) {
      case NAME -> !NO_ARGUMENT_OF_TEST.contains(token.text());
      case STRING, INTEGER, FLOAT -> true;
      case OPERATOR -> token.text().equals("[") || token.text().equals("{");
      default -> false;
    };
  }
}
