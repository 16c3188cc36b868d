package dev.jebena.tokenizer;

import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Finds matches in a text: of a regular expression, of a literal or of single characters. */
@FunctionalInterface
interface HuggingFacePattern {

  /** Takes the parts of a text in order, matched ones and those between them. */
  @FunctionalInterface
  interface Parts {
    void part(int from, int to, boolean matched);
  }

  /** Passes on the parts of {@code text[from, to)}; together they are the whole. */
  void find(String text, int from, int to, Parts parts);

  /** Every character that fits is a match by itself. */
  static HuggingFacePattern characters(IntPredicate fits) {
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
  static HuggingFacePattern runs(java.util.function.IntUnaryOperator kind) {
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

  static HuggingFacePattern literal(String literal) {
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
  static HuggingFacePattern read(Json json) {
    if (json.value() instanceof String text) {
      return literal(text);
    }
    Json text = json.at("String");
    return text.isNull() ? regex(json.at("Regex").string(), json.at("Regex").place()) : literal(text.string());
  }

  /**
   * A regular expression in Oniguruma's dialect.
   *
   * @throws TokenizerException if it uses what is not known; when it runs, if it backtracks more than 1000 steps a character
   */
  static HuggingFacePattern regex(String expression, String place) {
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
