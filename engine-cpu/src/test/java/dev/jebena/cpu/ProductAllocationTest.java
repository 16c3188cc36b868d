package dev.jebena.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import dev.jebena.engine.weight.BlockType;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Products allocate nothing once the JIT has compiled them: vectors on the heap would show as kilobytes, and as a tenth of the speed. */
class ProductAllocationTest {

  private static final int ROWS = 128;
  private static final int COLUMNS = 512;
  private static final int RUNS = 10;
  /** The JIT compiles in the background, and on a busy machine late. */
  private static final long PATIENCE_NANOS = 120_000_000_000L;

  @ParameterizedTest
  @EnumSource(value = BlockType.class, names = {"F32", "F16", "BF16", "Q4_1", "Q5_1", "Q8_0", "Q4_K", "Q6_K"})
  void compiledProductsAllocateNothing(BlockType type) {
    PackedFormat format = PackedFormat.of(type);
    try (Arena arena = Arena.ofConfined()) {
      long address = arena.allocate(format.bytes(ROWS, COLUMNS), 64).address();
      PackedWeight weight = new PackedWeight(format, ROWS, COLUMNS, address);
      for (int count : new int[] {1, 16}) {
        LinearStage.Room[] rooms = {new LinearStage.Room()};
        LinearStage stage = new LinearStage(
            new KernelTable(ProductKernels.all()), new float[count * (COLUMNS + ROWS)], () -> count, 0, COLUMNS,
            List.of(new LinearStage.Part(weight, null, count * COLUMNS, ROWS)), rooms);
        assertEquals(0, bytesOnceCompiled(stage), type + " with " + count + " rows");
      }
    }
  }

  private static long bytesOnceCompiled(LinearStage stage) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long end = System.nanoTime() + PATIENCE_NANOS;
    long bytes;
    do {
      // asking allocates a little itself on some JVMs: the second question in a row tells how much
      long first = threads.getCurrentThreadAllocatedBytes();
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < RUNS; i++) {
        stage.run(0, stage.chunks(), 0);
      }
      bytes = threads.getCurrentThreadAllocatedBytes() - before - (before - first);
    } while (bytes != 0 && System.nanoTime() < end);
    return bytes;
  }
}
