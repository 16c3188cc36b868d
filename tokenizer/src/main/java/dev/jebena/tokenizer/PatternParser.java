package dev.jebena.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * Reads the regular expressions that pre-tokenizers use: classes of characters with properties, ranges and intersections, groups, choices,
 * repetitions, and a look at the next character. Whatever else the dialects of Oniguruma and of Rust's libraries have is not read here.
 */
final class PatternParser {

  /** Where {@code $} holds, and what a word is. */
  enum Dialect {
    /** {@code $} before every line feed, too: Oniguruma's, which {@code tokenizer.json} is written in. */
    LINES,
    /** {@code $} at the end alone: Rust's, which rank files are cut with. */
    TEXT
  }

  /** Tells that a pattern needs more than is read here. */
  static final class BeyondException extends Exception {
    private static final long serialVersionUID = 1L;

    BeyondException(String what) {
      super(what, null, false, false);
    }
  }

  private static final int MAX_COUNT = 1000;
  private static final int MAX_DEPTH = 50;

  private final String text;
  private final Dialect dialect;
  private int at;
  private int depth;
  private boolean ignoresCase;

  private PatternParser(String text, Dialect dialect) {
    this.text = text;
    this.dialect = dialect;
  }

  /**
   * Reads a pattern.
   *
   * @throws BeyondException if it is malformed or uses what is not read here
   */
  static PatternNode parse(String pattern, Dialect dialect) throws BeyondException {
    PatternParser parser = new PatternParser(pattern, dialect);
    PatternNode node = parser.choice();
    if (parser.at < pattern.length()) {
      throw new BeyondException("unmatched )");
    }
    return node;
  }

  private boolean more() {
    return at < text.length();
  }

  private int peek() throws BeyondException {
    if (!more()) {
      throw new BeyondException("the pattern ends too early");
    }
    return text.codePointAt(at);
  }

  private int next() throws BeyondException {
    int c = peek();
    at += Character.charCount(c);
    return c;
  }

  private boolean takes(String expected) {
    if (text.startsWith(expected, at)) {
      at += expected.length();
      return true;
    }
    return false;
  }

  private PatternNode choice() throws BeyondException {
    if (++depth > MAX_DEPTH) {
      throw new BeyondException("nested too deep");
    }
    boolean outerCase = ignoresCase;
    List<PatternNode> ways = new ArrayList<>();
    do {
      ways.add(sequence());
    } while (takes("|"));
    ignoresCase = outerCase;
    depth--;
    return ways.size() == 1 ? ways.getFirst() : new PatternNode.Choice(List.copyOf(ways));
  }

  private PatternNode sequence() throws BeyondException {
    List<PatternNode> parts = new ArrayList<>();
    while (more() && peek() != '|' && peek() != ')') {
      if (takes("(?i)")) {
        ignoresCase = true;
        continue;
      }
      parts.add(repeated(atom()));
    }
    return parts.size() == 1 ? parts.getFirst() : new PatternNode.Sequence(List.copyOf(parts));
  }

  private PatternNode repeated(PatternNode body) throws BeyondException {
    PatternNode node = body;
    while (more()) {
      int min = 0;
      int max = PatternNode.Repeat.UNBOUNDED;
      boolean counted = false;
      if (takes("?")) {
        max = 1;
      } else if (takes("+")) {
        min = 1;
      } else if (takes("{")) {
        counted = true;
        min = number();
        max = min;
        if (takes(",")) {
          max = peek() == '}' ? PatternNode.Repeat.UNBOUNDED : number();
        }
        if (!takes("}") || max != PatternNode.Repeat.UNBOUNDED && max < min) {
          throw new BeyondException("a count that is not {n}, {n,} or {n,m}");
        }
      } else if (!takes("*")) {
        return node;
      }
      node = new PatternNode.Repeat(node, min, max, appetite(counted));
    }
    return node;
  }

  /** In Oniguruma's Ruby syntax a plus after a count repeats what was counted; in Rust's it is possessive. */
  private PatternNode.Appetite appetite(boolean counted) {
    if (takes("?")) {
      return PatternNode.Appetite.LAZY;
    }
    if (!(counted && dialect == Dialect.LINES) && takes("+")) {
      return PatternNode.Appetite.POSSESSIVE;
    }
    return PatternNode.Appetite.GREEDY;
  }

  private int number() throws BeyondException {
    int value = 0;
    int from = at;
    while (more() && peek() >= '0' && peek() <= '9') {
      value = value * 10 + next() - '0';
      if (value > MAX_COUNT) {
        throw new BeyondException("a count above " + MAX_COUNT);
      }
    }
    if (at == from) {
      throw new BeyondException("a count without digits");
    }
    return value;
  }

  private PatternNode atom() throws BeyondException {
    int c = next();
    return switch (c) {
      case '(' -> group();
      case '[' -> new PatternNode.Chars(cased(set()));
      case '\\' -> takes("z") ? new PatternNode.Ahead(CodePointSet.EMPTY, true) : new PatternNode.Chars(cased(escape(PatternProperties::word)));
      case '.' -> new PatternNode.Chars(CodePointSet.of('\n').complement());
      case '$' -> new PatternNode.Ahead(dialect == Dialect.LINES ? CodePointSet.of('\n') : CodePointSet.EMPTY, true);
      case '^', '*', '+', '?' -> throw new BeyondException("'" + Character.toString(c) + "' here");
      default -> new PatternNode.Chars(cased(CodePointSet.of(c)));
    };
  }

  private PatternNode group() throws BeyondException {
    boolean outerCase = ignoresCase;
    boolean aheadIs = takes("?=");
    boolean aheadIsNot = !aheadIs && takes("?!");
    if (!aheadIs && !aheadIsNot && !takes("?:")) {
      if (takes("?i:")) {
        ignoresCase = true;
      } else if (more() && peek() == '?') {
        throw new BeyondException("a group of this kind");
      }
    }
    PatternNode body = choice();
    ignoresCase = outerCase;
    if (!takes(")")) {
      throw new BeyondException("a group that does not end");
    }
    if (!aheadIs && !aheadIsNot) {
      return body;
    }
    if (!(body instanceof PatternNode.Chars(CodePointSet set))) {
      throw new BeyondException("a look at more than the next character");
    }
    return aheadIs ? new PatternNode.Ahead(set, false) : new PatternNode.Ahead(set.complement(), true);
  }

  /** What is between brackets, the first of which is taken. */
  private CodePointSet set() throws BeyondException {
    boolean negated = takes("^");
    CodePointSet all = CodePointSet.EMPTY;
    boolean first = true;
    while (first || peek() != ']') {
      first = false;
      if (takes("&&")) {
        CodePointSet right = CodePointSet.EMPTY;
        while (peek() != ']' && !text.startsWith("&&", at)) {
          right = right.union(member());
        }
        all = all.intersect(right);
      } else {
        all = all.union(member());
      }
    }
    at++;
    return negated ? all.complement() : all;
  }

  private CodePointSet member() throws BeyondException {
    if (takes("[")) {
      if (peek() == ':') {
        throw new BeyondException("a POSIX class");
      }
      return set();
    }
    int c = next();
    if (c == '\\') {
      int literal = literalEscape();
      if (literal < 0) {
        return escape(PatternProperties::wordInClass);
      }
      c = literal;
    }
    boolean isRange = text.startsWith("-", at) && at + 1 < text.length() && text.charAt(at + 1) != ']' && text.charAt(at + 1) != '[';
    if (!isRange) {
      return CodePointSet.of(c);
    }
    at++;
    int last = next();
    if (last == '\\') {
      last = literalEscape();
    }
    if (last < c) {
      throw new BeyondException("a range that ends before it begins");
    }
    return CodePointSet.range(c, last);
  }

  /** The character that an escape stands for if it stands for just one, else -1 and nothing is taken but the backslash. */
  private int literalEscape() throws BeyondException {
    int c = peek();
    boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
    int literal =
        switch (c) {
          case 'n' -> '\n';
          case 'r' -> '\r';
          case 't' -> '\t';
          case 'f' -> '\f';
          default -> letter ? -1 : c;
        };
    if (literal >= 0) {
      next();
    } else if (takes("u")) {
      literal = hexadecimal(4);
    } else if (takes("x{")) {
      int end = text.indexOf('}', at);
      literal = hexadecimal(end - at);
      at++;
    } else if (takes("x")) {
      literal = hexadecimal(2);
    }
    return literal;
  }

  private int hexadecimal(int digits) throws BeyondException {
    if (digits < 1 || digits > 6 || at + digits > text.length()) {
      throw new BeyondException("a code point that is not written in up to six digits");
    }
    int value = 0;
    for (int i = 0; i < digits; i++) {
      int digit = Character.digit(text.charAt(at++), 16);
      if (digit < 0) {
        throw new BeyondException("a code point that is not hexadecimal");
      }
      value = value * 16 + digit;
    }
    if (value > Character.MAX_CODE_POINT) {
      throw new BeyondException("a code point above 10FFFF");
    }
    return value;
  }

  /** What an escape stands for, given what a word is there. */
  private CodePointSet escape(Function<Dialect, CodePointSet> word) throws BeyondException {
    int literal = literalEscape();
    if (literal >= 0) {
      return CodePointSet.of(literal);
    }
    int c = next();
    return switch (c) {
      case 's' -> PatternProperties.SPACE;
      case 'S' -> PatternProperties.SPACE.complement();
      case 'd' -> PatternProperties.named("Nd");
      case 'D' -> PatternProperties.named("Nd").complement();
      case 'w' -> word.apply(dialect);
      case 'W' -> word.apply(dialect).complement();
      case 'p', 'P' -> {
        CodePointSet set = property();
        yield c == 'p' ? set : set.complement();
      }
      default -> throw new BeyondException("\\" + Character.toString(c));
    };
  }

  private CodePointSet property() throws BeyondException {
    if (!takes("{")) {
      return PatternProperties.named(Character.toString(next()));
    }
    boolean negated = takes("^");
    int end = text.indexOf('}', at);
    if (end < 0) {
      throw new BeyondException("a property that does not end");
    }
    CodePointSet set = PatternProperties.named(text.substring(at, end));
    at = end + 1;
    return negated ? set.complement() : set;
  }

  /** Letters in both cases where case is ignored. */
  private CodePointSet cased(CodePointSet set) throws BeyondException {
    if (!ignoresCase) {
      return set;
    }
    CodePointSet all = set;
    int[] borders = set.borders();
    if (borders.length > 0 && (borders.length % 2 != 0 || borders[borders.length - 1] > 0x80)) {
      throw new BeyondException("characters outside of ASCII where case is ignored");
    }
    for (int c = 'a'; c <= 'z'; c++) {
      int upper = Character.toString(c).toUpperCase(Locale.ROOT).charAt(0);
      if (set.contains(c) || set.contains(upper)) {
        all = all.union(CodePointSet.of(c)).union(CodePointSet.of(upper));
        // the long s and the Kelvin sign have these as their lower case
        all = c == 's' ? all.union(CodePointSet.of(0x17F)) : c == 'k' ? all.union(CodePointSet.of(0x212A)) : all;
      }
    }
    return all;
  }
}
