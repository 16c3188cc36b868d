package dev.jebena.cuda;

import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.RopeFrequencies;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What launches read and nobody writes: tables of products, frequencies of rotations. Collected on the host, copied once. */
final class Constants implements AutoCloseable {

  private static final int ALIGNMENT = 64;
  private static final int PART_BYTES = 64;

  /**
   * One entry of a table of products.
   *
   * @param bias address; 0: none
   */
  record Entry(DeviceWeight weight, long bias, Place out, Place residual) {}

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment host;
  private final long base;
  private final Map<RopeFrequencies, Long> frequencies = new HashMap<>();
  private long used;

  Constants(long base, long bytes) {
    this.base = base;
    this.host = arena.allocate(Math.max(bytes, ALIGNMENT), ALIGNMENT);
  }

  /** The most bytes that a Program's nodes can need. */
  static long bytes(List<Node> nodes) {
    // signals and partial sums of all ranks
    long bytes = 2L * 8 * Peers.MAX_WORLD;
    for (Node node : nodes) {
      bytes += switch (node) {
        case Node.Product product -> 2L * PART_BYTES * product.parts().size();
        case Node.GatedProduct _ -> 6L * PART_BYTES;
        case Node.CacheWrite write -> write.rotation().map(each -> frequencyBytes(each.frequencies())).orElse(0L);
        case Node.Single(Op.Rope rope) -> frequencyBytes(rope.frequencies());
        case Node.Single(Op.AllReduce _) -> 8L * Peers.MAX_WORLD;
        case Node.Single(Op.AllGather gather) -> 8L * Peers.MAX_WORLD + 4L * gather.columnOffsets().size() + ALIGNMENT;
        case Node.Single _, Node.AddNorm _ -> 0;
      };
    }
    return bytes;
  }

  private static long frequencyBytes(RopeFrequencies frequencies) {
    return Math.ceilDiv(4L * frequencies.pairs(), ALIGNMENT) * ALIGNMENT;
  }

  private long take(long bytes) {
    long at = used;
    used += Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    return at;
  }

  /**
   * A table of products.
   *
   * @param blockRows rows of a weight that a block of threads computes
   * @return its address
   */
  long table(List<Entry> entries, int blockRows) {
    long table = take((long) PART_BYTES * entries.size());
    int firstBlock = 0;
    for (int i = 0; i < entries.size(); i++) {
      Entry entry = entries.get(i);
      MemorySegment part = host.asSlice(table + (long) i * PART_BYTES, PART_BYTES);
      part.set(ValueLayout.JAVA_LONG, 0, entry.weight().body());
      part.set(ValueLayout.JAVA_LONG, 8, entry.weight().head());
      part.set(ValueLayout.JAVA_LONG, 16, entry.bias());
      part.set(ValueLayout.JAVA_LONG, 24, entry.out().address());
      part.set(ValueLayout.JAVA_LONG, 32, entry.residual().address());
      part.set(ValueLayout.JAVA_INT, 40, entry.weight().rows());
      part.set(ValueLayout.JAVA_INT, 44, entry.out().stride());
      part.set(ValueLayout.JAVA_INT, 48, entry.residual().stride());
      part.set(ValueLayout.JAVA_INT, 52, firstBlock);
      firstBlock += Math.ceilDiv(entry.weight().rows(), blockRows);
    }
    return base + table;
  }

  /** Radians a position of each pair. */
  long inverse(RopeFrequencies each) {
    return frequencies.computeIfAbsent(each, key -> {
      long at = take(4L * key.pairs());
      for (int i = 0; i < key.pairs(); i++) {
        host.set(ValueLayout.JAVA_FLOAT, at + 4L * i, key.inverse(i));
      }
      return base + at;
    });
  }

  /** Radians a position, or 0 where nothing is turned. */
  long inverse(Optional<Node.Rotation> rotation) {
    return rotation.map(each -> inverse(each.frequencies())).orElse(0L);
  }

  /** An array of addresses. */
  long pointers(List<Long> addresses) {
    long at = take(8L * addresses.size());
    for (int i = 0; i < addresses.size(); i++) {
      host.set(ValueLayout.JAVA_LONG, at + 8L * i, addresses.get(i));
    }
    return base + at;
  }

  /** An array of ints. */
  long ints(List<Integer> values) {
    long at = take(4L * values.size());
    for (int i = 0; i < values.size(); i++) {
      host.set(ValueLayout.JAVA_INT, at + 4L * i, values.get(i));
    }
    return base + at;
  }

  /** Copies all that was collected, through pinned memory. */
  void upload(Device device, DeviceStream stream) {
    if (used == 0) {
      return;
    }
    try (PinnedMemory staging = device.pin(used, "tables of launches")) {
      MemorySegment.copy(host, 0, staging.segment(), 0, used);
      stream.upload(base, staging.address(), used);
      stream.await();
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
