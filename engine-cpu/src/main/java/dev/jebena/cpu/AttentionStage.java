package dev.jebena.cpu;

import static dev.jebena.cpu.Lanes.FLOAT;
import static dev.jebena.cpu.Lanes.WIDTH;
import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;

import dev.jebena.engine.backend.SlotTable;
import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.program.KvGroup;
import dev.jebena.engine.program.Op;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Attention over blocks with an online softmax (Milakov and Gimelshein, 2018; Dao et al., FlashAttention, 2022).
 *
 * <p>A chunk is one KV head for up to {@value #UNIT_ROWS} neighbouring rows of one run; all query heads that share the KV head are rows of
 * the same small products. The context is walked in spans of {@value #SPAN} tokens at multiples of {@value #SPAN}: a span's keys and values
 * are read through the cache's type into tiles, and multiplied by {@link MicroKernels}. Spans lie the same for every row, so a row's bits
 * do not depend on the rows beside it.
 */
final class AttentionStage implements Team.Stage {

  private static final int SPAN = GROUP_ROWS;
  private static final int UNIT_ROWS = 8;

  /** The runs of a step, cut into units of rows; shared by the layers. */
  static final class Units {

    private final SlotTable table;
    private int[] run = new int[16];
    private int[] firstRow = new int[16];
    private int[] rows = new int[16];
    private int count;

    Units(SlotTable table) {
      this.table = table;
    }

    /** Cuts the current step's runs. */
    void prepare() {
      count = 0;
      for (int i = 0; i < table.runs(); i++) {
        int first = table.runFirstRow()[i];
        int end = table.runFirstRow()[i + 1];
        for (int row = first; row < end; row += UNIT_ROWS) {
          if (count == run.length) {
            run = Arrays.copyOf(run, 2 * count);
            firstRow = Arrays.copyOf(firstRow, 2 * count);
            rows = Arrays.copyOf(rows, 2 * count);
          }
          run[count] = i;
          firstRow[count] = row;
          rows[count++] = Math.min(UNIT_ROWS, end - row);
        }
      }
    }
  }

  /** A worker's own memory. */
  static final class Room {
    final float[] tile;
    final float[] queries;
    final float[] scores;
    final float[] sums;
    final float[] maxima;
    final float[] totals;
    final float[] lanes = new float[WIDTH];

    /** For {@code rows} query rows (rows times heads of a group). */
    Room(int rows, int keyDim, int valueGroups) {
      tile = new float[Math.max(keyDim, SPAN) * GROUP_ROWS];
      queries = new float[rows * keyDim];
      scores = new float[rows * SPAN];
      sums = new float[valueGroups * rows * GROUP_ROWS];
      maxima = new float[rows];
      totals = new float[rows];
    }
  }

  private final StepState state;
  private final Op.Attention attention;
  private final Units units;
  private final RowKernels.Place query;
  private final RowKernels.Place out;
  private final Room[] rooms;
  private final KvGroup.CacheLayer layer;
  private final int heads;
  private final int window;

  AttentionStage(
      StepState state, Op.Attention attention, Units units, RowKernels.Place query, RowKernels.Place out, Room[] rooms) {
    this.state = state;
    this.attention = attention;
    this.units = units;
    this.query = query;
    this.out = out;
    this.rooms = rooms;
    this.layer = state.layout.layer(attention.group(), attention.cacheLayer());
    this.heads = attention.heads() / attention.kvHeads();
    this.window = switch (attention.mask()) {
      case AttentionMask.Causal() -> Integer.MAX_VALUE;
      case AttentionMask.SlidingWindow(int tokens) -> tokens;
    };
  }

  /** A worker's memory for an operation. */
  static Room room(Op.Attention attention) {
    int rows = UNIT_ROWS * (attention.heads() / attention.kvHeads());
    return new Room(rows, attention.headDim(), PackedFormat.groups(attention.valueDim()));
  }

  @Override
  public int chunks() {
    return units.count * attention.kvHeads();
  }

  @Override
  public void run(int from, int to, int worker) {
    for (int chunk = from; chunk < to; chunk++) {
      attend(chunk / attention.kvHeads(), chunk % attention.kvHeads(), rooms[worker]);
    }
  }

  private void attend(int unit, int kvHead, Room room) {
    int count = units.rows[unit] * heads;
    int first = units.firstRow[unit];
    int firstPosition = state.table.rowPosition()[first];
    int lastPosition = firstPosition + units.rows[unit] - 1;
    loadQueries(first, units.rows[unit], kvHead, room);
    Arrays.fill(room.maxima, 0, count, Float.NEGATIVE_INFINITY);
    Arrays.fill(room.totals, 0, count, 0);
    int valueGroups = PackedFormat.groups(layer.valueDim());
    int rowsOfRoom = room.maxima.length;
    Arrays.fill(room.sums, 0, valueGroups * rowsOfRoom * GROUP_ROWS, 0);
    int slot = state.table.runSlot()[units.run[unit]];
    int firstSeen = Math.max(0, firstPosition - window + 1);
    for (int start = firstSeen / SPAN * SPAN; start <= lastPosition; start += SPAN) {
      int tokens = Math.min(SPAN, lastPosition + 1 - start);
      readKeys(slot, kvHead, start, tokens, room.tile);
      Arrays.fill(room.scores, 0, count * SPAN, 0);
      multiply(count, room.tile, layer.keyDim(), room.queries, layer.keyDim(), room.scores, 0);
      soften(count, firstPosition, start, room, valueGroups, rowsOfRoom);
      for (int group = 0; group < valueGroups; group++) {
        readValues(slot, kvHead, start, tokens, group, room.tile);
        multiply(count, room.tile, tokens, room.scores, SPAN, room.sums, group * rowsOfRoom * GROUP_ROWS);
      }
    }
    store(first, units.rows[unit], kvHead, room, rowsOfRoom);
  }

  private static void multiply(int count, float[] tile, int columns, float[] x, int xStride, float[] sums, int sumsAt) {
    for (int row = 0; row < count; row += MicroKernels.MAX_ROWS) {
      MicroKernels.multiply(
          Math.min(MicroKernels.MAX_ROWS, count - row), tile, columns, x, row * xStride, xStride, sums, sumsAt + row * GROUP_ROWS);
    }
  }

  private void loadQueries(int first, int rows, int kvHead, Room room) {
    for (int row = 0; row < rows; row++) {
      int from = query.row(first + row) + kvHead * heads * attention.headDim();
      System.arraycopy(state.values, from, room.queries, row * heads * attention.headDim(), heads * attention.headDim());
    }
  }

  private void readKeys(int slot, int kvHead, int start, int tokens, float[] tile) {
    int blockTokens = state.layout.blockTokens();
    for (int at = 0; at < tokens; ) {
      int within = (start + at) % blockTokens;
      int taken = Math.min(blockTokens - within, tokens - at);
      // reading a block's unused tokens too keeps the vectors whole; what they hold is masked
      int read = Math.min(blockTokens - within, SPAN - at);
      long head = headAddress(slot, kvHead, start + at);
      KvTiles.read(
          state.layout.type(), head + (long) within * state.layout.elementBytes(), layer.keyDim(), read, blockTokens, tile, at, GROUP_ROWS);
      at += taken;
    }
  }

  private void readValues(int slot, int kvHead, int start, int tokens, int group, float[] tile) {
    int blockTokens = state.layout.blockTokens();
    int column = group * GROUP_ROWS;
    int columns = Math.min(GROUP_ROWS, layer.valueDim() - column);
    for (int at = 0; at < tokens; ) {
      int within = (start + at) % blockTokens;
      int taken = Math.min(blockTokens - within, tokens - at);
      long values = headAddress(slot, kvHead, start + at) + state.layout.keyBytes(layer)
          + ((long) within * layer.valueDim() + column) * state.layout.elementBytes();
      KvTiles.read(state.layout.type(), values, taken, columns, layer.valueDim(), tile, at * GROUP_ROWS, GROUP_ROWS);
      at += taken;
    }
  }

  private long headAddress(int slot, int kvHead, int position) {
    return state.blockAddress(slot, attention.group(), position)
        + state.layout.layerOffset(attention.group(), attention.cacheLayer())
        + kvHead * state.layout.headBytes(layer);
  }

  /** Turns a span's scores into weights, and scales what was summed before to the new maximum. */
  private void soften(int count, int firstPosition, int start, Room room, int valueGroups, int rowsOfRoom) {
    for (int row = 0; row < count; row++) {
      int position = firstPosition + row / heads;
      int seenFrom = Math.max(0, position - window + 1) - start;
      int seenTo = position + 1 - start;
      int at = row * SPAN;
      if (seenTo <= 0 || seenFrom >= SPAN) {
        Arrays.fill(room.scores, at, at + SPAN, 0);
        continue;
      }
      if (attention.softCap() != 0) {
        cap(room.scores, at);
      }
      float previous = room.maxima[row];
      float largest = Math.max(previous, scaleAndMask(room.scores, at, seenFrom, seenTo));
      float shrink = previous == Float.NEGATIVE_INFINITY ? 0 : (float) Math.exp((double) previous - largest);
      room.maxima[row] = largest;
      room.totals[row] = room.totals[row] * shrink + exponentials(room.scores, at, largest, room.lanes);
      if (shrink != 1) {
        for (int group = 0; group < valueGroups; group++) {
          shrink(room.sums, (group * rowsOfRoom + row) * GROUP_ROWS, shrink);
        }
      }
    }
  }

  private void cap(float[] scores, int at) {
    for (int i = 0; i < SPAN; i++) {
      double score = (double) scores[at + i] * attention.scale();
      scores[at + i] = (float) (attention.softCap() * Math.tanh(score / attention.softCap()));
    }
  }

  /** Scales the scores (a cap has done so already), excludes what is not seen, and returns the largest. */
  private float scaleAndMask(float[] scores, int at, int seenFrom, int seenTo) {
    float scale = attention.softCap() == 0 ? attention.scale() : 1;
    FloatVector largest = FloatVector.broadcast(FLOAT, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < SPAN; i += WIDTH) {
      FloatVector score = FloatVector.fromArray(FLOAT, scores, at + i).mul(scale);
      if (i < seenFrom || i + WIDTH > seenTo) {
        VectorMask<Float> seen = FLOAT.indexInRange(i - Math.max(0, seenFrom), SPAN);
        seen = seen.and(FLOAT.indexInRange(i, Math.max(seenTo, 0)));
        score = FloatVector.broadcast(FLOAT, Float.NEGATIVE_INFINITY).blend(score, seen);
      }
      score.intoArray(scores, at + i);
      largest = largest.max(score);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  /** Replaces the scores by e to the power of their distance from the largest, and returns their sum in a fixed order. */
  private static float exponentials(float[] scores, int at, float largest, float[] lanes) {
    FloatVector total = FloatVector.zero(FLOAT);
    for (int i = 0; i < SPAN; i += WIDTH) {
      FloatVector score = FloatVector.fromArray(FLOAT, scores, at + i);
      VectorMask<Float> excluded = score.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY);
      FloatVector weight = VectorMath.exp(score.sub(largest)).blend(0, excluded);
      weight.intoArray(scores, at + i);
      total = total.add(weight);
    }
    return VectorMath.sum(total, lanes, 0);
  }

  private static void shrink(float[] sums, int at, float factor) {
    for (int i = 0; i < GROUP_ROWS; i += WIDTH) {
      FloatVector.fromArray(FLOAT, sums, at + i).mul(factor).intoArray(sums, at + i);
    }
  }

  private void store(int first, int rows, int kvHead, Room room, int rowsOfRoom) {
    for (int row = 0; row < rows; row++) {
      for (int head = 0; head < heads; head++) {
        int at = row * heads + head;
        float inverse = 1 / room.totals[at];
        int to = out.row(first + row) + (kvHead * heads + head) * layer.valueDim();
        for (int column = 0; column < layer.valueDim(); column++) {
          int from = (column / GROUP_ROWS * rowsOfRoom + at) * GROUP_ROWS + column % GROUP_ROWS;
          state.values[to + column] = room.sums[from] * inverse;
        }
      }
    }
  }
}
