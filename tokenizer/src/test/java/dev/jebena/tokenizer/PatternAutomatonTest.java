package dev.jebena.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PatternAutomatonTest {

  private static final int TEXTS = 3000;

  static List<String> knownPatterns() {
    List<String> patterns = new ArrayList<>(List.of(
        "a|ab|abc", "(?:a|b)*c", "x{2,4}?y|x", "[a-c&&[^b]]+|b", "a+?b|a", "(?i:k|s)+", "[^\\S\\n]+|\\n", "\\p{Han}+|\\P{Han}", "(?:ab?)+(?!c)|b"));
    for (String name : GgufPreTokenizers.names()) {
      patterns.addAll(GgufPreTokenizers.named(name).patterns());
    }
    patterns.removeIf(pattern -> pattern.equals(TextPattern.THOUSANDS_FROM_THE_RIGHT));
    return patterns.stream().distinct().toList();
  }

  @ParameterizedTest
  @MethodSource("knownPatterns")
  void cutsAsTheRegularExpressionDoes(String pattern) {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    TextPattern fast = TextPattern.regex(pattern, "test");
    TextPattern plain = TextPattern.backtracking(pattern, "test");
    for (int i = 0; i < TEXTS; i++) {
      String text = RandomText.wellFormed(random);
      int from = text.length() > 2 && random.nextInt(4) == 0 ? text.offsetByCodePoints(0, 1) : 0;
      assertEquals(cut(plain, text, from), cut(fast, text, from), () -> "'" + text + "', pattern " + pattern + ", seed " + seed);
    }
  }

  private static String cut(TextPattern pattern, String text, int from) {
    StringBuilder parts = new StringBuilder();
    pattern.find(text, from, text.length(), (start, end, matched) -> parts.append(matched ? "+" : "-").append(text, start, end).append('|'));
    return parts.toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"(a)\\1", "(?<=a)b", "\\bword", "^a", "a*", "(?=ab)a", "[[:alpha:]]", "(?>ab)", "a++a", "(", "[a", "a{2,1}", "a{99999}"})
  void leavesOthersToTheLibraryOrRefusesThem(String pattern) {
    assertThrows(PatternParser.BeyondException.class, () -> PatternAutomaton.compile(pattern, PatternParser.Dialect.TEXT, "test"));
  }

  @Test
  void everyPatternOfRankFilesIsAnAutomaton() throws PatternParser.BeyondException {
    for (TiktokenEncoding encoding : TiktokenEncoding.values()) {
      PatternAutomaton.compile(encoding.pattern(), PatternParser.Dialect.TEXT, "test");
    }
  }

  @Test
  void thePatternsOfGgufFilesAreAutomatonsButForFixedOnes() {
    int automatons = 0;
    List<String> patterns = knownPatterns();
    for (String pattern : patterns) {
      automatons += TextPattern.regex(pattern, "test") instanceof PatternAutomaton ? 1 : 0;
    }
    assertTrue(automatons >= patterns.size() - 2, automatons + " of " + patterns.size());
  }

  @Test
  void digitsAreGroupedFromTheRight() {
    TextPattern borders = TextPattern.regex(TextPattern.THOUSANDS_FROM_THE_RIGHT, "test");
    assertEquals("-a1|-234|-567b|", cut(borders, "a1234567b", 0));
    assertEquals("+1|+234|+567|", cut(TextPattern.regex(TextPattern.THOUSANDS, "test"), "1234567", 0));
    assertEquals("-1234567x|", cut(TextPattern.regex(TextPattern.THOUSANDS, "test"), "1234567x", 0));
  }
}
