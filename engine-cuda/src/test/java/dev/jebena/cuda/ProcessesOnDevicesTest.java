package dev.jebena.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.cuda.emulator.EmulatedCuda;
import dev.jebena.cuda.emulator.EmulatedCudaOptions;
import dev.jebena.engine.Engine;
import dev.jebena.engine.GenerationException;
import dev.jebena.engine.GenerationRequest;
import dev.jebena.engine.Generation;
import dev.jebena.engine.Prompt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two nodes as they are in life: two processes, each with emulated devices of its own, that meet through sockets. */
@Timeout(240)
class ProcessesOnDevicesTest extends EmulatedTest {

  private static final int PATIENCE_SECONDS = 60;

  private final List<Process> processes = new ArrayList<>();

  @TempDir
  Path folder;

  @Override
  EmulatedCudaOptions options() {
    return EmulatedCudaOptions.DEFAULT.withDevices(2);
  }

  @AfterEach
  void endProcesses() throws InterruptedException {
    for (Process process : processes) {
      process.destroyForcibly().waitFor();
    }
  }

  /** Half of the ranks, in a process of their own. */
  static final class Follower {

    private Follower() {}

    public static void main(String[] arguments) {
      int ranks = Integer.parseInt(arguments[0]);
      int port = Integer.parseInt(arguments[1]);
      try (EmulatedCuda cuda = EmulatedCuda.start(EmulatedCudaOptions.DEFAULT.withDevices(ranks / 2))) {
        Engine.follow(EngineRuns.model(), EngineRuns.finished(EngineRuns.node(EngineRuns.crowded(ranks, ranks / 2), 1, port).backend("cuda")));
        cuda.verify();
      }
    }
  }

  private Process follower(int ranks, int port) throws IOException {
    Process process = new ProcessBuilder(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseG1GC", "-XX:TieredStopAtLevel=1", "-Xmx512m",
        "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp",
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")), Follower.class.getName(), String.valueOf(ranks),
        String.valueOf(port)).redirectErrorStream(true).redirectOutput(log().toFile()).start();
    processes.add(process);
    return process;
  }

  private Path log() {
    return folder.resolve("follower.log");
  }

  private Engine lead(int ranks, int port) {
    return EngineRuns.load(new CudaBackendProvider(), EngineRuns.node(EngineRuns.crowded(ranks, ranks / 2), 0, port));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void preemptedSequencesAndSharedPrefixesGiveTheSameAnswersFromTwoProcesses(int ranks) throws Exception {
    int port = EngineRuns.freePort();
    Process follower = follower(ranks, port);
    try (Engine engine = lead(ranks, port)) {
      EngineRuns.requirePreemptionAndPrefixHits(engine);
      EngineRuns.requireCancellation(engine);
    }
    assertTrue(follower.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "the follower goes on");
    assertEquals(0, follower.exitValue(), Files.readString(log()));
  }

  @Test
  void aProcessThatIsKilledEndsEveryRequestByName() throws Exception {
    int port = EngineRuns.freePort();
    Process follower = follower(2, port);
    try (Engine engine = lead(2, port)) {
      Generation running = engine.submit(GenerationRequest.builder(Prompt.tokens(1, 2, 3)).maxTokens(40).ignoreEos().build());
      follower.destroyForcibly().waitFor();
      GenerationException error = Assertions.assertThrows(GenerationException.class, running::result);
      assertTrue(String.valueOf(error.getMessage()).contains("rank 1"), error.toString());
    }
  }
}
