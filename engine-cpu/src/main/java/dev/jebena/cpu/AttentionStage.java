package dev.jebena.cpu;

import static dev.jebena.cpu.Lanes.FLOAT;
import static dev.jebena.cpu.Lanes.WIDTH;
import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;

import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.program.KvGroup;
import dev.jebena.engine.program.Op;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/**
 * Attention over blocks with an online softmax (Milakov and Gimelshein, 2018; Dao et al., FlashAttention, 2022).
 *
 * <p>A chunk is one KV head for up to {@value AttentionUnits#UNIT_ROWS} neighbouring rows of one run; all query heads that share the KV
 * head are rows of the same small products. The context is walked in spans of {@value #SPAN} tokens at multiples of {@value #SPAN}: a span's
 * keys and values are read once through the cache's type into tiles, and multiplied by {@link MicroKernels}. Spans, and the parts into which
 * they are summed ({@link AttentionUnits}), lie the same for every row, so a row's bits depend neither on the rows beside it nor on
 * whether several workers share its context (Dao et al., Flash-Decoding, 2023).
 */
final class AttentionStage implements Team.Stage {

  private static final int SPAN = GROUP_ROWS;

  private final StepState state;
  private final Op.Attention attention;
  /** One score for each query head that has no value; null: none. */
  private final float @Nullable [] sinks;
  private final AttentionUnits units;
  private final RowKernels.Place query;
  private final RowKernels.Place out;
  private final AttentionRooms rooms;
  private final KvGroup.CacheLayer layer;
  private final KvTiles tiles;
  private final boolean suitsHeads;
  private final long headBytes;
  private final long layerOffset;
  private final int blockTokens;
  private final int heads;
  private final int window;

  AttentionStage(
      StepState state, Op.Attention attention, float @Nullable [] sinks, AttentionUnits units, RowKernels.Place query, RowKernels.Place out,
      AttentionRooms rooms) {
    this.sinks = sinks;
    this.state = state;
    this.attention = attention;
    this.units = units;
    this.query = query;
    this.out = out;
    this.rooms = rooms;
    this.layer = state.layout.layer(attention.group(), attention.cacheLayer());
    this.tiles = new KvTiles(state.layout, layer);
    this.suitsHeads = tiles.suitHeads();
    this.headBytes = state.layout.headBytes(layer);
    this.layerOffset = state.layout.layerOffset(attention.group(), attention.cacheLayer());
    this.blockTokens = state.layout.blockTokens();
    this.heads = attention.heads() / attention.kvHeads();
    this.window = switch (attention.mask()) {
      case AttentionMask.Causal() -> Integer.MAX_VALUE;
      case AttentionMask.SlidingWindow(int tokens) -> tokens;
    };
  }

  @Override
  public int chunks() {
    return units.tasks() * attention.kvHeads();
  }

  @Override
  public void run(int from, int to, int worker) {
    for (int chunk = from; chunk < to; chunk++) {
      int task = chunk / attention.kvHeads();
      int kvHead = chunk % attention.kvHeads();
      int unit = units.unit(task);
      AttentionRooms.Room room = rooms.of(worker);
      loadQueries(unit, kvHead, room);
      if (units.part(task) == AttentionUnits.WHOLE) {
        attendWhole(unit, kvHead, room);
      } else {
        attendPart(unit, kvHead, units.part(task), room);
      }
    }
  }

  private void attendWhole(int unit, int kvHead, AttentionRooms.Room room) {
    int parts = units.parts(unit);
    int count = units.rows(unit) * heads;
    int first = Math.max(0, units.firstPosition(unit) - window + 1) / AttentionUnits.PART_TOKENS;
    if (first == parts - 1) {
      sum(unit, kvHead, first, room, room.part);
      store(unit, kvHead, room.part);
      return;
    }
    room.whole.clear(count);
    for (int part = first; part < parts; part++) {
      sum(unit, kvHead, part, room, room.part);
      room.whole.merge(room.part, count);
    }
    store(unit, kvHead, room.whole);
  }

  /** Sums one part; whoever completes the row merges all parts in their order. */
  private void attendPart(int unit, int kvHead, int part, AttentionRooms.Room room) {
    AttentionSplits splits = rooms.splits();
    sum(unit, kvHead, part, room, splits.part(unit, kvHead, part));
    int parts = units.parts(unit);
    if (splits.completes(unit, kvHead, parts)) {
      int count = units.rows(unit) * heads;
      room.whole.clear(count);
      for (int i = 0; i < parts; i++) {
        room.whole.merge(splits.part(unit, kvHead, i), count);
      }
      store(unit, kvHead, room.whole);
    }
  }

  /** Sums the values of a part of the context, as far as the rows see it. */
  private void sum(int unit, int kvHead, int part, AttentionRooms.Room room, OnlineSums sums) {
    int count = units.rows(unit) * heads;
    int slot = units.slot(unit);
    int firstPosition = units.firstPosition(unit);
    int from = Math.max(part * AttentionUnits.PART_TOKENS, Math.max(0, firstPosition - window + 1) / SPAN * SPAN);
    int end = Math.min((part + 1) * AttentionUnits.PART_TOKENS, units.lastPosition(unit) + 1);
    sums.clear(count);
    // one row's heads share what is loaded; more rows share what is converted
    boolean straight = units.rows(unit) == 1 && suitsHeads;
    for (int start = from; start < end; start += SPAN) {
      int tokens = Math.min(SPAN, end - start);
      Arrays.fill(room.scores, 0, count * SPAN, 0);
      if (straight) {
        scores(slot, kvHead, start, tokens, room);
        soften(count, firstPosition, start, room, sums);
        addValues(slot, kvHead, start, tokens, room, sums);
        continue;
      }
      readKeys(slot, kvHead, start, tokens, room.tile);
      multiply(count, room.tile, layer.keyDim(), room.queries, layer.keyDim(), room.scores, 0);
      soften(count, firstPosition, start, room, sums);
      for (int group = 0; group < sums.groups(); group++) {
        readValues(slot, kvHead, start, tokens, group, room.tile);
        multiply(count, room.tile, tokens, room.scores, SPAN, sums.sums, sums.at(group, 0));
      }
    }
  }

  private void scores(int slot, int kvHead, int start, int tokens, AttentionRooms.Room room) {
    // a block's unused tokens are read too and masked later: vectors stay whole
    for (int at = 0; at < tokens; at += 2 * WIDTH) {
      int bAt = at + WIDTH < tokens ? at + WIDTH : at;
      long a = headAddress(slot, kvHead, start + at);
      long b = headAddress(slot, kvHead, start + bAt);
      int aToken = (start + at) % blockTokens;
      int bToken = (start + bAt) % blockTokens;
      for (int head = 0; head < heads; head += HeadKernels.HEADS) {
        tiles.scores(a, aToken, b, bToken, room.queries, head * layer.keyDim(), room.scores, head * SPAN + at, head * SPAN + bAt);
      }
    }
  }

  private void addValues(int slot, int kvHead, int start, int tokens, AttentionRooms.Room room, OnlineSums sums) {
    for (int at = 0; at < tokens; ) {
      int within = (start + at) % blockTokens;
      int taken = Math.min(blockTokens - within, tokens - at);
      long head = headAddress(slot, kvHead, start + at);
      for (int first = 0; first < heads; first += HeadKernels.HEADS) {
        for (int group = 0; group < sums.groups(); group++) {
          tiles.addValues(
              head, within, taken, group * GROUP_ROWS, room.scores, first * SPAN + at, sums.sums, sums.at(group, first));
        }
      }
      at += taken;
    }
  }

  private static void multiply(int count, float[] tile, int columns, float[] x, int xStride, float[] sums, int sumsAt) {
    for (int row = 0; row < count; row += MicroKernels.MAX_ROWS) {
      MicroKernels.multiply(
          Math.min(MicroKernels.MAX_ROWS, count - row), tile, columns, x, row * xStride, xStride, sums, sumsAt + row * GROUP_ROWS);
    }
  }

  private void loadQueries(int unit, int kvHead, AttentionRooms.Room room) {
    int columns = heads * attention.headDim();
    for (int row = 0; row < units.rows(unit); row++) {
      int from = query.row(units.firstRow(unit) + row) + kvHead * columns;
      System.arraycopy(state.values, from, room.queries, row * columns, columns);
    }
  }

  private void readKeys(int slot, int kvHead, int start, int tokens, float[] tile) {
    for (int at = 0; at < tokens; ) {
      int within = (start + at) % blockTokens;
      int taken = Math.min(blockTokens - within, tokens - at);
      // reading a block's unused tokens too keeps the vectors whole; what they hold is masked
      int read = Math.min(blockTokens - within, SPAN - at);
      tiles.readKeys(headAddress(slot, kvHead, start + at), within, read, tile, at);
      at += taken;
    }
  }

  private void readValues(int slot, int kvHead, int start, int tokens, int group, float[] tile) {
    int column = group * GROUP_ROWS;
    int columns = Math.min(GROUP_ROWS, layer.valueDim() - column);
    for (int at = 0; at < tokens; ) {
      int within = (start + at) % blockTokens;
      int taken = Math.min(blockTokens - within, tokens - at);
      tiles.readValues(headAddress(slot, kvHead, start + at), within, taken, column, columns, tile, at * GROUP_ROWS);
      at += taken;
    }
  }

  private long headAddress(int slot, int kvHead, int position) {
    return state.blockAddress(slot, attention.group(), position) + layerOffset + kvHead * headBytes;
  }

  /** Turns a span's scores into weights, and scales what was summed before to the new maximum. */
  private void soften(int count, int firstPosition, int start, AttentionRooms.Room room, OnlineSums sums) {
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
      float scale = attention.softCap() == 0 ? attention.scale() : 1;
      boolean seesAll = seenFrom <= 0 && seenTo >= SPAN;
      float found = seesAll ? scale(room.scores, at, scale) : scaleAndMask(room.scores, at, scale, seenFrom, seenTo);
      float previous = sums.maxima[row];
      float largest = Math.max(previous, found);
      if (largest != previous) {
        sums.maxima[row] = largest;
        sums.shrink(row, OnlineSums.decay(previous, largest));
      }
      if (seesAll) {
        exponentials(room.scores, at, largest, sums, row);
      } else {
        maskedExponentials(room.scores, at, largest, sums, row);
      }
    }
  }

  private void cap(float[] scores, int at) {
    for (int i = 0; i < SPAN; i++) {
      double score = (double) scores[at + i] * attention.scale();
      scores[at + i] = (float) (attention.softCap() * Math.tanh(score / attention.softCap()));
    }
  }

  /** Scales the scores and returns the largest. */
  private static float scale(float[] scores, int at, float scale) {
    FloatVector largest = FloatVector.broadcast(FLOAT, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < SPAN; i += WIDTH) {
      FloatVector score = FloatVector.fromArray(FLOAT, scores, at + i).mul(scale);
      score.intoArray(scores, at + i);
      largest = largest.blend(score, score.compare(VectorOperators.GT, largest));
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  /** Scales the scores, excludes what is not seen, and returns the largest. */
  private static float scaleAndMask(float[] scores, int at, float scale, int seenFrom, int seenTo) {
    FloatVector largest = FloatVector.broadcast(FLOAT, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < SPAN; i += WIDTH) {
      FloatVector score = FloatVector.fromArray(FLOAT, scores, at + i).mul(scale);
      if (i < seenFrom || i + WIDTH > seenTo) {
        VectorMask<Float> seen = FLOAT.indexInRange(i - Math.max(0, seenFrom), SPAN);
        seen = seen.and(FLOAT.indexInRange(i, Math.max(seenTo, 0)));
        score = FloatVector.broadcast(FLOAT, Float.NEGATIVE_INFINITY).blend(score, seen);
      }
      score.intoArray(scores, at + i);
      largest = largest.blend(score, score.compare(VectorOperators.GT, largest));
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  /**
   * Replaces the scores by e to the power of their distance from the largest. The vector of their sum is not handed to a method: where the JIT does
   * not inline it, the vector would be an object.
   */
  private static void exponentials(float[] scores, int at, float largest, OnlineSums sums, int row) {
    FloatVector total = FloatVector.zero(FLOAT);
    for (int i = 0; i < SPAN; i += WIDTH) {
      FloatVector weight = VectorMath.expOfDistance(FloatVector.fromArray(FLOAT, scores, at + i).sub(largest));
      weight.intoArray(scores, at + i);
      total = total.add(weight);
    }
    FloatVector.fromArray(FLOAT, sums.totals, row * WIDTH).add(total).intoArray(sums.totals, row * WIDTH);
  }

  /** The same where scores may be excluded. */
  private static void maskedExponentials(float[] scores, int at, float largest, OnlineSums sums, int row) {
    FloatVector total = FloatVector.zero(FLOAT);
    for (int i = 0; i < SPAN; i += WIDTH) {
      FloatVector score = FloatVector.fromArray(FLOAT, scores, at + i);
      VectorMask<Float> excluded = score.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY);
      FloatVector weight = VectorMath.expOfDistance(score.sub(largest)).blend(0, excluded);
      weight.intoArray(scores, at + i);
      total = total.add(weight);
    }
    FloatVector.fromArray(FLOAT, sums.totals, row * WIDTH).add(total).intoArray(sums.totals, row * WIDTH);
  }

  /** What a head's sink adds to the sum of its weights, relative to the largest score. */
  private float sink(int head, float largest) {
    return sinks == null ? 0 : (float) Math.exp((double) sinks[head] - largest);
  }

  private void store(int unit, int kvHead, OnlineSums from) {
    int valueDim = layer.valueDim();
    for (int row = 0; row < units.rows(unit); row++) {
      for (int head = 0; head < heads; head++) {
        int at = row * heads + head;
        float inverse = 1 / (from.total(at) + sink(kvHead * heads + head, from.maxima[at]));
        int to = out.row(units.firstRow(unit) + row) + (kvHead * heads + head) * valueDim;
        for (int group = 0; group < from.groups(); group++) {
          int columns = Math.min(GROUP_ROWS, valueDim - group * GROUP_ROWS);
          store(from.sums, from.at(group, at), columns, inverse, state.values, to + group * GROUP_ROWS);
        }
      }
    }
  }

  private static void store(float[] sums, int at, int columns, float factor, float[] values, int to) {
    int i = 0;
    for (; i <= columns - WIDTH; i += WIDTH) {
      FloatVector.fromArray(FLOAT, sums, at + i).mul(factor).intoArray(values, to + i);
    }
    for (; i < columns; i++) {
      values[to + i] = sums[at + i] * factor;
    }
  }
}
