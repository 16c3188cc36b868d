package dev.jebena.tokenizer;

import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Finds matches in a text: of a regular expression, of a literal or of single characters. */
@FunctionalInterface
interface TextPattern {

  /** Takes the parts of a text in order, matched ones and those between them. */
  @FunctionalInterface
  interface Parts {
    void part(int from, int to, boolean matched);
  }

  /** Groups of three digits, counted from the end of a number that no letter follows. */
  String THOUSANDS = "\\d{1,3}(?=(?:\\d{3})*\\b)";

  /** The borders between groups of three digits, counted from the end of a number. */
  String THOUSANDS_FROM_THE_RIGHT = "(?=(\\d{3})+(?!\\d))";

  /** Passes on the parts of {@code text[from, to)}; together they are the whole. */
  void find(String text, int from, int to, Parts parts);

  /** Every character that fits is a match by itself. */
  static TextPattern characters(IntPredicate fits) {
    return (text, from, to, parts) -> {
      int done = from;
      for (int i = from; i < to; ) {
        int c = text.codePointAt(i);
        int next = i + Character.charCount(c);
        if (fits.test(c)) {
          if (done < i) {
            parts.part(done, i, false);
          }
          parts.part(i, next, true);
          done = next;
        }
        i = next;
      }
      if (done < to) {
        parts.part(done, to, false);
      }
    };
  }

  /** Runs of one kind are matches; characters of kind 0 are not. */
  static TextPattern runs(java.util.function.IntUnaryOperator kind) {
    return (text, from, to, parts) -> {
      int start = from;
      int last = -1;
      for (int i = from; i < to; ) {
        int c = text.codePointAt(i);
        int now = kind.applyAsInt(c);
        if (now != last && i > start) {
          parts.part(start, i, last != 0);
          start = i;
        }
        last = now;
        i += Character.charCount(c);
      }
      if (start < to) {
        parts.part(start, to, last != 0);
      }
    };
  }

  static TextPattern literal(String literal) {
    return (text, from, to, parts) -> {
      int done = from;
      int at = literal.isEmpty() ? -1 : text.indexOf(literal, from, to);
      while (at >= 0) {
        if (done < at) {
          parts.part(done, at, false);
        }
        done = at + literal.length();
        parts.part(at, done, true);
        at = text.indexOf(literal, done, to);
      }
      if (done < to) {
        parts.part(done, to, false);
      }
    };
  }

  /** Reads {@code {"String": ...}} or {@code {"Regex": ...}}. */
  static TextPattern read(Json json) {
    if (json.value() instanceof String text) {
      return literal(text);
    }
    Json text = json.at("String");
    return text.isNull() ? regex(json.at("Regex").string(), json.at("Regex").place()) : literal(text.string());
  }

  /**
   * A regular expression in Oniguruma's dialect. Those that an automaton can run take one step a character; the others are left to
   * {@code java.util.regex}, within a bound.
   *
   * @throws TokenizerException if it uses what is not known; when it runs, if it takes more than 1000 steps a character
   */
  static TextPattern regex(String expression, String place) {
    if (expression.equals("\\s+$")) {
      return TextPattern::spacesAtEnds;
    }
    if (expression.equals(THOUSANDS) || expression.equals(THOUSANDS_FROM_THE_RIGHT)) {
      boolean matches = expression.equals(THOUSANDS);
      return (text, from, to, parts) -> thousands(text, from, to, matches, parts);
    }
    try {
      return PatternAutomaton.compile(expression, PatternParser.Dialect.LINES, place);
    } catch (PatternParser.BeyondException e) {
      return backtracking(expression, place);
    }
  }

  /** Counts digits from the right; as {@link #THOUSANDS} the groups are matches, else the borders between them are. */
  private static void thousands(String text, int from, int to, boolean groups, Parts parts) {
    int done = from;
    for (int i = from; i < to; ) {
      IntList borders = new IntList();
      int end = i;
      while (end < to && Character.getType(text.codePointAt(end)) == Character.DECIMAL_DIGIT_NUMBER) {
        borders.add(end);
        end += Character.charCount(text.codePointAt(end));
      }
      boolean bordered = end == to || !ReferenceUnicode.isWord(text.codePointAt(end));
      int count = borders.size();
      if (count > 0 && (!groups || bordered)) {
        for (int digit = 0; digit < count; digit++) {
          boolean begins = (count - digit) % 3 == 0 || groups && digit == 0;
          int start = borders.get(digit);
          if (begins && start > done) {
            parts.part(done, start, groups && done >= i);
            done = start;
          }
        }
        if (groups) {
          parts.part(done, end, true);
          done = end;
        }
      }
      i = end == to ? to : count > 0 ? end : end + Character.charCount(text.codePointAt(end));
    }
    if (done < to) {
      parts.part(done, to, false);
    }
  }

  /** What {@code \s+$} matches, without trying each space: the spaces up to the last line feed of a run of them, or to the end of the text. */
  private static void spacesAtEnds(String text, int from, int to, Parts parts) {
    int done = from;
    for (int i = from; i < to; ) {
      int start = i;
      int lineFeed = -1;
      while (i < to && ReferenceUnicode.isSpace(text.charAt(i))) {
        lineFeed = text.charAt(i) == '\n' && i > start ? i : lineFeed;
        i++;
      }
      int end = i == to ? to : lineFeed;
      if (end > start) {
        if (start > done) {
          parts.part(done, start, false);
        }
        parts.part(start, end, true);
        done = end;
      }
      i += i < to ? 1 : 0;
    }
    if (done < to) {
      parts.part(done, to, false);
    }
  }

  /** The pattern as {@code java.util.regex} runs it. */
  static TextPattern backtracking(String expression, String place) {
    Pattern pattern;
    try {
      // scripts are written \p{Han} there and \p{IsHan} here, \h is a hexadecimal digit there
      String translated = expression
          .replaceAll("\\\\([pP])\\{([A-Z][a-z_]{2,})\\}", "\\\\$1{Is$2}")
          .replaceAll("\\\\p\\{\\^", "\\\\P{")
          .replaceAll("(?<!\\\\)\\\\h", "[0-9a-fA-F]");
      pattern = Pattern.compile(
          translated, Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNICODE_CASE | Pattern.UNIX_LINES | Pattern.MULTILINE);
    } catch (PatternSyntaxException e) {
      throw new TokenizerException(place + ": the pattern '" + expression + "' is not supported: " + e.getDescription(), e);
    } catch (StackOverflowError e) {
      throw new TokenizerException(place + ": the pattern is nested too deep", e);
    }
    return (text, from, to, parts) -> {
      try {
        Matcher matcher = pattern.matcher(new BoundedText(text, to - from, place)).region(from, to);
        int done = from;
        while (matcher.find()) {
          boolean withinCharacter = matcher.end() == matcher.start() && matcher.end() > from && matcher.end() < to
              && Character.isSurrogatePair(text.charAt(matcher.end() - 1), text.charAt(matcher.end()));
          boolean afterMatch = matcher.end() == matcher.start() && matcher.start() == done && matcher.start() > from;
          if (withinCharacter || afterMatch) {
            continue;
          }
          if (matcher.start() > done) {
            parts.part(done, matcher.start(), false);
          }
          parts.part(matcher.start(), matcher.end(), true);
          done = matcher.end();
        }
        if (done < to) {
          parts.part(done, to, false);
        }
      } catch (StackOverflowError e) {
        throw new TokenizerException(place + ": the pattern needs more stack than there is for a text of " + (to - from) + " characters", e);
      }
    };
  }

  /** A text that may be looked at only so many times. */
  final class BoundedText implements CharSequence {

    private final String text;
    private final String place;
    private long left;

    BoundedText(String text, int length, String place) {
      this.text = text;
      this.place = place;
      this.left = 100_000 + 1000L * length;
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public char charAt(int index) {
      if (--left < 0) {
        throw new TokenizerException(place + ": the pattern backtracks more than 1000 steps a character on this text");
      }
      return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.subSequence(start, end);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
