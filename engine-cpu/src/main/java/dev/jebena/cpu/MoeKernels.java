package dev.jebena.cpu;

import dev.jebena.engine.program.Op;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The row operations of mixtures of experts. */
final class MoeKernels {

  private MoeKernels() {}

  /** See {@link Op.MoeRoute}; scores are taken in double, as by the reference. {@code bias}: null, or one for each expert. */
  static RowKernel route(
      float[] values, Op.MoeRoute op, RowKernels.Place logits, RowKernels.Place out, float @Nullable [] bias, int workers) {
    double[][] scoreRooms = new double[workers][logits.columns()];
    double[][] selectionRooms = new double[workers][logits.columns()];
    int topK = op.topK();
    return (row, worker) -> {
      double[] scores = scoreRooms[worker];
      double[] selection = selectionRooms[worker];
      score(op.scoring(), values, logits.row(row), scores);
      for (int expert = 0; expert < scores.length; expert++) {
        selection[expert] = scores[expert] + (bias == null ? 0 : bias[expert]);
      }
      int to = out.row(row);
      double sum = 0;
      for (int k = 0; k < topK; k++) {
        // with nothing to compare (not-a-number), any expert does: the weights say what happened
        int chosen = Math.max(0, largest(selection));
        selection[chosen] = Double.NEGATIVE_INFINITY;
        sum += scores[chosen];
        values[to + k] = chosen;
      }
      for (int k = 0; k < topK; k++) {
        double score = scores[(int) values[to + k]];
        double weight = switch (op.weighting()) {
          case AS_SCORED -> score;
          case RENORMALISED -> score / sum;
        };
        values[to + topK + k] = (float) (weight * op.scale());
      }
    };
  }

  private static void score(Op.MoeRoute.Scoring scoring, float[] values, int at, double[] scores) {
    switch (scoring) {
      case SIGMOID -> {
        for (int expert = 0; expert < scores.length; expert++) {
          scores[expert] = 1 / (1 + Math.exp(-values[at + expert]));
        }
      }
      case SOFTMAX -> {
        double largest = Double.NEGATIVE_INFINITY;
        for (int expert = 0; expert < scores.length; expert++) {
          largest = Math.max(largest, values[at + expert]);
        }
        double sum = 0;
        for (int expert = 0; expert < scores.length; expert++) {
          scores[expert] = Math.exp(values[at + expert] - largest);
          sum += scores[expert];
        }
        for (int expert = 0; expert < scores.length; expert++) {
          scores[expert] /= sum;
        }
      }
    }
  }

  /** The first of the largest; -1: there is none. */
  private static int largest(double[] values) {
    int best = -1;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < values.length; i++) {
      if (values[i] > most) {
        most = values[i];
        best = i;
      }
    }
    return best;
  }

  /** The weighted sum of what a row's experts gave, in the order of their choice. */
  static RowKernel combine(ExpertStage.Choice choice, float[] work, RowKernels.Place results, RowKernels.Place out) {
    int topK = choice.op().topK();
    float[] values = choice.values();
    return (row, worker) -> {
      int to = out.row(row);
      Arrays.fill(values, to, to + out.columns(), 0);
      for (int k = 0; k < topK; k++) {
        if (choice.expert(row, k) >= 0) {
          float weight = choice.weight(row, k);
          int from = results.row(row * topK + k);
          for (int i = 0; i < out.columns(); i++) {
            values[to + i] += weight * work[from + i];
          }
        }
      }
    };
  }
}
