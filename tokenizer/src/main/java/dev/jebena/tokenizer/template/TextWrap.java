package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Wraps a line of words as Python's {@code textwrap} does with tabs and white space left alone. */
final class TextWrap {

  private static final String SPACE = "[\\t\\n\\u000B\\f\\r ]";
  private static final String NO_SPACE = "[^\\t\\n\\u000B\\f\\r ]";
  private static final String WORD = "[\\w!\"'&.,?]";
  private static final String LETTER = "[^\\d\\W]";
  /** The pieces that a line may be cut between: white space, long dashes, and words up to a hyphen between letters. */
  private static final Pattern PIECES =
      Pattern.compile(
          "(" + SPACE + "+|(?<=" + WORD + ")-{2,}(?=\\w)|" + NO_SPACE + "+?(?:-(?:(?<=" + LETTER + "{2}-)|(?<=" + LETTER + "-" + LETTER
              + "-))(?=" + LETTER + "-?" + LETTER + ")|(?=" + SPACE + "|\\z)|(?<=" + WORD + ")(?=-{2,}\\w)))",
          Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern WORDS = Pattern.compile("(" + SPACE + "+|" + NO_SPACE + "+)");

  private final long width;
  private final boolean breakLongWords;
  private final boolean breakOnHyphens;
  private final Budget budget;

  TextWrap(long width, boolean breakLongWords, boolean breakOnHyphens, Budget budget) {
    this.width = width;
    this.breakLongWords = breakLongWords;
    this.breakOnHyphens = breakOnHyphens;
    this.budget = budget;
  }

  /** The lines. */
  List<String> wrap(String line) {
    if (width < 1) {
      throw new Failure("invalid width " + width + " (must be > 0)");
    }
    List<String> pieces = pieces(line).reversed();
    List<String> stack = new ArrayList<>(pieces);
    List<String> lines = new ArrayList<>();
    while (!stack.isEmpty()) {
      if (stack.getLast().isBlank() && !lines.isEmpty()) {
        stack.removeLast();
      }
      List<String> current = new ArrayList<>();
      long length = 0;
      while (!stack.isEmpty() && length + Strings.length(stack.getLast()) <= width) {
        budget.step();
        length += Strings.length(stack.getLast());
        current.add(stack.removeLast());
      }
      if (!stack.isEmpty() && Strings.length(stack.getLast()) > width) {
        breakWord(stack, current, width - length);
      }
      if (!current.isEmpty() && current.getLast().isBlank()) {
        current.removeLast();
      }
      if (!current.isEmpty()) {
        lines.add(String.join("", current));
      }
    }
    return lines;
  }

  private void breakWord(List<String> stack, List<String> current, long room) {
    budget.step();
    if (!breakLongWords) {
      if (current.isEmpty()) {
        current.add(stack.removeLast());
      }
      return;
    }
    String word = stack.removeLast();
    int end = word.offsetByCodePoints(0, (int) Math.max(1, room));
    if (breakOnHyphens && Strings.length(word) > room) {
      int hyphen = word.lastIndexOf('-', end - 1);
      if (hyphen > 0 && word.substring(0, hyphen).chars().anyMatch(c -> c != '-')) {
        end = hyphen + 1;
      }
    }
    current.add(word.substring(0, end));
    stack.add(word.substring(end));
  }

  private List<String> pieces(String line) {
    List<String> pieces = new ArrayList<>();
    Matcher piece = (breakOnHyphens ? PIECES : WORDS).matcher(line);
    while (piece.find()) {
      budget.reads(line.length());
      pieces.add(piece.group());
    }
    return pieces;
  }
}
