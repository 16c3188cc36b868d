package dev.jebena.engine.reference;

import dev.jebena.engine.program.Op;
import dev.jebena.engine.weight.WeightView;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The operations of mixtures of experts. */
final class MoeOperations {

  private MoeOperations() {}

  /** See {@link Op.MoeRoute}; scores are taken in double. {@code bias} has one for each expert, null: none. */
  static void route(Op.MoeRoute op, Matrix logits, float @Nullable [] bias, int rows, Matrix out) {
    int experts = logits.columns();
    for (int row = 0; row < rows; row++) {
      double[] scores = scores(op.scoring(), logits, row);
      double[] selection = scores.clone();
      for (int expert = 0; expert < experts && bias != null; expert++) {
        selection[expert] += bias[expert];
      }
      double sum = 0;
      int[] chosen = new int[op.topK()];
      for (int k = 0; k < op.topK(); k++) {
        // with nothing to compare (not-a-number), any expert does: the weights say what happened
        chosen[k] = Math.max(0, largest(selection));
        selection[chosen[k]] = Double.NEGATIVE_INFINITY;
        sum += scores[chosen[k]];
      }
      for (int k = 0; k < op.topK(); k++) {
        double weight = switch (op.weighting()) {
          case AS_SCORED -> scores[chosen[k]];
          case RENORMALISED -> scores[chosen[k]] / sum;
        };
        out.data()[out.row(row) + k] = chosen[k];
        out.data()[out.row(row) + op.topK() + k] = (float) (weight * op.scale());
      }
    }
  }

  private static double[] scores(Op.MoeRoute.Scoring scoring, Matrix logits, int row) {
    double[] scores = new double[logits.columns()];
    double largest = Double.NEGATIVE_INFINITY;
    for (int expert = 0; expert < scores.length; expert++) {
      scores[expert] = logits.data()[logits.row(row) + expert];
      largest = Math.max(largest, scores[expert]);
    }
    double sum = 0;
    for (int expert = 0; expert < scores.length; expert++) {
      scores[expert] = switch (scoring) {
        case SOFTMAX -> Math.exp(scores[expert] - largest);
        case SIGMOID -> 1 / (1 + Math.exp(-scores[expert]));
      };
      sum += scores[expert];
    }
    if (scoring == Op.MoeRoute.Scoring.SOFTMAX) {
      for (int expert = 0; expert < scores.length; expert++) {
        scores[expert] /= sum;
      }
    }
    return scores;
  }

  /** The first of the largest; -1: there is none. */
  private static int largest(double[] values) {
    int best = -1;
    for (int i = 0; i < values.length; i++) {
      if (values[i] > (best < 0 ? Double.NEGATIVE_INFINITY : values[best])) {
        best = i;
      }
    }
    return best;
  }

  /** See {@link Op.MoeExperts}. */
  static void experts(
      Op.MoeExperts op, Matrix in, Matrix route, WeightView gate, WeightView up, WeightView down, int rows, Matrix out, float[] decoded) {
    int topK = op.topK();
    float[] hidden = new float[op.feedForward()];
    for (int row = 0; row < rows; row++) {
      Arrays.fill(out.data(), out.row(row), out.row(row) + out.columns(), 0);
      for (int k = 0; k < topK; k++) {
        int expert = (int) route.data()[route.row(row) + k] - op.firstExpert();
        float weight = route.data()[route.row(row) + topK + k];
        if (expert < 0 || expert >= op.experts()) {
          continue;
        }
        for (int i = 0; i < hidden.length; i++) {
          float gated = dot(gate, expert * hidden.length + i, in.data(), in.row(row), decoded);
          hidden[i] = ElementFunctions.activate(op.activation(), gated)
              * dot(up, expert * hidden.length + i, in.data(), in.row(row), decoded);
        }
        for (int i = 0; i < out.columns(); i++) {
          out.data()[out.row(row) + i] += weight * dot(down, expert * out.columns() + i, hidden, 0, decoded);
        }
      }
    }
  }

  private static float dot(WeightView weight, int weightRow, float[] x, int at, float[] decoded) {
    weight.decodeRow(weightRow, decoded, 0);
    return RowOperations.dot(x, at, decoded, 0, weight.spec().columns());
  }
}
