package dev.jebena.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class CharTrieTest {

  @Test
  void findsWhatAMapFinds() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      Map<String, Integer> map = new TreeMap<>();
      List<String> keys = new ArrayList<>();
      int[] values = new int[random.nextInt(60)];
      for (int i = 0; i < values.length; i++) {
        values[i] = i;
        keys.add(word(random));
        map.put(keys.getLast(), i);
      }
      CharTrie trie = new CharTrie(keys, values);
      for (int i = 0; i < 100; i++) {
        String word = word(random);
        assertEquals(map.getOrDefault(word, CharTrie.NONE), trie.find(word, 0, word.length()), () -> word + ", seed " + seed);
      }
      assertEquals(keys.stream().mapToInt(String::length).max().orElse(0), trie.depth(), () -> "seed " + seed);
    }
  }

  private static String word(Random random) {
    StringBuilder word = new StringBuilder();
    for (int i = random.nextInt(6); i > 0; i--) {
      word.append("ab\u4e2d\uffff".charAt(random.nextInt(4)));
    }
    return word.toString();
  }
}
