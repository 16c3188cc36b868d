package dev.jebena.cuda;

import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.weight.WeightSource;
import dev.jebena.engine.weight.WeightSpec;
import dev.jebena.engine.weight.WeightView;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Brings weights to a device: blocks are copied from the mapped file into pinned memory, head and body apart, and go from there to the
 * device while the other half of the pinned memory is filled. Nothing passes through the Java heap but norms and biases.
 */
final class WeightLoader {

  private static final long HALF_BYTES = 8L << 20;
  private static final long MAX_HALF_BYTES = 1L << 30;
  /** Rows of fewer bytes are not worth another thread. */
  private static final long PARALLEL_BYTES = 1L << 20;

  private final DeviceStream stream;
  private final WeightLayout layout;
  private final long base;
  private final LoadProgress progress;
  private final long total;
  private final Half[] halves = new Half[2];
  private long done;
  private int turn;

  /** Half of the staging memory, and the mark behind the copies out of it. */
  private record Half(MemorySegment memory, DeviceEvent copied) {}

  private WeightLoader(DeviceStream stream, WeightLayout layout, long base, LoadProgress progress, long total) {
    this.stream = stream;
    this.layout = layout;
    this.base = base;
    this.progress = progress;
    this.total = total;
  }

  /** Loads all weights of the layout to {@code base}, and waits for them. */
  static void load(
      Device device, DeviceStream stream, WeightLayout layout, WeightSource source, long base, LoadProgress progress) {
    long total = layout.specs().values().stream().mapToLong(WeightSpec::bytes).sum();
    long half = HALF_BYTES;
    for (WeightSpec spec : layout.specs().values()) {
      Planes planes = Planes.of(spec);
      half = Math.max(half, planes.bodyRowBytes(spec.columns()) + planes.headRowBytes(spec.columns()));
      half = Math.max(half, 4L * spec.columns());
    }
    half = Planes.aligned(Math.min(half, MAX_HALF_BYTES));
    try (PinnedMemory staging = device.pin(2 * half, "staging memory for weights");
        DeviceEvent first = device.event();
        DeviceEvent second = device.event()) {
      WeightLoader loader = new WeightLoader(stream, layout, base, progress, total);
      loader.halves[0] = new Half(staging.segment().asSlice(0, half), first);
      loader.halves[1] = new Half(staging.segment().asSlice(half, half), second);
      first.record(stream);
      second.record(stream);
      try {
        for (Map.Entry<String, WeightSpec> entry : layout.specs().entrySet()) {
          loader.load(source.weight(entry.getValue()));
        }
      } finally {
        // copies in flight still read the staging memory
        stream.await();
      }
    }
  }

  private void load(WeightView view) {
    String name = view.spec().name();
    Long body = layout.bodies().get(name);
    Long head = layout.heads().get(name);
    if (body != null && head != null) {
      loadPlanes(view, base + body, base + head);
    }
    Long vector = layout.vectors().get(name);
    if (vector != null) {
      loadVector(view, base + vector);
    }
    done += view.spec().bytes();
    progress.loaded(done, total);
  }

  private Half next() {
    Half half = halves[turn];
    turn ^= 1;
    half.copied.await();
    return half;
  }

  private void loadVector(WeightView view, long to) {
    float[] values = new float[view.spec().columns()];
    view.decodeRow(0, values, 0);
    Half half = next();
    MemorySegment.copy(values, 0, half.memory, ValueLayout.JAVA_FLOAT, 0, values.length);
    stream.upload(to, half.memory.address(), 4L * values.length);
    half.copied.record(stream);
  }

  private void loadPlanes(WeightView view, long body, long head) {
    Planes planes = Planes.of(view.spec());
    long bodyRow = planes.bodyRowBytes(view.spec().columns());
    long headRow = planes.headRowBytes(view.spec().columns());
    int rowsAtOnce = (int) Math.min(view.spec().rows(), Math.max(1, HALF_BYTES / (bodyRow + headRow)));
    for (int first = 0; first < view.spec().rows(); first += rowsAtOnce) {
      int rows = Math.min(rowsAtOnce, view.spec().rows() - first);
      Half half = next();
      MemorySegment bodies = half.memory.asSlice(0, rows * bodyRow);
      MemorySegment heads = half.memory.asSlice(rows * bodyRow, rows * headRow);
      int from = first;
      IntStream each = IntStream.range(0, rows);
      (rows * bodyRow < PARALLEL_BYTES ? each : each.parallel()).forEach(
          row -> cut(view, planes, from + row, bodies.asSlice(row * bodyRow, bodyRow), heads.asSlice(row * headRow, headRow)));
      stream.upload(body + first * bodyRow, bodies.address(), bodies.byteSize());
      stream.upload(head + first * headRow, heads.address(), heads.byteSize());
      half.copied.record(stream);
    }
  }

  /** Cuts one row into its planes. */
  private static void cut(WeightView view, Planes planes, int row, MemorySegment bodies, MemorySegment heads) {
    long from = row * view.rowStrideBytes();
    long bytes = view.spec().rowBytes();
    if (planes.headBytes() == 0) {
      MemorySegment.copy(view.data(), from, bodies, 0, bytes);
      bodies.asSlice(bytes).fill((byte) 0);
      return;
    }
    int block = planes.type().bytes();
    int head = planes.headBytes();
    int body = planes.bodyBytes();
    // the head is a block's beginning or its end, so the body is in one piece
    int bodyAt = planes.headAt() == 0 ? head : 0;
    int blocks = planes.blocks(view.spec().columns());
    for (int i = 0; i < blocks; i++) {
      long at = from + (long) i * block;
      MemorySegment.copy(view.data(), at + bodyAt, bodies, (long) i * body, body);
      MemorySegment.copy(view.data(), at + planes.headAt(), heads, (long) i * head, head);
    }
  }
}
