package dev.jebena.tokenizer;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * An immutable map from strings to numbers that is walked character by character. Nodes are numbered level by level, so the children
 * of a node are neighbours and need no pointers: ten bytes a node.
 */
final class CharTrie {

  static final int ROOT = 0;
  static final int NONE = -1;

  private final char[] labels;
  private final int[] firstChild;
  private final int[] values;
  private final int[] childOfRoot;
  private final int depth;

  /**
   * Builds the trie; of equal keys the last counts.
   *
   * @param values a number of at least 0 for each key
   */
  CharTrie(List<String> keys, int[] values) {
    Builder builder = new Builder(keys, values);
    builder.build();
    this.labels = Arrays.copyOf(builder.labels, builder.nodes);
    this.values = Arrays.copyOf(builder.values, builder.nodes);
    this.firstChild = builder.firstChild;
    this.depth = builder.depth;
    int children = firstChild[1] - firstChild[0];
    childOfRoot = new int[children == 0 ? 0 : labels[firstChild[1] - 1] + 1];
    Arrays.fill(childOfRoot, NONE);
    for (int child = firstChild[0]; child < firstChild[1]; child++) {
      childOfRoot[labels[child]] = child;
    }
  }

  /** The first index from {@code from} on at which a key could begin, {@code to} if there is none. */
  int nextStart(String text, int from, int to) {
    int children = firstChild[1] - firstChild[0];
    if (children <= 1) {
      int at = children == 0 ? -1 : text.indexOf(labels[firstChild[0]], from, to);
      return at < 0 ? to : at;
    }
    int at = from;
    while (at < to && step(ROOT, text.charAt(at)) == NONE) {
      at++;
    }
    return at;
  }

  /** The node that a character leads to, {@link #NONE} if no key goes on so. */
  int step(int node, char label) {
    if (node == ROOT) {
      return label < childOfRoot.length ? childOfRoot[label] : NONE;
    }
    int low = firstChild[node];
    int high = firstChild[node + 1] - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (labels[middle] < label) {
        low = middle + 1;
      } else if (labels[middle] > label) {
        high = middle - 1;
      } else {
        return middle;
      }
    }
    return NONE;
  }

  /** The number of the key that ends in a node, {@link #NONE} if none does. */
  int value(int node) {
    return values[node];
  }

  /** The number of {@code text[from, to)}, {@link #NONE} if it is not a key. */
  int find(String text, int from, int to) {
    int node = ROOT;
    for (int i = from; i < to && node != NONE; i++) {
      node = step(node, text.charAt(i));
    }
    return node == NONE ? NONE : values[node];
  }

  /** Length of the longest key that {@code text[from, to)} begins with, 0 if there is none. */
  int longestMatch(String text, int from, int to) {
    int longest = 0;
    int node = ROOT;
    for (int i = from; i < to; ) {
      node = step(node, text.charAt(i++));
      if (node == NONE) {
        break;
      }
      longest = values[node] >= 0 ? i - from : longest;
    }
    return longest;
  }

  /** Length of the longest key in UTF-16 units. */
  int depth() {
    return depth;
  }

  private record Entry(String key, int value) {}

  /** Cuts the sorted keys into ranges with a common prefix, one range a node. */
  private static final class Builder {

    private final Entry[] entries;
    private char[] labels;
    private int[] values;
    private int[] from;
    private int[] to;
    private int[] firstChild = new int[0];
    private int nodes;
    private int depth;

    Builder(List<String> keys, int[] numbers) {
      entries = new Entry[keys.size()];
      for (int i = 0; i < entries.length; i++) {
        entries[i] = new Entry(keys.get(i), numbers[i]);
      }
      Arrays.sort(entries, Comparator.comparing(Entry::key));
      int expected = 16 + 2 * entries.length;
      labels = new char[expected];
      values = new int[expected];
      from = new int[expected];
      to = new int[expected];
    }

    void build() {
      add('\0', 0, entries.length);
      int[] first = new int[labels.length + 1];
      int levelEnd = 1;
      for (int node = 0; node < nodes; node++) {
        if (node == levelEnd) {
          levelEnd = nodes;
          depth++;
        }
        if (first.length < labels.length + 1) {
          first = Arrays.copyOf(first, labels.length + 1);
        }
        first[node] = nodes;
        expand(node);
      }
      firstChild = Arrays.copyOf(first, nodes + 1);
      firstChild[nodes] = nodes;
    }

    private void expand(int node) {
      int at = from[node];
      int end = to[node];
      while (at < end && entries[at].key.length() == depth) {
        values[node] = entries[at++].value;
      }
      while (at < end) {
        char label = entries[at].key.charAt(depth);
        int next = at + 1;
        while (next < end && entries[next].key.charAt(depth) == label) {
          next++;
        }
        add(label, at, next);
        at = next;
      }
    }

    private void add(char label, int first, int last) {
      if (nodes == labels.length) {
        labels = Arrays.copyOf(labels, 2 * nodes);
        values = Arrays.copyOf(values, 2 * nodes);
        from = Arrays.copyOf(from, 2 * nodes);
        to = Arrays.copyOf(to, 2 * nodes);
      }
      labels[nodes] = label;
      values[nodes] = NONE;
      from[nodes] = first;
      to[nodes++] = last;
    }
  }
}
