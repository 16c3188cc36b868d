package dev.jebena.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** The pre-tokenizers of {@code tokenizer.json}; each turns one piece into pieces, spelled as the model wants them. */
final class HuggingFacePreTokenizers {
  private static final int FLAGS = Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNICODE_CASE;
  private static final String GPT_2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
  private static final String PUNCTUATION = "[\\p{P}$+<=>^`|~]";

  private HuggingFacePreTokenizers() {}

  /** Cuts one piece. */
  @FunctionalInterface
  interface Cutter {
    List<String> cut(String piece);
  }

  static Cutter read(Json json) {
    if (json.isNull()) {
      return List::of;
    }
    String type = json.at("type").string();
    return switch (type) {
      case "Sequence" -> {
        Cutter all = List::of;
        for (Json part : json.at("pretokenizers").list()) {
          all = then(all, read(part));
        }
        yield all;
      }
      case "Split" -> split(json);
      case "ByteLevel" -> byteLevel(json);
      case "Digits" -> splitter(json.at("individual_digits").flag(false) ? "\\p{N}" : "\\p{N}+", "Isolated", false);
      case "WhitespaceSplit" -> splitter("\\s+", "Removed", false);
      case "Whitespace" -> splitter("\\w+|[^\\w\\s]+", "Removed", true);
      case "Punctuation" -> splitter(PUNCTUATION, json.at("behavior").string("Isolated"), false);
      case "BertPreTokenizer" -> then(splitter("\\s", "Removed", false), splitter(PUNCTUATION, "Isolated", false));
      case "CharDelimiterSplit" -> splitter(Pattern.quote(json.at("delimiter").string()), "Removed", false);
      default -> throw json.unsupported("pre-tokenizer '" + type + "'");
    };
  }

  private static Cutter then(Cutter first, Cutter second) {
    return piece -> {
      List<String> pieces = new ArrayList<>();
      for (String part : first.cut(piece)) {
        pieces.addAll(second.cut(part));
      }
      return pieces;
    };
  }

  private static Cutter split(Json json) {
    Json literal = json.at("pattern").at("String");
    String pattern = literal.isNull() ? json.at("pattern").at("Regex").string() : Pattern.quote(literal.string());
    try {
      return splitter(pattern, json.at("behavior").string(), json.at("invert").flag(false));
    } catch (PatternSyntaxException e) {
      throw new TokenizerException(json.place() + ": the pattern '" + pattern + "' is not supported: " + e.getDescription(), e);
    }
  }

  private static Cutter byteLevel(Json json) {
    boolean prefix = json.at("add_prefix_space").flag(true);
    Cutter cutter = json.at("use_regex").flag(true) ? splitter(GPT_2, "Isolated", false) : List::of;
    return piece -> {
      String text = prefix && !piece.startsWith(" ") ? " " + piece : piece;
      List<String> pieces = new ArrayList<>();
      for (String part : cutter.cut(text)) {
        byte[] utf8 = Utf8.encode(part);
        StringBuilder spelled = new StringBuilder(utf8.length);
        for (byte b : utf8) {
          spelled.append(ByteAlphabet.character(b & 0xFF));
        }
        pieces.add(spelled.toString());
      }
      return pieces;
    };
  }

  private record Span(int from, int to, boolean matched) {}

  private static Cutter splitter(String regex, String behavior, boolean invert) {
    switch (behavior) {
      case "Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous" -> {}
      default -> throw new TokenizerException("split behavior '" + behavior + "' is not supported");
    }
    Pattern pattern = Pattern.compile(regex, FLAGS);
    return piece -> join(piece, spans(pattern, piece, invert), behavior);
  }

  private static List<Span> spans(Pattern pattern, String piece, boolean invert) {
    List<Span> spans = new ArrayList<>();
    Matcher matcher = pattern.matcher(piece);
    int done = 0;
    while (matcher.find()) {
      if (matcher.end() == matcher.start()) {
        continue;
      }
      if (matcher.start() > done) {
        spans.add(new Span(done, matcher.start(), invert));
      }
      spans.add(new Span(matcher.start(), matcher.end(), !invert));
      done = matcher.end();
    }
    if (done < piece.length()) {
      spans.add(new Span(done, piece.length(), invert));
    }
    return spans;
  }

  private static List<String> join(String piece, List<Span> spans, String behavior) {
    List<Span> joined = new ArrayList<>();
    for (Span span : spans) {
      if (behavior.equals("Removed") && span.matched) {
        continue;
      }
      Span last = joined.isEmpty() ? null : joined.getLast();
      boolean merge = last != null && switch (behavior) {
        case "MergedWithPrevious" -> span.matched && !last.matched;
        case "MergedWithNext" -> !span.matched && last.matched;
        case "Contiguous" -> span.matched == last.matched;
        default -> false;
      };
      if (merge && last != null) {
        // a merged span takes no other on the same side
        joined.set(joined.size() - 1, new Span(last.from, span.to, span.matched));
      } else {
        joined.add(span);
      }
    }
    return joined.stream().map(span -> piece.substring(span.from, span.to)).toList();
  }
}
