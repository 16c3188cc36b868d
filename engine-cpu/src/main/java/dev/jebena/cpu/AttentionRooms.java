package dev.jebena.cpu;

import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;

import dev.jebena.engine.program.Op;
import java.util.Arrays;

/** The memory of attention of one shape, shared by the layers: each worker's own, and what workers that split a context hand over. */
final class AttentionRooms {

  /** A worker's own memory. */
  static final class Room {
    final float[] tile;
    final float[] queries;
    final float[] scores;
    /** Of the whole context so far. */
    final OnlineSums whole;
    /** Of a part of the context. */
    final OnlineSums part;

    private Room(int rows, int keyDim, int valueGroups) {
      int padded = HeadKernels.padded(rows);
      tile = new float[Math.max(keyDim, GROUP_ROWS) * GROUP_ROWS];
      queries = new float[padded * keyDim];
      scores = new float[padded * GROUP_ROWS];
      whole = new OnlineSums(rows, valueGroups);
      part = new OnlineSums(rows, valueGroups);
    }
  }

  private final Room[] rooms;
  private final AttentionSplits splits;

  AttentionRooms(Op.Attention attention, int workers, AttentionUnits units) {
    int heads = attention.heads() / attention.kvHeads();
    int valueGroups = PackedFormat.groups(attention.valueDim());
    rooms = new Room[workers];
    Arrays.setAll(rooms, i -> new Room(AttentionUnits.UNIT_ROWS * heads, attention.headDim(), valueGroups));
    splits = new AttentionSplits(attention.kvHeads(), heads, valueGroups);
    units.reserveFor(splits);
  }

  Room of(int worker) {
    return rooms[worker];
  }

  AttentionSplits splits() {
    return splits;
  }
}
