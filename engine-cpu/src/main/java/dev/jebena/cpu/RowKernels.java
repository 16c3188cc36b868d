package dev.jebena.cpu;

import static dev.jebena.cpu.Lanes.FLOAT;
import static dev.jebena.cpu.Lanes.WIDTH;

import dev.jebena.engine.program.Activation;
import dev.jebena.engine.program.MapFunction;
import dev.jebena.engine.program.Op;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/** The row operations over the values of a step; {@code at} and {@code stride} place a value's row r at {@code at + r * stride}. */
final class RowKernels {

  /** Where a value lies. */
  record Place(int at, int stride, int columns) {
    int row(int row) {
      return at + row * stride;
    }
  }

  private RowKernels() {}

  /** Normalises groups of columns; the sum of squares runs over lanes, then in a fixed order over them. */
  static RowKernel norm(
      float[] values, Op.Norm norm, Place in, Place out, float @Nullable [] weight, float @Nullable [] bias, float[][] rooms) {
    int group = norm.groupColumns();
    boolean centred = norm.kind() == Op.Norm.Kind.LAYER;
    return (row, worker) -> {
      for (int column = 0; column < in.columns; column += group) {
        int from = in.row(row) + column;
        int to = out.row(row) + column;
        float mean = centred ? sum(values, from, group, rooms[worker]) / group : 0;
        float variance = squares(values, from, group, mean, rooms[worker]) / group;
        float scale = (float) (1 / Math.sqrt(variance + (double) norm.epsilon()));
        for (int i = 0; i < group; i++) {
          float value = (values[from + i] - mean) * scale;
          values[to + i] = value;
        }
        scaleAndShift(values, to, group, column, norm.weightOffset(), weight, bias);
      }
    };
  }

  private static void scaleAndShift(
      float[] values, int to, int group, int column, float offset, float @Nullable [] weight, float @Nullable [] bias) {
    if (weight != null) {
      int first = weight.length == group ? 0 : column;
      for (int i = 0; i < group; i++) {
        values[to + i] *= weight[first + i] + offset;
      }
    }
    if (bias != null) {
      int first = bias.length == group ? 0 : column;
      for (int i = 0; i < group; i++) {
        values[to + i] += bias[first + i];
      }
    }
  }

  private static float sum(float[] values, int from, int count, float[] room) {
    FloatVector sums = FloatVector.zero(FLOAT);
    int vectors = count / WIDTH * WIDTH;
    for (int i = 0; i < vectors; i += WIDTH) {
      sums = sums.add(FloatVector.fromArray(FLOAT, values, from + i));
    }
    sums.intoArray(room, 0);
    float sum = VectorMath.sum(room, 0);
    for (int i = vectors; i < count; i++) {
      sum += values[from + i];
    }
    return sum;
  }

  private static float squares(float[] values, int from, int count, float mean, float[] room) {
    FloatVector sums = FloatVector.zero(FLOAT);
    int vectors = count / WIDTH * WIDTH;
    for (int i = 0; i < vectors; i += WIDTH) {
      FloatVector x = FloatVector.fromArray(FLOAT, values, from + i).sub(mean);
      sums = x.fma(x, sums);
    }
    sums.intoArray(room, 0);
    float sum = VectorMath.sum(room, 0);
    for (int i = vectors; i < count; i++) {
      float x = values[from + i] - mean;
      sum += x * x;
    }
    return sum;
  }

  /** Turns the heads of a row; {@code tables} holds cosines, then sines of the row's position. */
  static RowKernel rope(float[] values, Op.Rope rope, Place in, Place out, RopeTables tables) {
    int pairs = rope.frequencies().pairs();
    boolean halves = rope.pairing() == Op.Rope.Pairing.HALVES;
    int step = halves ? 1 : 2;
    int distance = halves ? pairs : 1;
    return (row, worker) -> {
      float[] table = tables.values();
      int cosines = tables.cosines(row);
      int sines = cosines + pairs;
      for (int head = 0; head < in.columns; head += rope.headDim()) {
        int from = in.row(row) + head;
        int to = out.row(row) + head;
        for (int pair = 0; pair < pairs; pair++) {
          float a = values[from + pair * step];
          float b = values[from + pair * step + distance];
          values[to + pair * step] = a * table[cosines + pair] - b * table[sines + pair];
          values[to + pair * step + distance] = a * table[sines + pair] + b * table[cosines + pair];
        }
        System.arraycopy(values, from + 2 * pairs, values, to + 2 * pairs, rope.headDim() - 2 * pairs);
      }
    };
  }

  /** Writes a row's keys and values into its slot's block. */
  static RowKernel kvWrite(StepState state, Op.KvWrite write, Place key, Place value) {
    KvWriter writer = new KvWriter(state.layout, write.group(), write.cacheLayer());
    int blockTokens = state.layout.blockTokens();
    return (row, worker) -> {
      int position = state.table.rowPosition()[row];
      long block = state.blockAddress(state.table.rowSlot()[row], write.group(), position);
      writer.write(block, position % blockTokens, state.values, key.row(row), state.values, value.row(row));
    };
  }

  static RowKernel combine(float[] values, Op.Combine.Kind kind, Place a, Place b, Place out) {
    return switch (kind) {
      case ADD -> (row, worker) -> {
        int x = a.row(row);
        int y = b.row(row);
        int to = out.row(row);
        for (int i = 0; i < out.columns; i++) {
          values[to + i] = values[x + i] + values[y + i];
        }
      };
      case MULTIPLY -> (row, worker) -> {
        int x = a.row(row);
        int y = b.row(row);
        int to = out.row(row);
        for (int i = 0; i < out.columns; i++) {
          values[to + i] = values[x + i] * values[y + i];
        }
      };
    };
  }

  static RowKernel gate(float[] values, Activation activation, Place gate, Place up, Place out) {
    return (row, worker) -> {
      activate(activation, values, gate.row(row), out.row(row), out.columns);
      int y = up.row(row);
      int to = out.row(row);
      for (int i = 0; i < out.columns; i++) {
        values[to + i] *= values[y + i];
      }
    };
  }

  static RowKernel map(float[] values, MapFunction function, Place in, Place out) {
    return switch (function) {
      case MapFunction.Activate(Activation activation) ->
          (row, worker) -> activate(activation, values, in.row(row), out.row(row), out.columns);
      case MapFunction.Scale(float factor) -> (row, worker) -> {
        int from = in.row(row);
        int to = out.row(row);
        for (int i = 0; i < out.columns; i++) {
          values[to + i] = values[from + i] * factor;
        }
      };
      case MapFunction.SoftCap(float limit) -> (row, worker) -> {
        int from = in.row(row);
        int to = out.row(row);
        for (int i = 0; i < out.columns; i++) {
          values[to + i] = (float) (limit * Math.tanh(values[from + i] / (double) limit));
        }
      };
    };
  }

  private static void activate(Activation activation, float[] values, int from, int to, int count) {
    switch (activation) {
      case SILU -> silu(values, from, to, count);
      case GELU -> {
        for (int i = 0; i < count; i++) {
          double x = values[from + i];
          values[to + i] = (float) (x / 2 * (1 + Erf.erf(x / Math.sqrt(2))));
        }
      }
      case GELU_TANH -> {
        double factor = Math.sqrt(2 / Math.PI);
        for (int i = 0; i < count; i++) {
          double x = values[from + i];
          values[to + i] = (float) (x / 2 * (1 + Math.tanh(factor * (x + 0.044715 * x * x * x))));
        }
      }
      case RELU -> {
        for (int i = 0; i < count; i++) {
          values[to + i] = Math.max(values[from + i], 0);
        }
      }
    }
  }

  private static void silu(float[] values, int from, int to, int count) {
    int i = 0;
    for (; i <= count - WIDTH; i += WIDTH) {
      FloatVector x = FloatVector.fromArray(FLOAT, values, from + i);
      x.div(VectorMath.exp(x.neg()).add(1)).intoArray(values, to + i);
    }
    if (i < count) {
      var tail = FLOAT.indexInRange(i, count);
      FloatVector x = FloatVector.fromArray(FLOAT, values, from + i, tail);
      x.div(VectorMath.exp(x.neg()).add(1)).intoArray(values, to + i, tail);
    }
  }

  /** Copies the token rows that the output rows name. */
  static RowKernel select(StepState state, Place in, Place out) {
    return (row, worker) ->
        System.arraycopy(state.values, in.row(state.table.outputRow()[state.firstOutput() + row]), state.values, out.row(row), out.columns);
  }

  /** Decodes the group of rows that holds a token's embedding, and keeps the token's row. */
  static RowKernel embed(StepState state, PackedWeight weight, Op.Embed embed, Place out, LinearStage.Room[] rooms) {
    int first = embed.firstEntry().orElse(0);
    boolean holdsAll = embed.firstEntry().isEmpty();
    return (row, worker) -> {
      int entry = -first + switch (embed.index()) {
        case TOKEN -> state.table.rowToken()[row];
        case POSITION -> state.table.rowPosition()[row];
      };
      if (!holdsAll && (entry < 0 || entry >= weight.rows())) {
        Arrays.fill(state.values, out.row(row), out.row(row) + out.columns, 0);
        return;
      }
      LinearStage.Room room = rooms[worker];
      int lane = entry % PackedFormat.GROUP_ROWS;
      int group = entry / PackedFormat.GROUP_ROWS;
      for (int column = 0; column < weight.columns(); column += LinearStage.TILE_COLUMNS) {
        int columns = Math.min(LinearStage.TILE_COLUMNS, weight.columns() - column);
        TileDecoder.decode(weight, group, column, columns, room);
        for (int i = 0; i < columns; i++) {
          state.values[out.row(row) + column + i] = room.tile[i * PackedFormat.GROUP_ROWS + lane];
        }
      }
    };
  }

  static RowKernel zero(float[] values, Place out) {
    return (row, worker) -> Arrays.fill(values, out.row(row), out.row(row) + out.columns, 0);
  }
}
