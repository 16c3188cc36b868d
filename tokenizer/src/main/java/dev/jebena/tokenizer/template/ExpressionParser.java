package dev.jebena.tokenizer.template;

import dev.jebena.tokenizer.template.Token.Kind;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads expressions by descent, one method for each level of precedence, as jinja2 3.1 orders them. */
final class ExpressionParser {

  private static final Map<String, Operators.Relation> COMPARISONS =
      Map.of(
          "==", Operators.Relation.EQUAL, "!=", Operators.Relation.NOT_EQUAL, "<", Operators.Relation.LESS,
          "<=", Operators.Relation.LESS_OR_EQUAL, ">", Operators.Relation.GREATER, ">=", Operators.Relation.GREATER_OR_EQUAL);
  private static final Map<String, Operators.Binary> SUMS = Map.of("+", Operators.Binary.ADD, "-", Operators.Binary.SUBTRACT);
  private static final Map<String, Operators.Binary> PRODUCTS =
      Map.of(
          "*", Operators.Binary.MULTIPLY, "/", Operators.Binary.DIVIDE, "//", Operators.Binary.FLOOR_DIVIDE, "%", Operators.Binary.MODULO);

  /** Whether {@code a if b else c} may stand without parentheses. */
  enum Conditions {
    ALLOWED,
    NOT_ALLOWED
  }

  private final TokenStream tokens;
  private final PostfixParser postfixes;

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
    this.postfixes = new PostfixParser(tokens, this);
  }

  /** What reads behind values. */
  PostfixParser postfixes() {
    return postfixes;
  }

  Node.Expression expression() {
    return expression(Conditions.ALLOWED);
  }

  private Node.Expression expression(Conditions conditions) {
    tokens.enter();
    Node.Expression result = conditions == Conditions.ALLOWED ? conditional() : or();
    tokens.leave();
    return result;
  }

  /** One expression, or several with commas between them, which are a tuple. */
  Node.Expression tuple(Conditions conditions) {
    return tuple(conditions, false);
  }

  private Node.Expression tuple(Conditions conditions, boolean inParentheses) {
    int offset = tokens.peek().offset();
    List<Node.Expression> items = new ArrayList<>();
    while (!endsTuple(tokens.peek())) {
      items.add(expression(conditions));
      if (!tokens.peek().isOperator(",")) {
        return items.size() == 1 ? items.getFirst() : new Node.TupleLiteral(List.copyOf(items), offset);
      }
      tokens.next();
    }
    if (items.isEmpty() && !inParentheses) {
      throw tokens.error("an expression is missing, found " + tokens.peek().description());
    }
    return new Node.TupleLiteral(List.copyOf(items), offset);
  }

  static boolean endsTuple(Token token) {
    return token.kind() == Kind.VARIABLE_END || token.kind() == Kind.BLOCK_END || token.isOperator(")");
  }

  private Node.Expression conditional() {
    int offset = tokens.peek().offset();
    Node.Expression value = or();
    while (tokens.skipName("if")) {
      Node.Expression test = or();
      Node.Expression otherwise = tokens.skipName("else") ? expression() : null;
      value = new Node.Conditional(test, value, otherwise, offset);
    }
    return value;
  }

  private Node.Expression or() {
    Node.Expression left = and();
    while (tokens.peek().isName("or")) {
      int offset = tokens.next().offset();
      left = new Node.Or(left, and(), offset);
    }
    return left;
  }

  private Node.Expression and() {
    Node.Expression left = not();
    while (tokens.peek().isName("and")) {
      int offset = tokens.next().offset();
      left = new Node.And(left, not(), offset);
    }
    return left;
  }

  private Node.Expression not() {
    if (!tokens.peek().isName("not")) {
      return comparison();
    }
    int offset = tokens.next().offset();
    tokens.enter();
    Node.Expression operand = not();
    tokens.leave();
    return new Node.Not(operand, offset);
  }

  private Node.Expression comparison() {
    Node.Expression first = sum();
    int offset = tokens.peek().offset();
    List<Operators.Relation> relations = new ArrayList<>();
    List<Node.Expression> rest = new ArrayList<>();
    for (Operators.Relation relation = relation(); relation != null; relation = relation()) {
      relations.add(relation);
      rest.add(sum());
    }
    return rest.isEmpty() ? first : new Node.Comparison(first, List.copyOf(relations), List.copyOf(rest), offset);
  }

  private Operators.@Nullable Relation relation() {
    Token token = tokens.peek();
    if (token.kind() == Kind.OPERATOR && COMPARISONS.containsKey(token.text())) {
      return COMPARISONS.get(tokens.next().text());
    }
    if (tokens.skipName("in")) {
      return Operators.Relation.IN;
    }
    if (token.isName("not") && tokens.peekSecond().isName("in")) {
      tokens.next();
      tokens.next();
      return Operators.Relation.NOT_IN;
    }
    return null;
  }

  private Operators.@Nullable Binary operator(Map<String, Operators.Binary> operators) {
    return tokens.peek().kind() == Kind.OPERATOR ? operators.get(tokens.peek().text()) : null;
  }

  private Node.Expression sum() {
    Node.Expression left = concatenation();
    for (Operators.Binary operator = operator(SUMS); operator != null; operator = operator(SUMS)) {
      int offset = tokens.next().offset();
      left = new Node.Binary(operator, left, concatenation(), offset);
    }
    return left;
  }

  private Node.Expression concatenation() {
    int offset = tokens.peek().offset();
    List<Node.Expression> parts = new ArrayList<>(List.of(product()));
    while (tokens.skipOperator("~")) {
      parts.add(product());
    }
    return parts.size() == 1 ? parts.getFirst() : new Node.Concatenation(List.copyOf(parts), offset);
  }

  private Node.Expression product() {
    Node.Expression left = power();
    for (Operators.Binary operator = operator(PRODUCTS); operator != null; operator = operator(PRODUCTS)) {
      int offset = tokens.next().offset();
      left = new Node.Binary(operator, left, power(), offset);
    }
    return left;
  }

  private Node.Expression power() {
    Node.Expression left = unary(true);
    while (tokens.peek().isOperator("**")) {
      int offset = tokens.next().offset();
      left = new Node.Binary(Operators.Binary.POWER, left, unary(true), offset);
    }
    return left;
  }

  private Node.Expression unary(boolean withFilters) {
    Token token = tokens.peek();
    Node.Expression node;
    if (token.isOperator("-") || token.isOperator("+")) {
      tokens.next();
      tokens.enter();
      node = new Node.Sign(token.isOperator("-"), unary(false), token.offset());
      tokens.leave();
    } else {
      node = primary();
    }
    node = postfixes.postfix(node);
    return withFilters ? postfixes.filtersAndTests(node) : node;
  }

  Node.Expression primary() {
    Token token = tokens.next();
    int offset = token.offset();
    return switch (token.kind()) {
      case NAME -> switch (token.text()) {
        case "true", "True" -> new Node.Constant(true, offset);
        case "false", "False" -> new Node.Constant(false, offset);
        case "none", "None" -> new Node.Constant(null, offset);
        default -> new Node.Name(token.text(), offset);
      };
      case STRING -> {
        StringBuilder text = new StringBuilder(token.text());
        while (tokens.peek().kind() == Kind.STRING) {
          text.append(tokens.next().text());
        }
        yield new Node.Constant(text.toString(), offset);
      }
      case INTEGER -> new Node.Constant(integer(token), offset);
      case FLOAT -> new Node.Constant(Double.valueOf(token.text().replace("_", "")), offset);
      default -> {
        if (token.isOperator("(")) {
          Node.Expression inner = tuple(Conditions.ALLOWED, true);
          tokens.expectOperator(")");
          yield inner;
        }
        if (token.isOperator("[")) {
          yield list(offset);
        }
        if (token.isOperator("{")) {
          yield dict(offset);
        }
        throw tokens.error(offset, token.description() + " is unexpected");
      }
    };
  }

  Object integer(Token token) {
    String digits = token.text().replace("_", "");
    int radix = digits.length() < 2 ? 10 : switch (digits.charAt(1)) {
      case 'b', 'B' -> 2;
      case 'o', 'O' -> 8;
      case 'x', 'X' -> 16;
      default -> 10;
    };
    if (digits.length() > PythonText.MAX_DIGITS) {
      throw tokens.error(token.offset(), "an integer of " + digits.length() + " digits: the limit is " + PythonText.MAX_DIGITS);
    }
    return Numbers.shrink(new BigInteger(radix == 10 ? digits : digits.substring(2), radix));
  }

  private Node.Expression list(int offset) {
    List<Node.Expression> items = new ArrayList<>();
    while (!tokens.skipOperator("]")) {
      if (!items.isEmpty()) {
        tokens.expectOperator(",");
        if (tokens.skipOperator("]")) {
          break;
        }
      }
      items.add(expression());
    }
    return new Node.ListLiteral(List.copyOf(items), offset);
  }

  private Node.Expression dict(int offset) {
    List<Node.Expression> keys = new ArrayList<>();
    List<Node.Expression> values = new ArrayList<>();
    while (!tokens.skipOperator("}")) {
      if (!keys.isEmpty()) {
        tokens.expectOperator(",");
        if (tokens.skipOperator("}")) {
          break;
        }
      }
      keys.add(expression());
      tokens.expectOperator(":");
      values.add(expression());
    }
    return new Node.DictLiteral(List.copyOf(keys), List.copyOf(values), offset);
  }
}
