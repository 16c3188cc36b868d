package dev.jebena.tokenizer;

import java.util.ArrayList;
import java.util.List;

/** The pre-tokenizers of {@code tokenizer.json}; each turns a piece of text into pieces, spelled as the model wants them. */
final class HuggingFacePreTokenizers {

  static final String GPT_2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  private HuggingFacePreTokenizers() {}

  /** Takes the piece {@code [from, to)} of a text, which is not empty. */
  @FunctionalInterface
  interface Pieces {
    void piece(AlignedText text, int from, int to);
  }

  /** Cuts one piece. */
  @FunctionalInterface
  interface Cutter {
    void cut(AlignedText text, int from, int to, Pieces out);

    /** Cuts the pieces further. */
    default Cutter then(Cutter next) {
      return (text, from, to, out) -> cut(text, from, to, (t, f, e) -> next.cut(t, f, e, out));
    }
  }

  /**
   * How a text is cut.
   *
   * @param cutter does it
   * @param spellsBytes whether the pieces have still to be spelled in the byte alphabet
   * @param looksAtOrigin whether it has to be known where in the original a piece begins
   */
  record Cutting(Cutter cutter, boolean spellsBytes, boolean looksAtOrigin) {

    /** Cuts the pieces further. */
    Cutting then(Cutter next) {
      return new Cutting(cutter.then(next), spellsBytes, looksAtOrigin);
    }
  }

  static Cutting read(Json json) {
    List<Json> parts = new ArrayList<>();
    flatten(json, parts);
    boolean spellsBytes = !parts.isEmpty() && parts.getLast().at("type").string().equals("ByteLevel");
    Cutter all = null;
    boolean looksAtOrigin = false;
    for (int i = 0; i < parts.size(); i++) {
      Json part = parts.get(i);
      looksAtOrigin |= part.at("type").string().equals("Metaspace") && prepends(part) == Prepend.FIRST;
      Cutter next = one(part, spellsBytes && i == parts.size() - 1);
      all = all == null ? next : all.then(next);
    }
    Cutter cutter = all == null ? (text, from, to, out) -> out.piece(text, from, to) : all;
    return new Cutting(cutter, spellsBytes, looksAtOrigin);
  }

  private static void flatten(Json json, List<Json> parts) {
    if (json.isNull()) {
      return;
    }
    if (json.at("type").string().equals("Sequence")) {
      json.at("pretokenizers").list().forEach(part -> flatten(part, parts));
    } else {
      parts.add(json);
    }
  }

  private static Cutter one(Json json, boolean spellsLater) {
    String type = json.at("type").string();
    return switch (type) {
      case "Split" ->
          splitter(
              TextPattern.read(json.at("pattern")), SplitBehavior.read(json.at("behavior"), ""), json.at("invert").flag(false));
      case "ByteLevel" -> byteLevel(json, spellsLater);
      case "Metaspace" -> metaspace(json);
      case "Digits" ->
          splitter(
              TextPattern.characters(ReferenceUnicode::isNumeric),
              json.at("individual_digits").flag(false) ? SplitBehavior.ISOLATED : SplitBehavior.CONTIGUOUS,
              false);
      case "WhitespaceSplit" -> splitter(TextPattern.characters(ReferenceUnicode::isSpace), SplitBehavior.REMOVED, false);
      case "Whitespace" ->
          splitter(
              TextPattern.runs(c -> ReferenceUnicode.isWord(c) ? 1 : ReferenceUnicode.isSpace(c) ? 0 : 2),
              SplitBehavior.REMOVED,
              true);
      case "Punctuation" ->
          splitter(
              TextPattern.characters(ReferenceUnicode::isPunctuation), SplitBehavior.read(json.at("behavior"), "Isolated"), false);
      case "BertPreTokenizer" -> bert();
      case "CharDelimiterSplit" -> {
        int delimiter = json.at("delimiter").character();
        yield splitter(TextPattern.characters(c -> c == delimiter), SplitBehavior.REMOVED, false);
      }
      case "UnicodeScripts" -> HuggingFacePreTokenizers::scripts;
      case "FixedLength" -> fixedLength(json.at("length"));
      default -> throw json.unsupported("pre-tokenizer '" + type + "'");
    };
  }

  /** Words, and every punctuation mark by itself. */
  static Cutter bert() {
    Cutter spaces = splitter(TextPattern.characters(ReferenceUnicode::isSpace), SplitBehavior.REMOVED, false);
    Cutter marks = splitter(TextPattern.characters(ReferenceUnicode::isPunctuation), SplitBehavior.ISOLATED, false);
    return spaces.then(marks);
  }

  static Cutter splitter(TextPattern pattern, SplitBehavior behavior, boolean invert) {
    if (behavior == SplitBehavior.ISOLATED) {
      return (text, from, to, out) -> pattern.find(text.text(), from, to, (start, end, matched) -> {
        if (start < end) {
          out.piece(text, start, end);
        }
      });
    }
    return (text, from, to, out) -> {
      SplitBehavior.Joiner joiner = new SplitBehavior.Joiner(behavior, invert, (start, end) -> out.piece(text, start, end));
      pattern.find(text.text(), from, to, joiner);
      joiner.finish();
    };
  }

  private static Cutter byteLevel(Json json, boolean spellsLater) {
    boolean prefix = json.at("add_prefix_space").flag(true);
    Cutter cutter = json.at("use_regex").flag(true)
        ? splitter(TextPattern.regex(GPT_2, json.place()), SplitBehavior.ISOLATED, false)
        : (text, from, to, out) -> out.piece(text, from, to);
    return (text, from, to, out) -> {
      Pieces spelled = spellsLater ? out : (t, f, e) -> {
        AlignedText written = spell(t, f, e);
        out.piece(written, 0, written.text().length());
      };
      if (prefix && text.text().charAt(from) != ' ') {
        AlignedText prefixed = prefixed(text, from, to, " ");
        cutter.cut(prefixed, 0, prefixed.text().length(), spelled);
      } else {
        cutter.cut(text, from, to, spelled);
      }
    };
  }

  /** The piece with characters before it that stand for what its first character stands for. */
  private static AlignedText prefixed(AlignedText text, int from, int to, String prefix) {
    AlignedText.Rewriter out = text.new Rewriter(to - from);
    out.put(prefix, from, from + Character.charCount(text.text().codePointAt(from)));
    out.keep(from, to);
    return out.done();
  }

  /** The piece with its bytes spelled in the byte alphabet. */
  static AlignedText spell(AlignedText text, int from, int to) {
    AlignedText.Rewriter out = text.new Rewriter(to - from);
    for (int i = from; i < to; ) {
      int c = text.text().codePointAt(i);
      int next = i + Character.charCount(c);
      out.put(ByteAlphabet.spelling(Utf8.encode(text.text().substring(i, next))), i, next);
      i = next;
    }
    return out.done();
  }

  private enum Prepend {
    ALWAYS,
    FIRST,
    NEVER
  }

  private static Prepend prepends(Json json) {
    Json scheme = json.at("prepend_scheme");
    return switch (scheme.string("always")) {
      case "always" -> json.at("add_prefix_space").flag(true) ? Prepend.ALWAYS : Prepend.NEVER;
      case "first" -> Prepend.FIRST;
      case "never" -> Prepend.NEVER;
      default -> throw scheme.unsupported("prepend scheme '" + scheme.string() + "'");
    };
  }

  private static Cutter metaspace(Json json) {
    String mark = Character.toString(json.at("replacement").character());
    Prepend prepend = prepends(json);
    boolean split = json.at("split").flag(true);
    Cutter cutter = splitter(TextPattern.literal(mark), SplitBehavior.MERGED_WITH_NEXT, false);
    return (text, from, to, out) -> {
      AlignedText.Rewriter marked = text.new Rewriter(to - from);
      boolean first = prepend == Prepend.ALWAYS || prepend == Prepend.FIRST && text.startOf(from) == 0;
      if (first && text.text().charAt(from) != ' ' && !text.text().startsWith(mark, from)) {
        marked.put(mark, from, from + Character.charCount(text.text().codePointAt(from)));
      }
      int done = from;
      for (int i = from; i < to; i++) {
        if (text.text().charAt(i) == ' ') {
          marked.keep(done, i);
          marked.put(mark, i, i + 1);
          done = i + 1;
        }
      }
      marked.keep(done, to);
      AlignedText written = marked.done();
      if (split) {
        cutter.cut(written, 0, written.text().length(), out);
      } else {
        out.piece(written, 0, written.text().length());
      }
    };
  }

  private static Cutter fixedLength(Json json) {
    int length = json.isNull() ? 5 : json.integer();
    if (length < 1) {
      throw new TokenizerException(json.place() + " is " + length + ": it must be at least 1");
    }
    return (text, from, to, out) -> {
      int start = from;
      int count = 0;
      for (int i = from; i < to; ) {
        i += Character.charCount(text.text().codePointAt(i));
        if (++count == length || i == to) {
          out.piece(text, start, i);
          start = i;
          count = 0;
        }
      }
    };
  }

  /** Cuts where the script changes; Japanese scripts count as Han, spaces as any script. What precedes the first script is lost. */
  private static void scripts(AlignedText text, int from, int to, Pieces out) {
    Character.UnicodeScript last = null;
    int start = -1;
    for (int i = from; i < to; ) {
      int c = text.text().codePointAt(i);
      Character.UnicodeScript script = script(c);
      if (script != Character.UnicodeScript.UNKNOWN) {
        if (script != last) {
          if (start >= 0) {
            out.piece(text, start, i);
          }
          start = i;
        }
        last = script;
      }
      i += Character.charCount(c);
    }
    if (start >= 0) {
      out.piece(text, start, to);
    }
  }

  private static Character.UnicodeScript script(int c) {
    if (c == ' ') {
      return Character.UnicodeScript.UNKNOWN;
    }
    Character.UnicodeScript script = Character.UnicodeScript.of(c);
    boolean han = c == 0x30FC || script == Character.UnicodeScript.HIRAGANA || script == Character.UnicodeScript.KATAKANA;
    return han ? Character.UnicodeScript.HAN : script;
  }
}
