package dev.jebena.tokenizer.template;

/** Names places in a template. */
final class SourceText {

  private static final int QUOTED = 40;

  private SourceText() {}

  /** Line and column, counted from 1, and the piece that begins there. */
  static String where(String source, int offset) {
    int at = Math.min(offset, source.length());
    int lineStart = source.lastIndexOf('\n', at - 1) + 1;
    long line = 1 + source.chars().limit(at).filter(c -> c == '\n').count();
    int end = source.indexOf('\n', at);
    String piece = source.substring(at, Math.min(end < 0 ? source.length() : end, at + QUOTED));
    return "line " + line + ", column " + (at - lineStart + 1) + ", near '" + piece + "'";
  }

  static TemplateException error(String source, int offset, String what) {
    return new TemplateException(what + " (" + where(source, offset) + ")");
  }
}
