package dev.jebena.engine.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PhiloxTest {

  /** The known answers that the authors publish with their library Random123. */
  @Test
  void givesThePublishedKnownAnswers() {
    assertEquals(0x6627e8d5e169c58dL, Philox.bits(0, 0, 0));
    assertEquals(0x408f276d41c83b0eL, Philox.bits(-1, -1, -1));
    assertEquals(0xd16cfe0994fdccebL, Philox.bits(0x299f31d0a4093822L, 0x85a308d3243f6a88L, 0x0370734413198a2eL));
  }

  @Test
  void spreadsEvenlyOverTheUnitInterval() {
    int cells = 64;
    int draws = 64_000;
    int[] counts = new int[cells];
    for (int i = 0; i < draws; i++) {
      double uniform = Philox.uniform(17, i);
      assertTrue(uniform >= 0 && uniform < 1);
      counts[(int) (uniform * cells)]++;
    }
    double chiSquare = 0;
    for (int count : counts) {
      double difference = count - (double) draws / cells;
      chiSquare += difference * difference * cells / draws;
    }
    // 63 degrees of freedom: 120 is exceeded by chance less than once in 10^5 seeds, and the seed is fixed
    assertTrue(chiSquare < 120, "chi-square " + chiSquare);
  }
}
