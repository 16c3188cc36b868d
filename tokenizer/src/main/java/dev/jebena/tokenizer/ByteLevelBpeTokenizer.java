package dev.jebena.tokenizer;

import java.util.OptionalInt;

/** Byte-level BPE ({@code gpt2} in GGUF): text is cut into pieces, each piece's bytes are merged. */
final class ByteLevelBpeTokenizer extends GgufTokenizer {

  private final PreTokenizer preTokenizer;
  private final BytePairMerges merges;
  private final int[] idOfByte = new int[256];
  private final byte[][] bytes;

  ByteLevelBpeTokenizer(GgufVocabulary source, PreTokenizer preTokenizer) {
    super(source, false);
    this.preTokenizer = preTokenizer;
    for (int b = 0; b < 256; b++) {
      idOfByte[b] = vocabulary.id(String.valueOf(ByteAlphabet.character(b))).orElse(-1);
    }
    bytes = new byte[vocabulary.size()][];
    for (int id = 0; id < bytes.length; id++) {
      boolean spelledOut = vocabulary.isSpecial(id) || vocabulary.isUserDefined(id);
      bytes[id] = spelledOut ? Utf8.encode(vocabulary.text(id)) : ByteAlphabet.bytes(vocabulary.text(id));
    }
    merges = readMerges(source);
  }

  private BytePairMerges readMerges(GgufVocabulary source) {
    BytePairMerges.Builder builder = new BytePairMerges.Builder(source.merges().size());
    for (int i = 0; i < source.merges().size(); i++) {
      String merge = source.merges().get(i);
      int space = merge.indexOf(' ', 1);
      if (space < 0 || space == merge.length() - 1) {
        throw new TokenizerException("merge " + i + " is '" + merge + "': two tokens with a space between them are needed");
      }
      OptionalInt left = vocabulary.id(merge.substring(0, space));
      OptionalInt right = vocabulary.id(merge.substring(space + 1));
      OptionalInt result = vocabulary.id(merge.substring(0, space) + merge.substring(space + 1));
      if (left.isEmpty() || right.isEmpty() || result.isEmpty()) {
        throw new TokenizerException("merge " + i + " is '" + merge + "', which names a token that the vocabulary does not have");
      }
      builder.add(left.getAsInt(), right.getAsInt(), result.getAsInt());
    }
    return builder.build();
  }

  @Override
  void encodeText(String text, int from, int to, IntList ids, boolean first) {
    preTokenizer.split(text, from, to, (start, end) -> encodePiece(text.substring(start, end), ids));
  }

  private void encodePiece(String piece, IntList ids) {
    byte[] utf8 = Utf8.encode(piece);
    int[] parts = new int[utf8.length];
    int length = 0;
    for (byte b : utf8) {
      int id = idOfByte[b & 0xFF];
      if (id < 0) {
        id = vocabulary
            .unknown()
            .orElseThrow(
                () -> new TokenizerException("the vocabulary has no token for byte " + (b & 0xFF) + " of '" + piece + "', and no unknown token"));
      }
      parts[length++] = id;
    }
    ids.addAll(parts, merges.merge(parts, length));
  }

  @Override
  byte[] rawBytes(int id) {
    return bytes[id];
  }

  @Override
  boolean dropsFirstSpace() {
    return false;
  }
}
