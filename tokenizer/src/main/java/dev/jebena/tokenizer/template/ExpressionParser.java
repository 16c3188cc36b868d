package dev.jebena.tokenizer.template;

import dev.jebena.tokenizer.template.Token.Kind;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Reads expressions by descent, one method for each level of precedence, as jinja2 3.1 orders them. */
final class ExpressionParser {

  static final Set<String> CONSTANTS = Set.of("true", "false", "none", "True", "False", "None");

  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> AFTER_TEST = Set.of("else", "or", "and", "is", "in", "not", "if");

  /** Whether {@code a if b else c} may stand without parentheses. */
  enum Conditions {
    ALLOWED,
    NOT_ALLOWED
  }

  private final Parser.TokenStream tokens;
  private final int maxDepth;
  private int depth;

  ExpressionParser(Parser.TokenStream tokens, int maxDepth) {
    this.tokens = tokens;
    this.maxDepth = maxDepth;
  }

  Node.Expression expression() {
    return expression(Conditions.ALLOWED);
  }

  private Node.Expression expression(Conditions conditions) {
    if (++depth > maxDepth) {
      throw tokens.error("expressions are nested deeper than " + maxDepth);
    }
    Node.Expression result = conditions == Conditions.ALLOWED ? conditional() : or();
    depth--;
    return result;
  }

  /** One expression, or several with commas between them, which are a tuple. */
  Node.Expression tuple(Conditions conditions) {
    int offset = tokens.peek().offset();
    List<Node.Expression> items = new ArrayList<>();
    boolean isTuple = false;
    while (!endsTuple()) {
      items.add(expression(conditions));
      if (!tokens.skip(Kind.OPERATOR, ",")) {
        break;
      }
      isTuple = true;
    }
    if (items.isEmpty()) {
      throw tokens.error("an expression is missing, found '" + tokens.peek().text() + "'");
    }
    return isTuple ? new Node.TupleLiteral(List.copyOf(items), offset) : items.getFirst();
  }

  private boolean endsTuple() {
    Token token = tokens.peek();
    return token.kind() == Kind.VARIABLE_END || token.kind() == Kind.BLOCK_END || token.is(Kind.OPERATOR, ")");
  }

  private Node.Expression conditional() {
    int offset = tokens.peek().offset();
    Node.Expression value = or();
    while (tokens.skip(Kind.NAME, "if")) {
      Node.Expression test = or();
      Node.Expression otherwise = tokens.skip(Kind.NAME, "else") ? expression() : null;
      value = new Node.Conditional(test, value, otherwise, offset);
    }
    return value;
  }

  private Node.Expression or() {
    Node.Expression left = and();
    while (tokens.peek().is(Kind.NAME, "or")) {
      int offset = tokens.next().offset();
      left = new Node.Binary("or", left, and(), offset);
    }
    return left;
  }

  private Node.Expression and() {
    Node.Expression left = not();
    while (tokens.peek().is(Kind.NAME, "and")) {
      int offset = tokens.next().offset();
      left = new Node.Binary("and", left, not(), offset);
    }
    return left;
  }

  private Node.Expression not() {
    if (tokens.peek().is(Kind.NAME, "not")) {
      int offset = tokens.next().offset();
      if (++depth > maxDepth) {
        throw tokens.error("expressions are nested deeper than " + maxDepth);
      }
      Node.Expression operand = not();
      depth--;
      return new Node.Unary("not", operand, offset);
    }
    return comparison();
  }

  private Node.Expression comparison() {
    int offset = tokens.peek().offset();
    Node.Expression first = sum();
    List<String> operators = new ArrayList<>();
    List<Node.Expression> rest = new ArrayList<>();
    while (true) {
      Token token = tokens.peek();
      if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
        operators.add(tokens.next().text());
      } else if (token.is(Kind.NAME, "in")) {
        operators.add(tokens.next().text());
      } else if (token.is(Kind.NAME, "not") && tokens.peekSecond().is(Kind.NAME, "in")) {
        tokens.next();
        tokens.next();
        operators.add("not in");
      } else {
        break;
      }
      rest.add(sum());
    }
    return operators.isEmpty() ? first : new Node.Comparison(first, List.copyOf(operators), List.copyOf(rest), offset);
  }

  private Node.Expression sum() {
    Node.Expression left = concatenation();
    while (tokens.peek().is(Kind.OPERATOR, "+") || tokens.peek().is(Kind.OPERATOR, "-")) {
      Token operator = tokens.next();
      left = new Node.Binary(operator.text(), left, concatenation(), operator.offset());
    }
    return left;
  }

  private Node.Expression concatenation() {
    int offset = tokens.peek().offset();
    Node.Expression first = product();
    if (!tokens.peek().is(Kind.OPERATOR, "~")) {
      return first;
    }
    List<Node.Expression> parts = new ArrayList<>(List.of(first));
    while (tokens.skip(Kind.OPERATOR, "~")) {
      parts.add(product());
    }
    return new Node.Concatenation(List.copyOf(parts), offset);
  }

  private Node.Expression product() {
    Node.Expression left = power();
    while (tokens.peek().kind() == Kind.OPERATOR && Set.of("*", "/", "//", "%").contains(tokens.peek().text())) {
      Token operator = tokens.next();
      left = new Node.Binary(operator.text(), left, power(), operator.offset());
    }
    return left;
  }

  private Node.Expression power() {
    Node.Expression left = unary(Filters.APPLY);
    while (tokens.peek().is(Kind.OPERATOR, "**")) {
      int offset = tokens.next().offset();
      left = new Node.Binary("**", left, unary(Filters.APPLY), offset);
    }
    return left;
  }

  /** Whether filters and tests after an operand belong to it. */
  private enum Filters {
    APPLY,
    LEAVE
  }

  private Node.Expression unary(Filters filters) {
    Token token = tokens.peek();
    Node.Expression node;
    if (token.is(Kind.OPERATOR, "-") || token.is(Kind.OPERATOR, "+")) {
      tokens.next();
      if (++depth > maxDepth) {
        throw tokens.error("expressions are nested deeper than " + maxDepth);
      }
      node = new Node.Unary(token.text(), unary(Filters.LEAVE), token.offset());
      depth--;
    } else {
      node = primary();
    }
    node = postfix(node);
    return filters == Filters.APPLY ? filtersAndTests(node) : node;
  }

  private Node.Expression primary() {
    Token token = tokens.next();
    return switch (token.kind()) {
      case NAME -> switch (token.text()) {
        case "true", "True" -> new Node.Constant(true, token.offset());
        case "false", "False" -> new Node.Constant(false, token.offset());
        case "none", "None" -> new Node.Constant(null, token.offset());
        default -> new Node.Name(token.text(), token.offset());
      };
      case STRING -> {
        StringBuilder text = new StringBuilder(token.text());
        while (tokens.peek().kind() == Kind.STRING) {
          text.append(tokens.next().text());
        }
        yield new Node.Constant(text.toString(), token.offset());
      }
      case INTEGER -> new Node.Constant(integer(token.text().replace("_", "")), token.offset());
      case FLOAT -> new Node.Constant(Double.valueOf(token.text().replace("_", "")), token.offset());
      case OPERATOR -> bracketed(token);
      default -> throw tokens.errorAt(token, "an expression is missing, found '" + token.text() + "'");
    };
  }

  private static Object integer(String digits) {
    String lower = digits.toLowerCase(java.util.Locale.ROOT);
    BigInteger value = lower.startsWith("0x") ? new BigInteger(lower.substring(2), 16)
        : lower.startsWith("0b") ? new BigInteger(lower.substring(2), 2)
        : lower.startsWith("0o") ? new BigInteger(lower.substring(2), 8) : new BigInteger(lower);
    return Numbers.shrink(value);
  }

  private Node.Expression bracketed(Token token) {
    return switch (token.text()) {
      case "(" -> {
        Node.Expression inner = tokens.peek().is(Kind.OPERATOR, ")")
            ? new Node.TupleLiteral(List.of(), token.offset())
            : tuple(Conditions.ALLOWED);
        tokens.expect(Kind.OPERATOR, ")");
        yield inner;
      }
      case "[" -> {
        List<Node.Expression> items = new ArrayList<>();
        while (!tokens.peek().is(Kind.OPERATOR, "]")) {
          if (!items.isEmpty()) {
            tokens.expect(Kind.OPERATOR, ",");
            if (tokens.peek().is(Kind.OPERATOR, "]")) {
              break;
            }
          }
          items.add(expression());
        }
        tokens.expect(Kind.OPERATOR, "]");
        yield new Node.ListLiteral(List.copyOf(items), token.offset());
      }
      case "{" -> {
        List<Node.Expression> keys = new ArrayList<>();
        List<Node.Expression> values = new ArrayList<>();
        while (!tokens.peek().is(Kind.OPERATOR, "}")) {
          if (!keys.isEmpty()) {
            tokens.expect(Kind.OPERATOR, ",");
            if (tokens.peek().is(Kind.OPERATOR, "}")) {
              break;
            }
          }
          keys.add(expression());
          tokens.expect(Kind.OPERATOR, ":");
          values.add(expression());
        }
        tokens.expect(Kind.OPERATOR, "}");
        yield new Node.DictLiteral(List.copyOf(keys), List.copyOf(values), token.offset());
      }
      default -> throw tokens.errorAt(token, "an expression is missing, found '" + token.text() + "'");
    };
  }

  private Node.Expression postfix(Node.Expression start) {
    Node.Expression node = start;
    while (tokens.peek().kind() == Kind.OPERATOR) {
      Token token = tokens.peek();
      switch (token.text()) {
        case "." -> {
          tokens.next();
          Token name = tokens.next();
          node = switch (name.kind()) {
            case NAME -> new Node.Attribute(node, name.text(), name.offset());
            case INTEGER -> new Node.Item(node, new Node.Constant(integer(name.text()), name.offset()), name.offset());
            default -> throw tokens.errorAt(name, "the name of an attribute is missing");
          };
        }
        case "[" -> node = subscript(node);
        case "(" -> node = new Node.Invocation(node, arguments(), token.offset());
        default -> {
          return node;
        }
      }
    }
    return node;
  }

  private Node.Expression subscript(Node.Expression object) {
    Token bracket = tokens.expect(Kind.OPERATOR, "[");
    Node.Expression from = tokens.peek().is(Kind.OPERATOR, ":") ? null : expression();
    if (from != null && !tokens.peek().is(Kind.OPERATOR, ":")) {
      Node.Expression key = from;
      if (tokens.peek().is(Kind.OPERATOR, ",")) {
        List<Node.Expression> items = new ArrayList<>(List.of(from));
        while (tokens.skip(Kind.OPERATOR, ",")) {
          items.add(expression());
        }
        key = new Node.TupleLiteral(List.copyOf(items), bracket.offset());
      }
      tokens.expect(Kind.OPERATOR, "]");
      return new Node.Item(object, key, bracket.offset());
    }
    tokens.expect(Kind.OPERATOR, ":");
    Node.Expression to = endsSlicePart() ? null : expression();
    Node.Expression step = null;
    if (tokens.skip(Kind.OPERATOR, ":")) {
      step = endsSlicePart() ? null : expression();
    }
    tokens.expect(Kind.OPERATOR, "]");
    return new Node.Slice(object, from, to, step, bracket.offset());
  }

  private boolean endsSlicePart() {
    return tokens.peek().is(Kind.OPERATOR, ":") || tokens.peek().is(Kind.OPERATOR, "]");
  }

  private Node.Arguments arguments() {
    tokens.expect(Kind.OPERATOR, "(");
    List<Node.Expression> positional = new ArrayList<>();
    List<String> names = new ArrayList<>();
    List<Node.Expression> named = new ArrayList<>();
    Node.Expression more = null;
    Node.Expression moreNamed = null;
    boolean first = true;
    while (!tokens.peek().is(Kind.OPERATOR, ")")) {
      if (!first) {
        tokens.expect(Kind.OPERATOR, ",");
        if (tokens.peek().is(Kind.OPERATOR, ")")) {
          break;
        }
      }
      first = false;
      if (tokens.skip(Kind.OPERATOR, "*")) {
        more = expression();
      } else if (tokens.skip(Kind.OPERATOR, "**")) {
        moreNamed = expression();
      } else if (tokens.peek().kind() == Kind.NAME && tokens.peekSecond().is(Kind.OPERATOR, "=")) {
        names.add(tokens.next().text());
        tokens.next();
        named.add(expression());
      } else {
        if (!names.isEmpty() || moreNamed != null) {
          throw tokens.error("a positional argument follows a named one");
        }
        positional.add(expression());
      }
    }
    tokens.expect(Kind.OPERATOR, ")");
    return new Node.Arguments(List.copyOf(positional), List.copyOf(names), List.copyOf(named), more, moreNamed);
  }

  private Node.Expression filtersAndTests(Node.Expression start) {
    Node.Expression node = start;
    while (true) {
      Token token = tokens.peek();
      if (tokens.skip(Kind.OPERATOR, "|")) {
        node = new Node.Filtered(node, filter(), token.offset());
      } else if (tokens.skip(Kind.NAME, "is")) {
        node = test(node, token.offset());
      } else if (token.is(Kind.OPERATOR, "(")) {
        node = new Node.Invocation(node, arguments(), token.offset());
      } else {
        return node;
      }
    }
  }

  /** Filters with {@code |} between them, the first one's sign being read already. */
  List<Node.Call> filters() {
    List<Node.Call> filters = new ArrayList<>(List.of(filter()));
    while (tokens.skip(Kind.OPERATOR, "|")) {
      filters.add(filter());
    }
    return List.copyOf(filters);
  }

  private Node.Call filter() {
    Token name = tokens.expectName();
    String full = dotted(name);
    Node.Arguments arguments = tokens.peek().is(Kind.OPERATOR, "(") ? arguments() : Node.Arguments.NONE;
    return new Node.Call(full, arguments, name.offset());
  }

  private String dotted(Token name) {
    StringBuilder full = new StringBuilder(name.text());
    while (tokens.skip(Kind.OPERATOR, ".")) {
      full.append('.').append(tokens.expectName().text());
    }
    return full.toString();
  }

  private Node.Expression test(Node.Expression input, int offset) {
    boolean negated = tokens.skip(Kind.NAME, "not");
    Token name = tokens.expectName();
    String full = dotted(name);
    Node.Arguments arguments = Node.Arguments.NONE;
    Token next = tokens.peek();
    boolean opens = next.kind() == Kind.OPERATOR && Set.of("[", "{").contains(next.text());
    boolean operand = next.kind() == Kind.NAME && !AFTER_TEST.contains(next.text())
        || next.kind() == Kind.STRING || next.kind() == Kind.INTEGER || next.kind() == Kind.FLOAT;
    if (next.is(Kind.OPERATOR, "(")) {
      arguments = arguments();
    } else if (opens || operand) {
      arguments = new Node.Arguments(List.of(postfix(primary())), List.of(), List.of(), null, null);
    }
    return new Node.Tested(input, new Node.Call(full, arguments, name.offset()), negated, offset);
  }
}
