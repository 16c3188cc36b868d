package dev.jebena.tokenizer.template;

/** Escape sequences of Python's string literals; unknown ones stay as they are written. */
final class StringEscapes {

  private StringEscapes() {}

  static String decode(String literal) {
    if (literal.indexOf('\\') < 0) {
      return literal;
    }
    StringBuilder text = new StringBuilder(literal.length());
    int i = 0;
    while (i < literal.length()) {
      char c = literal.charAt(i++);
      if (c != '\\' || i == literal.length()) {
        text.append(c);
        continue;
      }
      i = escape(literal, i, text);
    }
    return text.toString();
  }

  private static int escape(String literal, int at, StringBuilder text) {
    char c = literal.charAt(at);
    int next = at + 1;
    switch (c) {
      case 'n' -> text.append('\n');
      case 't' -> text.append('\t');
      case 'r' -> text.append('\r');
      case 'a' -> text.append('\u0007');
      case 'b' -> text.append('\b');
      case 'f' -> text.append('\f');
      case 'v' -> text.append('\u000B');
      case '\\', '\'', '"' -> text.append(c);
      case '\n' -> {}
      case 'x' -> next = hex(literal, at, 2, text);
      case 'u' -> next = hex(literal, at, 4, text);
      case 'U' -> next = hex(literal, at, 8, text);
      case '0', '1', '2', '3', '4', '5', '6', '7' -> {
        int value = 0;
        next = at;
        while (next < Math.min(literal.length(), at + 3) && literal.charAt(next) >= '0' && literal.charAt(next) <= '7') {
          value = value * 8 + literal.charAt(next++) - '0';
        }
        text.append((char) value);
      }
      default -> text.append('\\').append(c);
    }
    return next;
  }

  private static int hex(String literal, int at, int digits, StringBuilder text) {
    int end = at + 1 + digits;
    if (end > literal.length()) {
      throw new TemplateException("the escape sequence \\" + literal.substring(at) + " needs " + digits + " hexadecimal digits");
    }
    try {
      int value = Integer.parseUnsignedInt(literal.substring(at + 1, end), 16);
      if (!Character.isValidCodePoint(value)) {
        throw new TemplateException("the escape sequence \\" + literal.substring(at, end) + " names no character");
      }
      text.appendCodePoint(value);
    } catch (NumberFormatException e) {
      throw new TemplateException("the escape sequence \\" + literal.substring(at, end) + " needs " + digits + " hexadecimal digits");
    }
    return end;
  }
}
