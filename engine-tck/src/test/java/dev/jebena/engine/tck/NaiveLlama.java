package dev.jebena.engine.tck;

import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSource;
import dev.jebena.engine.weight.WeightSpec;

/** The decoder of {@link TinyPrograms} written a second time: whole sequences, double precision, no cache and no Program. */
final class NaiveLlama {

  private final TinyShape shape;
  private final WeightSource source;

  NaiveLlama(TinyShape shape, WeightSource source) {
    this.shape = shape;
    this.source = source;
  }

  /** Log-probabilities {@code [tokens, vocabulary]} of the token after each. */
  double[][] logprobs(int... tokens) {
    double[][] embedding = matrix("embedding", shape.vocabulary(), shape.hidden());
    double[][] x = new double[tokens.length][];
    for (int t = 0; t < tokens.length; t++) {
      x[t] = embedding[tokens[t]].clone();
    }
    for (int layer = 0; layer < shape.layers(); layer++) {
      attention(layer, x);
      for (double[] row : x) {
        double[] normed = norm(row, "layer" + layer + "_ffn_norm");
        double[] gate = times(matrix("layer" + layer + "_gate_weight", shape.feedForward(), shape.hidden()), normed);
        double[] up = times(matrix("layer" + layer + "_up_weight", shape.feedForward(), shape.hidden()), normed);
        for (int i = 0; i < gate.length; i++) {
          gate[i] = gate[i] / (1 + Math.exp(-gate[i])) * up[i];
        }
        addTo(row, times(matrix("layer" + layer + "_down_weight", shape.hidden(), shape.feedForward()), gate));
      }
    }
    double[][] result = new double[tokens.length][];
    for (int t = 0; t < tokens.length; t++) {
      result[t] = logSoftmax(times(embedding, norm(x[t], "final_norm")));
    }
    return result;
  }

  private void attention(int layer, double[][] x) {
    String prefix = "layer" + layer + "_";
    int d = shape.headDim();
    double[][] q = new double[x.length][];
    double[][] k = new double[x.length][];
    double[][] v = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[] normed = norm(x[t], prefix + "attention_norm");
      q[t] = turned(times(matrix(prefix + "q_weight", shape.heads() * d, shape.hidden()), normed), t);
      k[t] = turned(times(matrix(prefix + "k_weight", shape.kvHeads() * d, shape.hidden()), normed), t);
      v[t] = times(matrix(prefix + "v_weight", shape.kvHeads() * d, shape.hidden()), normed);
    }
    boolean windowed = layer % 2 == 1 && shape.mask() instanceof AttentionMask.SlidingWindow;
    int window = windowed ? ((AttentionMask.SlidingWindow) shape.mask()).tokens() : Integer.MAX_VALUE;
    double[][] out = x.length == 0 ? null : matrix(prefix + "o_weight", shape.hidden(), shape.heads() * d);
    for (int t = x.length - 1; t >= 0; t--) {
      double[] attended = new double[shape.heads() * d];
      for (int head = 0; head < shape.heads(); head++) {
        int kv = head / (shape.heads() / shape.kvHeads());
        double total = 0;
        double[] sum = new double[d];
        for (int s = Math.max(0, t - window + 1); s <= t; s++) {
          double score = 0;
          for (int i = 0; i < d; i++) {
            score += q[t][head * d + i] * k[s][kv * d + i];
          }
          double weight = Math.exp(score / Math.sqrt(d));
          total += weight;
          for (int i = 0; i < d; i++) {
            sum[i] += weight * v[s][kv * d + i];
          }
        }
        for (int i = 0; i < d; i++) {
          attended[head * d + i] = sum[i] / total;
        }
      }
      addTo(x[t], times(out, attended));
    }
  }

  private double[] turned(double[] heads, int position) {
    int d = shape.headDim();
    double[] out = new double[heads.length];
    for (int head = 0; head < heads.length; head += d) {
      for (int i = 0; i < d / 2; i++) {
        double angle = position * Math.pow(TinyPrograms.ROPE_BASE, -2.0 * i / d);
        double re = heads[head + i];
        double im = heads[head + i + d / 2];
        out[head + i] = re * Math.cos(angle) - im * Math.sin(angle);
        out[head + i + d / 2] = im * Math.cos(angle) + re * Math.sin(angle);
      }
    }
    return out;
  }

  private double[] norm(double[] row, String name) {
    double[] weight = rows(new WeightSpec(name, 1, row.length, WeightFormat.of(BlockType.F32)))[0];
    double squares = 0;
    for (double value : row) {
      squares += value * value;
    }
    double[] out = new double[row.length];
    for (int i = 0; i < row.length; i++) {
      out[i] = row[i] / Math.sqrt(squares / row.length + TinyPrograms.EPSILON) * weight[i];
    }
    return out;
  }

  private double[][] matrix(String name, int rows, int columns) {
    BlockType type = columns % shape.type().elements() == 0 ? shape.type() : BlockType.F32;
    return rows(new WeightSpec(name, rows, columns, WeightFormat.of(type)));
  }

  private double[][] rows(WeightSpec spec) {
    double[][] rows = new double[spec.rows()][spec.columns()];
    float[] decoded = new float[spec.columns()];
    for (int row = 0; row < spec.rows(); row++) {
      source.weight(spec).decodeRow(row, decoded, 0);
      for (int i = 0; i < decoded.length; i++) {
        rows[row][i] = decoded[i];
      }
    }
    return rows;
  }

  private static double[] times(double[][] matrix, double[] vector) {
    double[] out = new double[matrix.length];
    for (int row = 0; row < matrix.length; row++) {
      for (int i = 0; i < vector.length; i++) {
        out[row] += matrix[row][i] * vector[i];
      }
    }
    return out;
  }

  private static void addTo(double[] row, double[] addend) {
    for (int i = 0; i < row.length; i++) {
      row[i] += addend[i];
    }
  }

  private static double[] logSoftmax(double[] logits) {
    double total = 0;
    for (double logit : logits) {
      total += Math.exp(logit);
    }
    double[] out = new double[logits.length];
    for (int i = 0; i < logits.length; i++) {
      out[i] = logits[i] - Math.log(total);
    }
    return out;
  }
}
