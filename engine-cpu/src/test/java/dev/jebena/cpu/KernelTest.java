package dev.jebena.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jebena.engine.weight.BlockType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelTest {

  @ParameterizedTest
  @EnumSource(BlockType.class)
  void productsHaveTheBitsOfARowAloneAndAgreeWithTheScalarSum(BlockType type) {
    for (int threads : new int[] {1, 2, 5}) {
      long seed = System.nanoTime();
      System.out.println("kernels of " + type + ": seed " + seed);
      KernelCheck.check(type, threads, new Random(seed));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {128, 256, 512})
  void everyVectorWidthGivesThem(int bits) throws IOException, InterruptedException {
    long seed = System.nanoTime();
    System.out.println("kernels of " + bits + " bits: seed " + seed);
    Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djebena.vectorBits=" + bits, "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")), KernelCheck.class.getName(), String.valueOf(seed))
        .redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
  }
}
