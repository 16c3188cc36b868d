package dev.jebena.engine.backend;

import java.util.Arrays;

/**
 * What a step gave for each output row, in the order of the plan's runs. Filled by the backend, any row by any of its threads; read by
 * the engine until the next await.
 */
public final class StepResult {

  private RowStatus[] status = new RowStatus[0];
  private int[] token = new int[0];
  private float[] logprob = new float[0];
  private int[] rank = new int[0];
  private int[] topCount = new int[0];
  private int[][] topToken = new int[0][];
  private float[][] topLogprob = new float[0][];
  private int rows;

  /** Makes room for {@code newRows} rows; keeps earlier arrays where they suffice. */
  public void reset(int newRows) {
    if (newRows > status.length) {
      int size = Math.max(newRows, 2 * status.length);
      status = Arrays.copyOf(status, size);
      token = Arrays.copyOf(token, size);
      logprob = Arrays.copyOf(logprob, size);
      rank = Arrays.copyOf(rank, size);
      topCount = Arrays.copyOf(topCount, size);
      int old = topToken.length;
      topToken = Arrays.copyOf(topToken, size);
      topLogprob = Arrays.copyOf(topLogprob, size);
      for (int i = old; i < size; i++) {
        topToken[i] = new int[0];
        topLogprob[i] = new float[0];
      }
    }
    rows = newRows;
    Arrays.fill(status, 0, rows, RowStatus.OK);
    Arrays.fill(token, 0, rows, -1);
    Arrays.fill(logprob, 0, rows, Float.NaN);
    Arrays.fill(rank, 0, rows, 0);
    Arrays.fill(topCount, 0, rows, 0);
  }

  /** Output rows. */
  public int rows() {
    return rows;
  }

  /** How the row ended; the other figures are valid only for OK. */
  public RowStatus status(int row) {
    return status[row];
  }

  /** The token sampled, or the known token that was scored. */
  public int token(int row) {
    return token[row];
  }

  /** Natural log-probability of {@link #token} under the model's own distribution; NaN if not asked for. */
  public float logprob(int row) {
    return logprob[row];
  }

  /** 1 for the most likely token; 0 if log-probabilities were not asked for. */
  public int rank(int row) {
    return rank[row];
  }

  /** How many of the most likely tokens are reported. */
  public int topCount(int row) {
    return topCount[row];
  }

  /** The {@code index}-th most likely token. */
  public int topToken(int row, int index) {
    return topToken[row][index];
  }

  /** Its log-probability. */
  public float topLogprob(int row, int index) {
    return topLogprob[row][index];
  }

  public void fail(int row, RowStatus why) {
    status[row] = why;
  }

  public void token(int row, int value) {
    token[row] = value;
  }

  public void logprob(int row, float value, int rankOfToken) {
    logprob[row] = value;
    rank[row] = rankOfToken;
  }

  /** Makes room for {@code count} alternatives in a row. */
  public void topCount(int row, int count) {
    if (topToken[row].length < count) {
      topToken[row] = new int[count];
      topLogprob[row] = new float[count];
    }
    topCount[row] = count;
  }

  public void top(int row, int index, int id, float value) {
    topToken[row][index] = id;
    topLogprob[row][index] = value;
  }
}
