package dev.jebena.engine.shard;

import dev.jebena.engine.program.Op;
import java.util.ArrayList;
import java.util.List;

/**
 * Which heads of an attention each rank has.
 *
 * <p>With as many KV heads as ranks or more, a rank has a stretch of KV heads and all query heads that look at them. With fewer, each rank
 * has one KV head, several ranks hold copies of the same one, and its query heads are divided among them.
 *
 * @param query query heads of each rank
 * @param kv key and value heads of each rank
 */
record HeadSplit(Split query, Split kv) {

  /**
   * Divides the heads.
   *
   * @throws ShardException if a rank would have no query head
   */
  static HeadSplit of(Op.Attention attention, int worldSize) {
    int kvHeads = attention.kvHeads();
    int group = attention.heads() / kvHeads;
    if (worldSize <= kvHeads) {
      Split kv = Split.even(kvHeads, worldSize);
      return new HeadSplit(kv.times(group), kv);
    }
    if (Math.ceilDiv(worldSize, kvHeads) > group) {
      throw new ShardException(
          attention.site() + " has " + attention.heads() + " query heads over " + kvHeads + " KV heads: " + worldSize
              + " ranks would leave one without a query head, use at most " + kvHeads * group);
    }
    List<Range> query = new ArrayList<>();
    List<Range> kv = new ArrayList<>();
    List<Range> ranksOfHeads = Split.even(worldSize, kvHeads).ranges();
    for (int head = 0; head < kvHeads; head++) {
      for (Range part : Split.even(group, ranksOfHeads.get(head).size()).ranges()) {
        query.add(new Range(head * group + part.from(), head * group + part.to()));
        kv.add(new Range(head, head + 1));
      }
    }
    return new HeadSplit(new Split(query), new Split(kv));
  }
}
