package dev.jebena.engine.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jebena.engine.backend.RowStatus;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.StepResult;
import dev.jebena.engine.sampling.SamplingParameters;

/** The log-probabilities {@code [rows, vocabulary]} of a sequence's rows. */
final class LogprobTable {

  private LogprobTable() {}

  /** Runs {@code tokens} in slot 0 in steps of {@code chunk} tokens, every row an output. */
  static float[][] of(StepDriver driver, int vocabulary, int chunk, int... tokens) {
    SlotSettings settings = new SlotSettings(tokens.length, SamplingParameters.GREEDY, 0, new int[0], vocabulary, vocabulary);
    float[][] table = new float[tokens.length][];
    driver.open(0, tokens, settings);
    for (int start = 0; start < tokens.length; start += chunk) {
      int count = Math.min(chunk, tokens.length - start);
      driver.run(0, start, count, count);
      StepResult result = driver.step();
      for (int row = 0; row < count; row++) {
        table[start + row] = row(result, row, vocabulary);
      }
    }
    return table;
  }

  private static float[] row(StepResult result, int row, int vocabulary) {
    assertEquals(RowStatus.OK, result.status(row));
    assertEquals(vocabulary, result.topCount(row));
    float[] logprobs = new float[vocabulary];
    for (int i = 0; i < vocabulary; i++) {
      logprobs[result.topToken(row, i)] = result.topLogprob(row, i);
    }
    return logprobs;
  }

  static void assertClose(float[][] expected, float[][] actual, double tolerance, String what) {
    assertEquals(expected.length, actual.length, what);
    for (int row = 0; row < expected.length; row++) {
      for (int i = 0; i < expected[row].length; i++) {
        if (!(Math.abs(expected[row][i] - actual[row][i]) <= tolerance)) {
          throw new AssertionError(
              what + ": row " + row + ", column " + i + ": " + expected[row][i] + " expected, but " + actual[row][i]
                  + ", more than " + tolerance + " away");
        }
      }
    }
  }
}
