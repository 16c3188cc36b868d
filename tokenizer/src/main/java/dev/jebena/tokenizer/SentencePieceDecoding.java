package dev.jebena.tokenizer;

import java.util.BitSet;
import java.util.List;
import java.util.function.Function;

/** SentencePiece's way from pieces to text: marks become spaces, the dummy one goes, unknown pieces have a text of their own. */
final class SentencePieceDecoding {

  private SentencePieceDecoding() {}

  static HuggingFaceDecoders.Decoding of(SentencePieceFile file, Vocabulary vocabulary) {
    BitSet bytes = vocabulary.ofTypes(Vocabulary.BYTE);
    BitSet unknown = vocabulary.ofTypes(Vocabulary.UNKNOWN);
    TokenTable tokens = vocabulary.table();
    // the file itself is let go
    String unknownText = file.unknownText;
    boolean removesExtraSpaces = file.removesExtraSpaces;
    boolean dropsSpace = file.addsDummyPrefix || removesExtraSpaces;
    Function<String, byte[]> bytesOfToken = token -> {
      int id = tokens.find(token);
      int value = id >= 0 && bytes.get(id) ? ByteTokens.valueOf(token) : -1;
      if (value >= 0) {
        return new byte[] {(byte) value};
      }
      String text = id >= 0 && unknown.get(id) ? unknownText : token.replace(SpaceMarkBorders.MARK, ' ');
      return Utf8.encode(text);
    };
    HuggingFaceDecoders.Opener opener = (next, position) -> new DecodeStage.Pieces(next) {
      private boolean atBeginning = dropsSpace;

      @Override
      byte[] bytesOf(String token) {
        byte[] text = bytesOfToken.apply(token);
        int id = tokens.find(token);
        boolean isByte = id >= 0 && bytes.get(id);
        if (!atBeginning || isByte || id >= 0 && unknown.get(id)) {
          atBeginning &= text.length == 0;
          return text;
        }
        boolean dropped = text.length > 0 && text[0] == ' ';
        atBeginning = dropped ? removesExtraSpaces && text.length == 1 : text.length == 0;
        return dropped ? java.util.Arrays.copyOfRange(text, 1, text.length) : text;
      }
    };
    return new HuggingFaceDecoders.Decoding(List.of(opener), bytesOfToken, HuggingFaceDecoders.Cleanup.NOT_ASKED_FOR);
  }
}
