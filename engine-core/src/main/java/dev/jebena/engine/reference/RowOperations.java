package dev.jebena.engine.reference;

import dev.jebena.engine.program.Activation;
import dev.jebena.engine.program.MapFunction;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.RopeFrequencies;
import dev.jebena.engine.weight.WeightView;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The operations that treat each row by itself. Output and input may not share memory. */
final class RowOperations {

  private static final int LANES = 8;

  private RowOperations() {}

  /** Row r of {@code out} is the row of {@code weight} that {@code index[r]} names; see {@link Op.Embed}. */
  static void embed(Op.Embed embed, WeightView weight, int[] index, int rows, Matrix out) {
    int first = embed.firstEntry().orElse(0);
    for (int row = 0; row < rows; row++) {
      int entry = index[row] - first;
      if (embed.firstEntry().isPresent() && (entry < 0 || entry >= weight.spec().rows())) {
        Arrays.fill(out.data(), out.row(row), out.row(row) + out.columns(), 0);
      } else {
        weight.decodeRow(entry, out.data(), out.row(row));
      }
    }
  }

  static void zero(int rows, Matrix out) {
    for (int row = 0; row < rows; row++) {
      Arrays.fill(out.data(), out.row(row), out.row(row) + out.columns(), 0);
    }
  }

  /**
   * {@code out = in * transpose(weight) + bias}. A weight's row is decoded once for all rows of the input.
   *
   * @param decoded room for a row of the weight
   * @param bias one value for each column of {@code out}; null: 0
   */
  static void linear(Matrix in, WeightView weight, float @Nullable [] bias, int rows, Matrix out, float[] decoded) {
    for (int column = 0; column < out.columns(); column++) {
      weight.decodeRow(column, decoded, 0);
      float offset = bias == null ? 0 : bias[column];
      for (int row = 0; row < rows; row++) {
        out.data()[out.row(row) + column] = dot(in.data(), in.row(row), decoded, 0, in.columns()) + offset;
      }
    }
  }

  /**
   * The sum of products: eight partial sums over every eighth column, added in order, so that it depends on nothing but the
   * length.
   */
  static float dot(float[] a, int aOffset, float[] b, int bOffset, int length) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    float s4 = 0;
    float s5 = 0;
    float s6 = 0;
    float s7 = 0;
    int whole = length - length % LANES;
    for (int i = 0; i < whole; i += LANES) {
      int at = aOffset + i;
      int bt = bOffset + i;
      s0 += a[at] * b[bt];
      s1 += a[at + 1] * b[bt + 1];
      s2 += a[at + 2] * b[bt + 2];
      s3 += a[at + 3] * b[bt + 3];
      s4 += a[at + 4] * b[bt + 4];
      s5 += a[at + 5] * b[bt + 5];
      s6 += a[at + 6] * b[bt + 6];
      s7 += a[at + 7] * b[bt + 7];
    }
    float rest = 0;
    for (int i = whole; i < length; i++) {
      rest += a[aOffset + i] * b[bOffset + i];
    }
    return s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + rest;
  }

  /** See {@link Op.Norm}; the sums are taken in double. */
  static void norm(Op.Norm norm, Matrix in, float @Nullable [] weight, float @Nullable [] bias, int rows, Matrix out) {
    int group = norm.groupColumns();
    for (int row = 0; row < rows; row++) {
      for (int from = 0; from < in.columns(); from += group) {
        int at = in.row(row) + from;
        double mean = norm.kind() == Op.Norm.Kind.LAYER ? mean(in.data(), at, group) : 0;
        double squares = 0;
        for (int i = 0; i < group; i++) {
          double centred = in.data()[at + i] - mean;
          squares += centred * centred;
        }
        double factor = 1 / Math.sqrt(squares / group + norm.epsilon());
        for (int i = 0; i < group; i++) {
          float normalised = (float) ((in.data()[at + i] - mean) * factor);
          float scaled = weight == null ? normalised : normalised * (weight[(from + i) % weight.length] + norm.weightOffset());
          out.data()[out.row(row) + from + i] = bias == null ? scaled : scaled + bias[(from + i) % bias.length];
        }
      }
    }
  }

  private static double mean(float[] data, int from, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += data[from + i];
    }
    return sum / count;
  }

  /** See {@link Op.Rope}; angles, sines and cosines are taken in double and rounded. */
  static void rope(Op.Rope rope, Matrix in, int[] position, int rows, Matrix out) {
    RopeFrequencies frequencies = rope.frequencies();
    int pairs = frequencies.pairs();
    for (int row = 0; row < rows; row++) {
      System.arraycopy(in.data(), in.row(row), out.data(), out.row(row), in.columns());
      for (int pair = 0; pair < pairs; pair++) {
        double angle = (double) position[row] * frequencies.inverse(pair);
        float cosine = (float) (Math.cos(angle) * frequencies.magnitude());
        float sine = (float) (Math.sin(angle) * frequencies.magnitude());
        int first = rope.pairing() == Op.Rope.Pairing.HALVES ? pair : 2 * pair;
        int second = rope.pairing() == Op.Rope.Pairing.HALVES ? pair + pairs : 2 * pair + 1;
        for (int head = 0; head < in.columns(); head += rope.headDim()) {
          float x = in.data()[in.row(row) + head + first];
          float y = in.data()[in.row(row) + head + second];
          out.data()[out.row(row) + head + first] = x * cosine - y * sine;
          out.data()[out.row(row) + head + second] = x * sine + y * cosine;
        }
      }
    }
  }

  static void map(MapFunction function, Matrix in, int rows, Matrix out) {
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < in.columns(); i++) {
        out.data()[out.row(row) + i] = ElementFunctions.apply(function, in.data()[in.row(row) + i]);
      }
    }
  }

  static void combine(Op.Combine.Kind kind, Matrix a, Matrix b, int rows, Matrix out) {
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < a.columns(); i++) {
        float x = a.data()[a.row(row) + i];
        float y = b.data()[b.row(row) + i];
        out.data()[out.row(row) + i] =
            switch (kind) {
              case ADD -> x + y;
              case MULTIPLY -> x * y;
            };
      }
    }
  }

  static void gate(Activation activation, Matrix gate, Matrix up, int rows, Matrix out) {
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < gate.columns(); i++) {
        float activated = ElementFunctions.activate(activation, gate.data()[gate.row(row) + i]);
        out.data()[out.row(row) + i] = activated * up.data()[up.row(row) + i];
      }
    }
  }

  /** Row r of {@code out} is row {@code index[r + firstIndex]} of {@code in}. */
  static void select(Matrix in, int[] index, int firstIndex, int rows, Matrix out) {
    for (int row = 0; row < rows; row++) {
      System.arraycopy(in.data(), in.row(index[firstIndex + row]), out.data(), out.row(row), in.columns());
    }
  }
}
