package dev.jebena.tokenizer.template;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens as jinja2's lexer does, with {@code trim_blocks} and {@code lstrip_blocks} on: the newline after a block tag
 * goes, and so does white space between the beginning of a line and a block tag or comment. A minus sign in a tag takes all white space on
 * its side, a plus sign keeps it. One newline at the end of the template goes, too.
 */
final class Lexer {

  private static final Pattern NUMBER =
      Pattern.compile(
          "(?<float>(?:[0-9]+_)*+[0-9]++(?:(?:\\.(?:[0-9]+_)*+[0-9]++)?[eE][+-]?(?:[0-9]+_)*+[0-9]++|\\.(?:[0-9]+_)*+[0-9]++))"
              + "|0[bB](?:_?[01])++|0[oO](?:_?[0-7])++|0[xX](?:_?[0-9a-fA-F])++|[1-9](?:_?[0-9])*+|0(?:_?0)*+");
  private static final String[] OPERATORS = {
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "(", ")", "[", "]", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"
  };

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private final Deque<Character> open = new ArrayDeque<>();
  private int at;
  private boolean lineStarting = true;

  Lexer(String source) {
    this.source = source;
  }

  /** The source as its lines are counted: with newlines only, and without one at the end. */
  static String normalized(String source) {
    String lines = source.indexOf('\r') < 0 ? source : source.replace("\r\n", "\n").replace('\r', '\n');
    return lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines;
  }

  List<Token> tokens() {
    while (at < source.length()) {
      data();
    }
    tokens.add(new Token(Token.Kind.END, "", source.length()));
    return tokens;
  }

  /** Reads data up to a tag, then the tag. */
  private void data() {
    int tag = nextTag(at);
    if (tag < 0) {
      emitData(at, source.length());
      at = source.length();
      return;
    }
    char kind = source.charAt(tag + 1);
    char sign = signAt(tag + 2);
    emitData(at, dataEnd(at, tag, kind == '{', sign));
    int begin = tag + (sign == ' ' ? 2 : 3);
    switch (kind) {
      case '#' -> comment(tag, begin);
      case '{' -> code(tag, begin, Token.Kind.VARIABLE_BEGIN);
      default -> {
        int raw = rawBegin(begin);
        if (raw >= 0) {
          raw(tag, raw);
        } else {
          code(tag, begin, Token.Kind.BLOCK_BEGIN);
        }
      }
    }
  }

  private char signAt(int index) {
    char c = index < source.length() ? source.charAt(index) : ' ';
    return c == '-' || c == '+' ? c : ' ';
  }

  private int nextTag(int from) {
    for (int i = source.indexOf('{', from); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
      char next = source.charAt(i + 1);
      if (next == '%' || next == '{' || next == '#') {
        return i;
      }
    }
    return -1;
  }

  /** Where the data before a tag ends after white space control. */
  private int dataEnd(int from, int tag, boolean variable, char sign) {
    if (sign == '-') {
      int end = tag;
      while (end > from && Strings.isSpace(source.charAt(end - 1))) {
        end--;
      }
      return end;
    }
    if (sign == '+' || variable) {
      return tag;
    }
    int start = tag;
    while (start > from && source.charAt(start - 1) != '\n' && Strings.isSpace(source.charAt(start - 1))) {
      start--;
    }
    boolean atLineStart = start == from ? lineStarting : source.charAt(start - 1) == '\n';
    return atLineStart ? start : tag;
  }

  private int skipSpace(int from) {
    int end = from;
    while (end < source.length() && Strings.isSpace(source.charAt(end))) {
      end++;
    }
    return end;
  }

  private void emitData(int from, int to) {
    if (to > from) {
      tokens.add(new Token(Token.Kind.DATA, source.substring(from, to), from));
    }
  }

  private void comment(int tag, int begin) {
    int end = source.indexOf("#}", begin);
    if (end < 0 && begin == source.length()) {
      // jinja2 lets a tag that ends the template be
      at = begin;
      return;
    }
    if (end < 0) {
      throw SourceText.error(source, tag, "the comment has no end");
    }
    afterTag(end + 2, end > begin ? signAt(end - 1) : ' ', true);
  }

  /** Where the content begins if this is a raw tag, else -1. */
  private int rawBegin(int begin) {
    int name = skipSpace(begin);
    if (!source.startsWith("raw", name)) {
      return -1;
    }
    int end = skipSpace(name + 3);
    return source.startsWith("%}", end) ? end + 2 : source.startsWith("-%}", end) ? skipSpace(end + 3) : -1;
  }

  private void raw(int tag, int from) {
    lineStarting = source.charAt(from - 1) == '\n';
    for (int end = source.indexOf("{%", from); end >= 0; end = source.indexOf("{%", end + 1)) {
      char sign = signAt(end + 2);
      int name = skipSpace(end + (sign == ' ' ? 2 : 3));
      int close = source.startsWith("endraw", name) ? skipSpace(name + "endraw".length()) : -1;
      char after = close >= 0 ? signAt(close) : ' ';
      int stop = after == ' ' ? close : close + 1;
      if (close >= 0 && source.startsWith("%}", stop)) {
        emitData(from, dataEnd(from, end, false, sign));
        afterTag(stop + 2, after, true);
        return;
      }
    }
    if (from < source.length()) {
      throw SourceText.error(source, tag, "raw has no endraw");
    }
    at = from;
  }

  /** Goes on behind a tag whose last sign was {@code sign}; a block or comment takes a newline with it. */
  private void afterTag(int end, char sign, boolean block) {
    at = end;
    if (sign == '-') {
      at = skipSpace(at);
    } else if (sign == ' ' && block && source.startsWith("\n", at)) {
      at++;
    }
    lineStarting = source.charAt(at - 1) == '\n';
  }

  /** Reads the tokens of a tag and its end. */
  private void code(int tag, int begin, Token.Kind kind) {
    boolean block = kind == Token.Kind.BLOCK_BEGIN;
    tokens.add(new Token(kind, block ? "{%" : "{{", tag));
    at = begin;
    open.clear();
    String end = block ? "%}" : "}}";
    while (true) {
      char sign = signAt(at);
      int close = sign == '-' || sign == '+' && block ? at + 1 : at;
      if (open.isEmpty() && source.startsWith(end, close)) {
        tokens.add(new Token(block ? Token.Kind.BLOCK_END : Token.Kind.VARIABLE_END, end, at));
        afterTag(close + 2, close > at ? sign : ' ', block);
        return;
      }
      if (at >= source.length()) {
        throw SourceText.error(source, tag, "the tag has no end, " + end + " is missing");
      }
      token();
    }
  }

  private void token() {
    char c = source.charAt(at);
    if (Strings.isSpace(c)) {
      at = skipSpace(at);
    } else if (c == '"' || c == '\'') {
      string(c);
    } else if (c >= '0' && c <= '9') {
      number();
    } else if (Strings.isWord(source.codePointAt(at))) {
      name();
    } else {
      operator(c);
    }
  }

  private void number() {
    Matcher number = NUMBER.matcher(source).region(at, source.length());
    if (!number.lookingAt()) {
      throw SourceText.error(source, at, "the number cannot be read");
    }
    boolean real = number.group("float") != null && source.charAt(at - 1) != '.';
    if (number.group("float") != null && !real) {
      // behind a dot stand integers only: messages.0.1
      int end = at;
      while (end < source.length() && source.charAt(end) >= '0' && source.charAt(end) <= '9') {
        end++;
      }
      add(Token.Kind.INTEGER, end);
    } else {
      add(real ? Token.Kind.FLOAT : Token.Kind.INTEGER, number.end());
    }
  }

  private void name() {
    int end = at;
    while (end < source.length() && isNamePart(source.codePointAt(end))) {
      end += Character.charCount(source.codePointAt(end));
    }
    int first = source.codePointAt(at);
    if (first != '_' && !Character.isUnicodeIdentifierStart(first)) {
      throw SourceText.error(source, at, "a name begins with a character that is none of a name's");
    }
    add(Token.Kind.NAME, end);
  }

  private static boolean isNamePart(int c) {
    return Strings.isWord(c) || Character.isUnicodeIdentifierPart(c) && !Character.isIdentifierIgnorable(c);
  }

  private void operator(char c) {
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, at)) {
        balance(c);
        add(Token.Kind.OPERATOR, at + operator.length());
        return;
      }
    }
    throw SourceText.error(source, at, "the character '" + Character.toString(source.codePointAt(at)) + "' is unexpected");
  }

  private void balance(char c) {
    switch (c) {
      case '(' -> open.push(')');
      case '[' -> open.push(']');
      case '{' -> open.push('}');
      case ')', ']', '}' -> {
        if (open.isEmpty()) {
          throw SourceText.error(source, at, "'" + c + "' closes nothing");
        }
        char wanted = open.pop();
        if (wanted != c) {
          throw SourceText.error(source, at, "'" + c + "' stands where '" + wanted + "' is needed");
        }
      }
      default -> {}
    }
  }

  private void add(Token.Kind kind, int end) {
    tokens.add(new Token(kind, source.substring(at, end), at));
    at = end;
  }

  private void string(char quote) {
    int end = at + 1;
    while (end < source.length() && source.charAt(end) != quote) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= source.length()) {
      throw SourceText.error(source, at, "the string has no end");
    }
    try {
      tokens.add(new Token(Token.Kind.STRING, StringEscapes.decode(source.substring(at + 1, end)), at));
    } catch (Failure e) {
      throw SourceText.error(source, at, e.what());
    }
    at = end + 1;
  }
}
