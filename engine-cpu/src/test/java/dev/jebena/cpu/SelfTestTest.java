package dev.jebena.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.cpu.ProductKernel.Shape;
import dev.jebena.engine.tck.RandomWeights;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSpec;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The table of kernels, and what the self-test makes of it. */
class SelfTestTest {

  private static final long TIME_NANOS = 500_000_000;
  private static final int MOST_TRIES = 50;

  /** No kernel here depends on the JIT, so that nothing has to be waited for. */
  private static final SelfTest.Settling AT_ONCE = new SelfTest.Settling(0, () -> 0);

  @TempDir
  private Path folder;

  /** Computes nothing, after a while: as if the JIT had given up on it. */
  private record Idle(String name, long nanos) implements ProductKernel {

    @Override
    public boolean fits(BlockType type, Shape shape) {
      return true;
    }

    @Override
    public void multiply(PackedWeight weight, int group, float[] x, int xAt, int xStride, int rows, LinearStage.Room room) {
      if (nanos > 0) {
        LockSupport.parkNanos(nanos);
      }
    }
  }

  private static final ProductKernel SLOW = new Idle("slow", 1_000_000);
  private static final ProductKernel QUICK = new Idle("quick", 0);

  @Test
  void aSlowKernelIsReplacedAndNamed() {
    KernelTable table = new KernelTable(List.of(SLOW, QUICK));
    assertSame(SLOW, table.chosen(BlockType.Q4_1, Shape.ONE_ROW));
    try (Team team = new Team(1)) {
      SelfTest test = new SelfTest(team, table, AT_ONCE);
      SelfTest.Result result = test.run(List.of(BlockType.Q4_1), TIME_NANOS);
      // on a machine that stands still now and then the time may be over before the alternatives had their turn
      for (int i = 0; i < MOST_TRIES && result.warnings().size() < Shape.values().length; i++) {
        result = test.run(List.of(BlockType.Q4_1), TIME_NANOS);
      }
      for (Shape shape : Shape.values()) {
        assertSame(QUICK, table.chosen(BlockType.Q4_1, shape));
        assertSame(SLOW, table.chosen(BlockType.Q8_0, shape), "another type was not asked for");
      }
      assertEquals(Shape.values().length, result.warnings().size());
      assertTrue(result.warnings().getFirst().contains("'slow'"), result.warnings().toString());
      assertEquals("quick", result.kernels().getFirst().variant());
      assertTrue(result.kernels().getFirst().alternatives().getFirst().startsWith("slow: "));
      assertTrue(result.kernels().getFirst().unitsPerSecond().getAsDouble() > 0);
      assertTrue(result.kernels().getFirst().shareOfPeak().getAsDouble() > 0);
    }
  }

  @Test
  void theExpectedKernelStaysIfItIsAsFastAsOthers() {
    KernelTable table = new KernelTable(List.of(QUICK, SLOW));
    try (Team team = new Team(1)) {
      assertEquals(List.of(), new SelfTest(team, table, AT_ONCE).run(List.of(BlockType.Q4_1), TIME_NANOS).warnings());
      assertSame(QUICK, table.chosen(BlockType.Q4_1, Shape.MANY_ROWS));
    }
  }

  @Test
  void nothingIsJudgedWhileTheJitIsAtWork() {
    AtomicLong compiled = new AtomicLong();
    SelfTest.Settling busy = new SelfTest.Settling(3, () -> compiled.addAndGet(1000));
    KernelTable table = new KernelTable(List.of(SLOW, QUICK));
    try (Team team = new Team(1)) {
      SelfTest.Result result = new SelfTest(team, table, busy).run(List.of(BlockType.Q4_1), TIME_NANOS);
      assertSame(SLOW, table.chosen(BlockType.Q4_1, Shape.ONE_ROW));
      assertEquals(List.of(), result.warnings());
      assertTrue(result.kernels().getFirst().measured().endsWith("the JIT still at work"), result.kernels().getFirst().measured());
    }
  }

  @Test
  void aChoiceIsInFlightRecordings() throws IOException {
    try (Recording recording = new Recording()) {
      recording.enable("dev.jebena.Kernel");
      recording.start();
      KernelEvent.commit("matrix-vector", "Q4_1", "quick", 2e9, 0.5, true);
      recording.stop();
      Path file = folder.resolve("recording.jfr");
      recording.dump(file);
      RecordedEvent event = RecordingFile.readAllEvents(file).getFirst();
      assertEquals("Q4_1", event.getString("type"));
      assertEquals("quick", event.getString("kernel"));
      assertTrue(event.getBoolean("replaced"));
      assertEquals(2e9, event.getDouble("unitsPerSecond"));
    }
  }

  @Test
  void whatNothingFitsIsRefusedByName() {
    try {
      new KernelTable(List.of());
    } catch (IllegalArgumentException e) {
      assertTrue(String.valueOf(e.getMessage()).contains("no kernel fits"), e.getMessage());
      return;
    }
    throw new AssertionError("a table without a kernel for F32");
  }

  @Test
  void allKernelsThatFitATypeGiveTheSameBits() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    KernelTable table = new KernelTable(ProductKernels.all());
    for (BlockType type : BlockType.values()) {
      int columns = 256;
      int weightRows = 1 + random.nextInt(100);
      WeightSpec spec = new WeightSpec("w", weightRows, columns, WeightFormat.of(type));
      PackedFormat format = PackedFormat.of(type);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment target = arena.allocate(format.bytes(weightRows, columns), 64);
        WeightPacker packer = new WeightPacker(new RandomWeights(seed).weight(spec), target);
        PackedWeight weight = new PackedWeight(format, weightRows, columns, target.address());
        for (int group = 0; group < weight.groups(); group++) {
          packer.pack(group);
        }
        for (int rows : new int[] {1, 2, 5, 6, 7, 13}) {
          float[] x = new float[rows * columns];
          for (int i = 0; i < x.length; i++) {
            x[i] = random.nextFloat() - 0.5f;
          }
          float[] expected = null;
          for (ProductKernel kernel : table.candidates(type, Shape.of(rows))) {
            LinearStage.Room room = new LinearStage.Room();
            kernel.multiply(weight, weight.groups() - 1, x, 0, columns, rows, room);
            float[] sums = Arrays.copyOf(room.sums, rows * PackedFormat.GROUP_ROWS);
            if (expected == null) {
              expected = sums;
            }
            assertArrayEquals(expected, sums, type + ", " + rows + " rows, " + kernel.name() + ", seed " + seed);
          }
        }
      }
    }
  }

  @Test
  void aChoiceHoldsForItsTypeAndShapeAlone() {
    KernelTable table = new KernelTable(ProductKernels.all());
    ProductKernel last = table.candidates(BlockType.Q8_0, Shape.ONE_ROW).getLast();
    table.choose(BlockType.Q8_0, Shape.ONE_ROW, last);
    assertSame(last, table.chosen(BlockType.Q8_0, Shape.ONE_ROW));
    assertSame(table.candidates(BlockType.Q8_0, Shape.FEW_ROWS).getFirst(), table.chosen(BlockType.Q8_0, Shape.FEW_ROWS));
    assertSame(table.candidates(BlockType.Q4_0, Shape.ONE_ROW).getFirst(), table.chosen(BlockType.Q4_0, Shape.ONE_ROW));
  }
}
