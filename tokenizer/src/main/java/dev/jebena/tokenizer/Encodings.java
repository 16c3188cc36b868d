package dev.jebena.tokenizer;

import java.util.Arrays;
import java.util.List;

/** Puts encoded texts together: truncates them, and adds what the post-processor adds. */
final class Encodings {

  private Encodings() {}

  /** The tokens of one text. */
  static final class Tokens implements TokenSink {

    private final IntList ids = new IntList();
    private final IntList starts = new IntList();
    private final IntList ends = new IntList();

    @Override
    public void token(int id, int from, int to) {
      ids.add(id);
      starts.add(from);
      ends.add(to);
    }

    /** The same with offsets that leave out spaces. */
    Tokens trimmed(EncodingTemplate.Trim trim, Vocabulary vocabulary, String text) {
      if (trim == EncodingTemplate.Trim.NONE) {
        return this;
      }
      int[] id = ids.toArray();
      int[] start = starts.toArray();
      int[] end = ends.toArray();
      Tokens trimmed = new Tokens();
      for (int i = 0; i < id.length; i++) {
        String token = vocabulary.text(id[i]);
        int leading = 0;
        while (leading < token.length() && isSpace(token.charAt(leading))) {
          leading++;
        }
        int trailing = 0;
        while (trailing < token.length() && isSpace(token.charAt(token.length() - 1 - trailing))) {
          trailing++;
        }
        boolean first = i == 0 || start[i] == 0;
        if (leading > 0 && first && trim == EncodingTemplate.Trim.BUT_FIRST) {
          leading--;
        }
        int from = Math.min(start[i] + leading, end[i]);
        int to = trailing > 0 && end[i] >= trailing ? Math.max(end[i] - trailing, from) : end[i];
        // a space that the tokenizer added stands for the character after it, which may be a pair of surrogates
        boolean withinCharacter = to > from && to < text.length() && Character.isSurrogatePair(text.charAt(to - 1), text.charAt(to));
        trimmed.token(id[i], from, withinCharacter ? from : to);
      }
      return trimmed;
    }

    private static boolean isSpace(char c) {
      return c == '\u0120' || ReferenceUnicode.isSpace(c);
    }

    int size() {
      return ids.size();
    }
  }

  static Encoding join(EncodingTemplate template, EncodeOptions options, Truncation truncation, List<Tokens> texts) {
    List<EncodingTemplate.Part> parts = template.parts(texts.size(), options.addition());
    int added = (int) parts.stream().filter(part -> part.text() < 0).count();
    int[] kept = lengths(texts.stream().mapToInt(Tokens::size).toArray(), added, truncation);
    Tokens all = new Tokens();
    IntList typeIds = new IntList();
    IntList sources = new IntList();
    for (EncodingTemplate.Part part : parts) {
      if (part.text() < 0) {
        all.token(part.id(), 0, 0);
        typeIds.add(part.typeId());
        sources.add(-1);
        continue;
      }
      Tokens tokens = texts.get(part.text());
      int count = kept[part.text()];
      int from = truncation.side() == Truncation.Side.LEFT ? tokens.size() - count : 0;
      all.ids.addAll(Arrays.copyOfRange(tokens.ids.toArray(), from, from + count), count);
      all.starts.addAll(Arrays.copyOfRange(tokens.starts.toArray(), from, from + count), count);
      all.ends.addAll(Arrays.copyOfRange(tokens.ends.toArray(), from, from + count), count);
      for (int i = 0; i < count; i++) {
        typeIds.add(part.typeId());
        sources.add(part.text());
      }
    }
    return new Encoding(all.ids.toArray(), all.starts.toArray(), all.ends.toArray(), typeIds.toArray(), sources.toArray());
  }

  /** How many tokens each text keeps. */
  private static int[] lengths(int[] lengths, int added, Truncation truncation) {
    long total = Arrays.stream(lengths).asLongStream().sum();
    if (total + added <= truncation.maxTokens()) {
      return lengths;
    }
    int room = truncation.maxTokens() - added;
    if (room < 0) {
      throw new TokenizerException("maxTokens is " + truncation.maxTokens() + ": the tokens that are added alone are " + added);
    }
    if (lengths.length == 1) {
      return new int[] {room};
    }
    int first = lengths[0];
    int second = lengths[1];
    return switch (truncation.pair()) {
      case LONGEST_FIRST -> {
        int shorter = Math.min(first, second);
        int longer = shorter > room ? shorter : Math.max(shorter, room - shorter);
        if (shorter + (long) longer > room) {
          shorter = room / 2;
          longer = room - shorter;
        }
        yield first <= second ? new int[] {shorter, longer} : new int[] {longer, shorter};
      }
      case ONLY_FIRST -> new int[] {left(first, total - room, truncation), second};
      case ONLY_SECOND -> new int[] {first, left(second, total - room, truncation)};
    };
  }

  private static int left(int length, long removed, Truncation truncation) {
    if (removed >= length) {
      throw new TokenizerException(
          "maxTokens is " + truncation.maxTokens() + ": " + removed + " tokens would have to go from a text of " + length
              + " tokens; shorten the other text or use LONGEST_FIRST");
    }
    return (int) (length - removed);
  }
}
