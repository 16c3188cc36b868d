package dev.jebena.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.jebena.cuda.kernel.KernelBench.Launch;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** collective.cu on ranks that run at the same time, several launches one after another. */
class CollectiveKernelTest {

  private static final int SIGNAL_BYTES = 33024;
  private static final int BLOCKS = 3;
  private static final int ROWS = 2;

  private final Random random = Floats.seeded("CollectiveKernelTest");

  @FunctionalInterface
  private interface Rank {
    void run(int rank);
  }

  private static void onRanks(int world, Rank body) throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(world)) {
      List<Future<?>> futures = new ArrayList<>();
      for (int rank = 0; rank < world; rank++) {
        int own = rank;
        futures.add(threads.submit(() -> body.run(own)));
      }
      for (Future<?> future : futures) {
        future.get();
      }
    }
  }

  private static long signals(KernelBench bench, int world) {
    long[] addresses = new long[world];
    for (int rank = 0; rank < world; rank++) {
      addresses[rank] = bench.bytes(new byte[SIGNAL_BYTES]);
    }
    return bench.longs(addresses);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void sumsAreTakenInTheOrderOfTheRanks(int world) throws Exception {
    int columns = 401;
    int count = ROWS * columns;
    try (KernelBench bench = new KernelBench()) {
      long signals = signals(bench, world);
      // a second round with other inputs, then the other kernel on the same signals
      for (String kernel : new String[] {"all_reduce", "all_reduce", "all_reduce_twoshot", "all_reduce_twoshot"}) {
        float[] expected = new float[count];
        long[] inputs = new long[world];
        long[] slices = new long[world];
        long[] outs = new long[world];
        for (int rank = 0; rank < world; rank++) {
          float[] input = Floats.random(random, count);
          for (int i = 0; i < count; i++) {
            expected[i] = rank == 0 ? input[i] : expected[i] + input[i];
          }
          inputs[rank] = bench.floats(input);
          slices[rank] = bench.empty(4L * count);
          outs[rank] = bench.empty(4L * count);
        }
        long inputTable = bench.longs(inputs);
        long sliceTable = bench.longs(slices);
        onRanks(world, rank -> {
          Launch launch = Launch.of(BLOCKS, 1, 256);
          if (kernel.equals("all_reduce")) {
            bench.launch("collective", kernel, launch, outs[rank], columns, inputTable, signals, rank, world, columns, ROWS);
          } else {
            bench.launch("collective", kernel, launch, outs[rank], columns, inputTable, sliceTable, signals, rank, world, columns, ROWS);
          }
        });
        for (long out : outs) {
          assertArrayEquals(expected, bench.readFloats(out, count), kernel);
        }
      }
    }
  }

  @Test
  void columnsAreGatheredWhereTheyBelong() throws Exception {
    int[] offsets = {0, 100, 100, 333};
    int world = 3;
    try (KernelBench bench = new KernelBench()) {
      long signals = signals(bench, world);
      float[] expected = new float[ROWS * 333];
      long[] inputs = new long[world];
      long[] outs = new long[world];
      for (int rank = 0; rank < world; rank++) {
        int columns = offsets[rank + 1] - offsets[rank];
        float[] input = Floats.random(random, Math.max(1, ROWS * columns));
        inputs[rank] = bench.floats(input);
        outs[rank] = bench.empty(4L * expected.length);
        for (int row = 0; row < ROWS; row++) {
          System.arraycopy(input, row * columns, expected, row * 333 + offsets[rank], columns);
        }
      }
      long table = bench.longs(inputs);
      long offsetsAt = bench.ints(offsets);
      onRanks(world, rank -> bench.launch("collective", "all_gather", Launch.of(BLOCKS, 1, 256), outs[rank], 333, table, signals, offsetsAt, rank,
          world, ROWS));
      for (long out : outs) {
        assertArrayEquals(expected, bench.readFloats(out, expected.length));
      }
    }
  }
}
