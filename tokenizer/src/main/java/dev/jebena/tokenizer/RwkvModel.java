package dev.jebena.tokenizer;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** RWKV's world tokenizer: the longest token that the bytes begin with, again and again. The vocabulary is spelled in the byte alphabet. */
final class RwkvModel implements PieceModel {

  private final CharTrie trie;
  private final OptionalInt unknown;

  RwkvModel(TokenTable tokens, OptionalInt unknown) {
    List<String> keys = new ArrayList<>();
    List<Integer> ids = new ArrayList<>();
    for (int id = 0; id < tokens.size(); id++) {
      if (tokens.length(id) > 0) {
        keys.add(tokens.text(id));
        ids.add(id);
      }
    }
    this.trie = new CharTrie(keys, ids.stream().mapToInt(Integer::intValue).toArray());
    this.unknown = unknown;
  }

  /** The tokens in the byte alphabet; in the file they are written as Python writes bytes. */
  static List<String> spellings(List<String> tokens) {
    return tokens.stream().map(token -> ByteAlphabet.spelling(unescaped(token))).toList();
  }

  private static byte[] unescaped(String token) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < token.length(); ) {
      int c = token.codePointAt(i);
      i += Character.charCount(c);
      if (c != '\\' || i == token.length()) {
        bytes.writeBytes(Utf8.encode(Character.toString(c)));
        continue;
      }
      char escape = token.charAt(i++);
      switch (escape) {
        case 'n' -> bytes.write('\n');
        case 't' -> bytes.write('\t');
        case 'r' -> bytes.write('\r');
        case 'x' -> {
          int high = i < token.length() ? Character.digit(token.charAt(i), 16) : -1;
          int low = i + 1 < token.length() ? Character.digit(token.charAt(i + 1), 16) : -1;
          if (high < 0 || low < 0) {
            throw new TokenizerException("token '" + token + "' ends within an escaped byte");
          }
          bytes.write(high * 16 + low);
          i += 2;
        }
        default -> bytes.writeBytes(Utf8.encode(String.valueOf(escape)));
      }
    }
    return bytes.toByteArray();
  }

  @Override
  public void encode(String text, int from, int to, TokenSink tokens) {
    for (int at = from; at < to; ) {
      int length = trie.longestMatch(text, at, to);
      if (length > 0) {
        tokens.token(trie.find(text, at, at + length), at, at + length);
      } else {
        int start = at;
        length = 1;
        tokens.token(
            unknown.orElseThrow(() -> new TokenizerException(
                "the vocabulary has no token for byte " + ByteAlphabet.byteOf(text.charAt(start)) + ", and no unknown token")),
            at,
            at + 1);
      }
      at += length;
    }
  }
}
