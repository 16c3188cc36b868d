package dev.jebena.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

final class StepPaceTest {

  @Test
  void withoutATargetStepsTakeAllThatTheyMay() {
    StepPace pace = new StepPace(OptionalInt.empty(), 512);
    pace.stepped(512, 1, 10_000_000_000L);
    assertEquals(512, pace.budget());
  }

  @Test
  void theBudgetFollowsTheTimeOfATokenAndStaysWithinItsLimits() {
    StepPace pace = new StepPace(OptionalInt.of(50), 512);
    for (int i = 0; i < 100; i++) {
      assertTrue(pace.budget() >= 32 && pace.budget() <= 512);
      pace.stepped(pace.budget(), 1, pace.budget() * 250_000L);
    }
    assertEquals(200, pace.budget(), 1);
    for (int i = 0; i < 100; i++) {
      pace.stepped(pace.budget(), 1, pace.budget() * 1_000_000_000L);
    }
    assertEquals(32, pace.budget());
    for (int i = 0; i < 100; i++) {
      pace.stepped(pace.budget(), 1, 1);
    }
    assertEquals(512, pace.budget());
  }

  @Test
  void aStepOfLessThanTheLeastTokensIsAllowed() {
    StepPace pace = new StepPace(OptionalInt.of(50), 8);
    assertEquals(8, pace.budget());
    pace.stepped(64, 1, 1_000_000_000_000L);
    assertEquals(8, pace.budget());
  }

  @Test
  void stepsThatOnlyDecodeTellNothing() {
    StepPace pace = new StepPace(OptionalInt.of(50), 512);
    int before = pace.budget();
    pace.stepped(64, 64, 1);
    assertEquals(before, pace.budget());
  }
}
