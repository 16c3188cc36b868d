package dev.jebena.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CodePointSetTest {

  @Test
  void categoriesAreThoseOfEveryCodePoint() {
    for (int type = 0; type <= 30; type++) {
      int wanted = type;
      assertEquals(CodePointSet.where(c -> Character.getType(c) == wanted), CodePointSet.categories(1 << type), "category " + type);
    }
    assertEquals(CodePointSet.where(ReferenceUnicode::isSpace), PatternProperties.SPACE);
  }

  @Test
  void setsAreCombinedAsBitsAre() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 500; round++) {
      BitSet a = new BitSet();
      BitSet b = new BitSet();
      CodePointSet left = CodePointSet.EMPTY;
      CodePointSet right = CodePointSet.EMPTY;
      for (int i = random.nextInt(6); i > 0; i--) {
        int from = random.nextInt(60);
        int to = from + random.nextInt(10);
        if (random.nextBoolean()) {
          a.set(from, to + 1);
          left = left.union(CodePointSet.range(from, to));
        } else {
          b.set(from, to + 1);
          right = right.union(CodePointSet.range(from, to));
        }
      }
      BitSet both = (BitSet) a.clone();
      both.and(b);
      for (int c = 0; c < 80; c++) {
        String where = "code point " + c + ", seed " + seed;
        assertEquals(a.get(c), left.contains(c), where);
        assertEquals(!a.get(c), left.complement().contains(c), where);
        assertEquals(both.get(c), left.intersect(right).contains(c), where);
      }
      assertEquals(left, left.complement().complement(), () -> "seed " + seed);
      assertEquals(CodePointSet.ALL, left.union(left.complement()), () -> "seed " + seed);
    }
  }
}
