package dev.jebena.tokenizer;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Finds added tokens in a text, leftmost first and of those the longest, and takes the spaces that they ask for. */
final class AddedTokenFinder {

  /**
   * An added token.
   *
   * @param single whether it is found only where no letters touch it
   * @param left whether it takes the spaces before it
   * @param right whether it takes the spaces after it
   * @param normalized whether it is sought in the normalized text
   */
  record Added(String content, int id, boolean special, boolean single, boolean left, boolean right, boolean normalized) {}

  /** Takes the parts of a text. */
  interface Parts {
    void text(int from, int to);

    void token(int id, int from, int to);
  }

  private final List<Added> tokens = new ArrayList<>();
  private final CharTrie trie;

  AddedTokenFinder(List<Added> added, UnaryOperator<String> form) {
    // of equal ones the special one counts, then the first
    Map<String, Added> byForm = new LinkedHashMap<>();
    for (boolean special : new boolean[] {true, false}) {
      for (Added token : added) {
        String written = token.special == special ? form.apply(token.content) : "";
        if (!written.isEmpty()) {
          byForm.putIfAbsent(written, token);
        }
      }
    }
    tokens.addAll(byForm.values());
    int[] values = new int[tokens.size()];
    java.util.Arrays.setAll(values, i -> i);
    trie = new CharTrie(List.copyOf(byForm.keySet()), values);
  }

  /** Cuts the text; special tokens that are not parsed stay text. */
  void split(String text, EncodeOptions.Specials specials, Parts parts) {
    int done = 0;
    for (int at = trie.nextStart(text, 0, text.length()); at < text.length(); at = trie.nextStart(text, at, text.length())) {
      int found = -1;
      int end = at;
      int node = CharTrie.ROOT;
      for (int i = at; i < text.length() && (node = trie.step(node, text.charAt(i))) != CharTrie.NONE; i++) {
        if (trie.value(node) >= 0) {
          found = trie.value(node);
          end = i + 1;
        }
      }
      if (found < 0) {
        at++;
        continue;
      }
      Added token = tokens.get(found);
      int start = at;
      at = end;
      if (token.special && specials == EncodeOptions.Specials.AS_TEXT || token.single && touchesWord(text, start, end)) {
        continue;
      }
      while (token.left && start > done && ReferenceUnicode.isSpace(text.charAt(start - 1))) {
        start--;
      }
      while (token.right && end < text.length() && ReferenceUnicode.isSpace(text.charAt(end))) {
        end++;
      }
      if (start > done) {
        parts.text(done, start);
      }
      parts.token(token.id, start, end);
      done = end;
    }
    if (done < text.length()) {
      parts.text(done, text.length());
    }
  }

  private static boolean touchesWord(String text, int start, int end) {
    return start > 0 && ReferenceUnicode.isWord(text.codePointBefore(start))
        || end < text.length() && ReferenceUnicode.isWord(text.codePointAt(end));
  }
}
