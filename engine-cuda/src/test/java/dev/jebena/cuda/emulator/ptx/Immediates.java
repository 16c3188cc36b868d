package dev.jebena.cuda.emulator.ptx;

/** Literals of PTX. */
final class Immediates {

  private Immediates() {}

  static boolean isImmediate(String operand) {
    return !operand.isEmpty() && (Character.isDigit(operand.charAt(0)) || operand.charAt(0) == '-' || operand.charAt(0) == '+');
  }

  /** The bits of a literal in a place of {@code bytes} bytes. */
  static long bits(int line, String literal, int bytes) {
    String text = literal.trim();
    try {
      if (text.startsWith("0f") || text.startsWith("0F")) {
        int bits = Integer.parseUnsignedInt(text.substring(2), 16);
        return bytes == 8 ? Double.doubleToRawLongBits(Float.intBitsToFloat(bits)) : bits & 0xffffffffL;
      }
      if (text.startsWith("0d") || text.startsWith("0D")) {
        long bits = Long.parseUnsignedLong(text.substring(2), 16);
        return bytes == 4 ? Float.floatToRawIntBits((float) Double.longBitsToDouble(bits)) & 0xffffffffL : bits;
      }
      boolean negative = text.startsWith("-");
      String digits = negative || text.startsWith("+") ? text.substring(1) : text;
      if (digits.endsWith("U") || digits.endsWith("u")) {
        digits = digits.substring(0, digits.length() - 1);
      }
      long value;
      if (digits.startsWith("0x") || digits.startsWith("0X")) {
        value = Long.parseUnsignedLong(digits.substring(2), 16);
      } else if (digits.startsWith("0b") || digits.startsWith("0B")) {
        value = Long.parseUnsignedLong(digits.substring(2), 2);
      } else if (digits.indexOf('.') >= 0) {
        double real = Double.parseDouble(text);
        return bytes == 8 ? Double.doubleToRawLongBits(real) : Float.floatToRawIntBits((float) real) & 0xffffffffL;
      } else if (digits.length() > 1 && digits.startsWith("0")) {
        value = Long.parseUnsignedLong(digits, 8);
      } else {
        value = Long.parseUnsignedLong(digits);
      }
      return negative ? -value : value;
    } catch (NumberFormatException e) {
      throw new PtxException(line, "not a literal: " + literal);
    }
  }
}
