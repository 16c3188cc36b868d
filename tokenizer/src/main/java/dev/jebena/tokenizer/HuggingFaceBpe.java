package dev.jebena.tokenizer;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The BPE model of {@code tokenizer.json}. */
final class HuggingFaceBpe implements HuggingFaceModels.Model {

  private final Map<String, Integer> vocabulary;
  private final BytePairMerges merges;
  private final int[] idOfByte = new int[256];
  private final @Nullable Integer unknown;
  private final boolean fusesUnknown;
  private final boolean ignoresMerges;
  private final boolean fallsBackToBytes;
  private final String prefix;
  private final String suffix;

  HuggingFaceBpe(Json json, Map<String, Integer> vocabulary) {
    this.vocabulary = vocabulary;
    if (json.at("dropout").value() instanceof Double dropout && dropout != 0) {
      throw json.at("dropout").unsupported("dropout, which makes encoding random,");
    }
    String unknownToken = json.at("unk_token").string("");
    unknown = vocabulary.get(unknownToken);
    if (!unknownToken.isEmpty() && unknown == null) {
      throw new TokenizerException(json.at("unk_token").place() + " is '" + unknownToken + "', which the vocabulary does not have");
    }
    fusesUnknown = json.at("fuse_unk").flag(false);
    ignoresMerges = json.at("ignore_merges").flag(false);
    fallsBackToBytes = json.at("byte_fallback").flag(false);
    prefix = json.at("continuing_subword_prefix").string("");
    suffix = json.at("end_of_word_suffix").string("");
    for (int b = 0; b < 256; b++) {
      idOfByte[b] = vocabulary.getOrDefault(HuggingFaceModels.byteToken(b), -1);
    }
    List<Json> pairs = json.at("merges").list();
    BytePairMerges.Builder builder = new BytePairMerges.Builder(pairs.size());
    for (Json pair : pairs) {
      add(builder, pair);
    }
    merges = builder.build();
  }

  private void add(BytePairMerges.Builder builder, Json pair) {
    String left;
    String right;
    if (pair.value() instanceof String text) {
      int space = text.indexOf(' ');
      if (space < 0) {
        throw new TokenizerException(pair.place() + " is '" + text + "': two tokens with a space between them are needed");
      }
      left = text.substring(0, space);
      right = text.substring(space + 1);
    } else {
      List<Json> both = pair.list();
      if (both.size() != 2) {
        throw new TokenizerException(pair.place() + " has " + both.size() + " tokens: 2 are needed");
      }
      left = both.get(0).string();
      right = both.get(1).string();
    }
    Integer leftId = vocabulary.get(left);
    Integer rightId = vocabulary.get(right);
    Integer result = vocabulary.get(prefix.isEmpty() || right.length() < prefix.length() ? left + right : left + right.substring(prefix.length()));
    if (leftId == null || rightId == null || result == null) {
      throw new TokenizerException(pair.place() + " names a token that the vocabulary does not have");
    }
    builder.add(leftId, rightId, result);
  }

  @Override
  public void encode(String text, int from, int to, TokenSink tokens) {
    Integer whole = ignoresMerges ? vocabulary.get(text.substring(from, to)) : null;
    if (whole != null) {
      tokens.token(whole, from, to);
      return;
    }
    Symbols symbols = new Symbols(to - from);
    for (int at = from; at < to; ) {
      int end = at + Character.charCount(text.codePointAt(at));
      String character = text.substring(at, end);
      if (at > from) {
        character = prefix + character;
      }
      if (end == to) {
        character += suffix;
      }
      Integer id = vocabulary.get(character);
      if (id != null) {
        symbols.endUnknown();
        symbols.add(id, at, end);
      } else if (!(fallsBackToBytes && addBytes(character, at, end, symbols)) && unknown != null) {
        symbols.addUnknown(unknown, at, end);
      }
      at = end;
    }
    symbols.endUnknown();
    symbols.merge(tokens);
  }

  private boolean addBytes(String character, int from, int to, Symbols symbols) {
    byte[] utf8 = Utf8.encode(character);
    for (byte b : utf8) {
      if (idOfByte[b & 0xFF] < 0) {
        return false;
      }
    }
    for (byte b : utf8) {
      symbols.add(idOfByte[b & 0xFF], from, to);
    }
    return true;
  }

  /** The symbols of one piece; unknown characters wait until it is known whether others follow. */
  private final class Symbols {

    private final IntList ids = new IntList();
    private final IntList starts = new IntList();
    private final IntList ends = new IntList();
    private int waiting = -1;
    private int waitingFrom;
    private int waitingTo;

    Symbols(int expected) {
      ids.reserve(expected);
    }

    void add(int id, int from, int to) {
      ids.add(id);
      starts.add(from);
      ends.add(to);
    }

    void addUnknown(int id, int from, int to) {
      if (waiting >= 0 && fusesUnknown) {
        waitingTo = to;
        return;
      }
      endUnknown();
      waiting = id;
      waitingFrom = from;
      waitingTo = to;
    }

    void endUnknown() {
      if (waiting >= 0) {
        add(waiting, waitingFrom, waitingTo);
        waiting = -1;
      }
    }

    void merge(TokenSink tokens) {
      int[] merged = ids.toArray();
      int[] froms = starts.toArray();
      int[] tos = ends.toArray();
      int[] widths = new int[merged.length];
      java.util.Arrays.fill(widths, 1);
      int count = merges.merge(merged, widths, merged.length);
      int at = 0;
      for (int i = 0; i < count; i++) {
        int last = at + widths[i] - 1;
        tokens.token(merged[i], froms[at], tos[last]);
        at = last + 1;
      }
    }
  }
}
