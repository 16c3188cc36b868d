package dev.jebena.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The arguments of one launch, in the order of the kernel's parameters. The driver copies them when it takes the launch, so one instance
 * serves all launches of a thread and nothing is allocated for them.
 */
final class Arguments implements AutoCloseable {

  private static final int MAX = 64;
  private static final int SLOT_BYTES = 8;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment values = arena.allocate((long) MAX * SLOT_BYTES, SLOT_BYTES);
  private final MemorySegment pointers = arena.allocate((long) MAX * SLOT_BYTES, SLOT_BYTES);
  private int count;

  Arguments() {
    for (int i = 0; i < MAX; i++) {
      pointers.set(ValueLayout.JAVA_LONG, (long) i * SLOT_BYTES, values.address() + (long) i * SLOT_BYTES);
    }
  }

  /** Starts over. */
  Arguments begin() {
    count = 0;
    return this;
  }

  Arguments pointer(long address) {
    values.set(ValueLayout.JAVA_LONG, (long) count++ * SLOT_BYTES, address);
    return this;
  }

  Arguments i64(long value) {
    return pointer(value);
  }

  Arguments i32(int value) {
    values.set(ValueLayout.JAVA_INT, (long) count++ * SLOT_BYTES, value);
    return this;
  }

  Arguments f32(float value) {
    values.set(ValueLayout.JAVA_FLOAT, (long) count++ * SLOT_BYTES, value);
    return this;
  }

  /** A matrix: its address and the elements from one row to the next. */
  Arguments matrix(Place place) {
    return pointer(place.address()).i32(place.stride());
  }

  /** Address of the array of addresses of the arguments. */
  long address() {
    return pointers.address();
  }

  @Override
  public void close() {
    arena.close();
  }
}
