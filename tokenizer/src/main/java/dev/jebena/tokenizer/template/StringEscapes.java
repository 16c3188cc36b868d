package dev.jebena.tokenizer.template;

/** Escape sequences of Python's string literals; unknown ones stay as they are written. */
final class StringEscapes {

  private StringEscapes() {}

  /** The string that a literal stands for; throws {@link Failure} where a sequence is not complete. */
  static String decode(String literal) {
    if (literal.indexOf('\\') < 0) {
      return literal;
    }
    StringBuilder text = new StringBuilder(literal.length());
    int i = 0;
    while (i < literal.length()) {
      char c = literal.charAt(i++);
      if (c != '\\') {
        text.append(c);
      } else {
        i = escape(literal, i, text);
      }
    }
    return text.toString();
  }

  private static int escape(String literal, int at, StringBuilder text) {
    int c = literal.codePointAt(at);
    int next = at + Character.charCount(c);
    switch (c) {
      case 'n' -> text.append('\n');
      case 't' -> text.append('\t');
      case 'r' -> text.append('\r');
      case 'a' -> text.append('\u0007');
      case 'b' -> text.append('\b');
      case 'f' -> text.append('\f');
      case 'v' -> text.append('\u000B');
      case '\\', '\'', '"' -> text.append((char) c);
      case '\n' -> {}
      case 'x' -> next = hex(literal, at, 2, text);
      case 'u' -> next = hex(literal, at, 4, text);
      case 'U' -> next = hex(literal, at, 8, text);
      case 'N' -> next = named(literal, at, text);
      case '0', '1', '2', '3', '4', '5', '6', '7' -> next = octal(literal, at, text);
      // jinja2 escapes what is not ASCII before it reads escapes: the backslash then escapes that backslash
      default -> text.append('\\').append(c < 0x80 ? String.valueOf((char) c) : PythonText.escape(c).substring(1));
    }
    return next;
  }

  private static int octal(String literal, int at, StringBuilder text) {
    int value = 0;
    int next = at;
    while (next < Math.min(literal.length(), at + 3) && literal.charAt(next) >= '0' && literal.charAt(next) <= '7') {
      value = value * 8 + literal.charAt(next++) - '0';
    }
    text.append((char) value);
    return next;
  }

  private static int hex(String literal, int at, int digits, StringBuilder text) {
    int end = Math.min(literal.length(), at + 1 + digits);
    String written = literal.substring(at + 1, end);
    if (written.length() < digits || !written.chars().allMatch(c -> Character.digit(c, 16) >= 0 && c < 0x80)) {
      throw new Failure("the escape sequence \\" + literal.substring(at, end) + " needs " + digits + " hexadecimal digits");
    }
    long value = Long.parseLong(written, 16);
    if (value > Character.MAX_CODE_POINT) {
      throw new Failure("the escape sequence \\" + literal.substring(at, end) + " names no character");
    }
    text.appendCodePoint((int) value);
    return end;
  }

  private static int named(String literal, int at, StringBuilder text) {
    int end = literal.indexOf('}', at);
    if (end < 0 || !literal.startsWith("{", at + 1)) {
      throw new Failure("the escape sequence \\N needs the name of a character in braces");
    }
    try {
      text.appendCodePoint(Character.codePointOf(literal.substring(at + 2, end)));
    } catch (IllegalArgumentException e) {
      throw new Failure("the escape sequence \\" + literal.substring(at, end + 1) + " names no character");
    }
    return end + 1;
  }
}
