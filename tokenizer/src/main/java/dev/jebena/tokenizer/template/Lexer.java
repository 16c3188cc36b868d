package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens, with {@code trim_blocks} and {@code lstrip_blocks} on: the newline after a block tag goes, and so does white
 * space between the beginning of a line and a block tag or comment. A minus sign in a tag takes all white space on its side, a plus sign
 * keeps it. One newline at the end of the template goes, too.
 */
final class Lexer {

  private static final Pattern RAW_BEGIN = Pattern.compile("\\G\\{%([-+])?\\s*raw\\s*(?:-%}\\s*|%})");
  private static final Pattern RAW_END = Pattern.compile("\\{%([-+])?\\s*endraw\\s*(?:\\+%}|-%}\\s*|%}\\n?)");
  private static final Pattern NUMBER =
      Pattern.compile(
          "\\G(?:0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+"
              + "|(?<float>[0-9](?:_?[0-9])*(?:\\.[0-9](?:_?[0-9])*(?:[eE][+-]?[0-9](?:_?[0-9])*)?|[eE][+-]?[0-9](?:_?[0-9])*))"
              + "|[1-9](?:_?[0-9])*|0(?:_?0)*)");
  private static final String[] OPERATORS = {
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "(", ")", "[", "]", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"
  };

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;

  Lexer(String source) {
    String lines = source.replace("\r\n", "\n").replace('\r', '\n');
    this.source = lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines;
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
    char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
    emitData(at, dataEnd(at, tag, kind, sign));
    if (kind == '#') {
      comment(tag);
      return;
    }
    Matcher raw = RAW_BEGIN.matcher(source);
    if (kind == '%' && raw.find(tag)) {
      raw(tag, raw.end());
      return;
    }
    boolean signed = sign == '-' || sign == '+' && kind == '%';
    boolean block = kind == '%';
    tokens.add(new Token(block ? Token.Kind.BLOCK_BEGIN : Token.Kind.VARIABLE_BEGIN, "{" + kind, tag));
    at = tag + (signed ? 3 : 2);
    code(tag, block);
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
  private int dataEnd(int from, int tag, char kind, char sign) {
    int end = tag;
    if (sign == '-') {
      while (end > from && Character.isWhitespace(source.charAt(end - 1))) {
        end--;
      }
      return end;
    }
    if (sign == '+' || kind == '{') {
      return end;
    }
    int line = source.lastIndexOf('\n', tag - 1) + 1;
    int start = Math.max(line, from);
    for (int i = start; i < tag; i++) {
      if (!Character.isWhitespace(source.charAt(i))) {
        return tag;
      }
    }
    // white space that does not reach back to the beginning of the line stays
    boolean wholeLine = line >= from || from == 0 || source.charAt(from - 1) == '\n';
    return wholeLine ? start : tag;
  }

  private void emitData(int from, int to) {
    if (to > from) {
      tokens.add(new Token(Token.Kind.DATA, source.substring(from, to), from));
    }
  }

  private void comment(int tag) {
    int end = source.indexOf("#}", tag + 2);
    if (end < 0) {
      throw SourceText.error(source, tag, "the comment has no end");
    }
    at = end + 2;
    char sign = source.charAt(end - 1);
    afterBlock(end > tag + 2 ? sign : ' ');
  }

  private void raw(int tag, int from) {
    Matcher end = RAW_END.matcher(source);
    if (!end.find(from)) {
      throw SourceText.error(source, tag, "raw has no endraw");
    }
    String sign = end.group(1);
    emitData(from, dataEnd(from, end.start(), '%', sign == null ? ' ' : sign.charAt(0)));
    at = end.end();
  }

  /** White space after the end of a block tag or comment whose last sign was {@code sign}. */
  private void afterBlock(char sign) {
    if (sign == '-') {
      while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
        at++;
      }
    } else if (sign != '+' && at < source.length() && source.charAt(at) == '\n') {
      at++;
    }
  }

  /** Reads the tokens of a tag and its end. */
  private void code(int tag, boolean block) {
    String end = block ? "%}" : "}}";
    int brackets = 0;
    while (true) {
      while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
        at++;
      }
      if (at >= source.length()) {
        throw SourceText.error(source, tag, "the tag has no end, " + end + " is missing");
      }
      char c = source.charAt(at);
      if (brackets == 0 && (c == '-' || c == '+' && block) && source.startsWith(end, at + 1)) {
        endOfTag(block, at, 3, c);
        return;
      }
      if (brackets == 0 && source.startsWith(end, at)) {
        endOfTag(block, at, 2, ' ');
        return;
      }
      brackets += token();
    }
  }

  private void endOfTag(boolean block, int offset, int length, char sign) {
    tokens.add(new Token(block ? Token.Kind.BLOCK_END : Token.Kind.VARIABLE_END, block ? "%}" : "}}", offset));
    at = offset + length;
    if (block) {
      afterBlock(sign);
    } else if (sign == '-') {
      afterBlock('-');
    }
  }

  /** Reads one token and returns by how much it opens or closes brackets. */
  private int token() {
    char c = source.charAt(at);
    if (c == '"' || c == '\'') {
      string(c);
      return 0;
    }
    if (Character.isUnicodeIdentifierStart(c) || c == '_') {
      int end = at + 1;
      while (end < source.length() && (Character.isUnicodeIdentifierPart(source.charAt(end)) || source.charAt(end) == '_')) {
        end++;
      }
      add(Token.Kind.NAME, end);
      return 0;
    }
    Matcher number = NUMBER.matcher(source);
    if (c >= '0' && c <= '9' && number.find(at)) {
      add(number.group("float") != null ? Token.Kind.FLOAT : Token.Kind.INTEGER, number.end());
      return 0;
    }
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, at)) {
        add(Token.Kind.OPERATOR, at + operator.length());
        return "([{".contains(operator) ? 1 : ")]}".contains(operator) ? -1 : 0;
      }
    }
    throw SourceText.error(source, at, "the character '" + c + "' is unexpected");
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
    tokens.add(new Token(Token.Kind.STRING, StringEscapes.decode(source.substring(at + 1, end)), at));
    at = end + 1;
  }
}
