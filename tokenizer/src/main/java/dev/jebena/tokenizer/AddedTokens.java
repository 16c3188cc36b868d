package dev.jebena.tokenizer;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Finds added tokens in a text, leftmost first and of those the longest. */
final class AddedTokens {

  private static final class Node {
    final Map<Character, Node> children = new HashMap<>();
    int id = -1;
  }

  private final Node root = new Node();

  AddedTokens(Vocabulary vocabulary, List<Integer> ids) {
    for (int id : ids) {
      add(vocabulary.text(id), id);
    }
  }

  AddedTokens(Map<String, Integer> tokens) {
    tokens.forEach(this::add);
  }

  private void add(String text, int id) {
    Node node = root;
    for (int i = 0; i < text.length(); i++) {
      node = node.children.computeIfAbsent(text.charAt(i), c -> new Node());
    }
    if (node.id < 0) {
      node.id = id;
    }
  }

  /** Takes the parts of a text. */
  interface Parts {
    void text(int from, int to);

    void token(int id);
  }

  /** Cuts the text into added tokens and what lies between them. */
  void split(String text, Parts parts) {
    int done = 0;
    int at = 0;
    while (at < text.length()) {
      Node node = root.children.get(text.charAt(at));
      int id = -1;
      int end = at;
      for (int i = at + 1; node != null; i++) {
        if (node.id >= 0) {
          id = node.id;
          end = i;
        }
        node = i < text.length() ? node.children.get(text.charAt(i)) : null;
      }
      if (id < 0) {
        at++;
        continue;
      }
      if (at > done) {
        parts.text(done, at);
      }
      parts.token(id);
      at = end;
      done = end;
    }
    if (done < text.length()) {
      parts.text(done, text.length());
    }
  }
}
