package dev.jebena.server.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.Engine;
import dev.jebena.engine.EngineClosedException;
import dev.jebena.engine.EngineConfig;
import dev.jebena.engine.FinishReason;
import dev.jebena.engine.Generation;
import dev.jebena.engine.GenerationException;
import dev.jebena.engine.GenerationRequest;
import dev.jebena.engine.GenerationResult;
import dev.jebena.engine.Prompt;
import dev.jebena.engine.model.Model;
import dev.jebena.engine.parallel.Cluster;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.models.Models;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ranks in processes of their own: what they compute together, and what happens when one of them goes. */
class RankProcessesTest {

  private static final String SECRET = "secret of the test's ranks";
  private static final int PATIENCE_SECONDS = 60;

  private final List<Process> processes = new ArrayList<>();

  @TempDir
  Path folder;

  @AfterEach
  void nothingIsLeft() throws Exception {
    for (Process process : processes) {
      process.destroyForcibly().waitFor();
    }
    for (int i = 0; i < 50 && rankThreads().findAny().isPresent(); i++) {
      Thread.sleep(100);
    }
    assertEquals(List.of(), rankThreads().toList(), "threads are left");
  }

  private static Stream<String> rankThreads() {
    return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).filter(name -> name.startsWith("jebena-rank"));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Starts the command in a process of its own; what it prints goes to a file. */
  private Process jebena(List<String> prefix, Path output, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
        "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp",
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")), Main.class.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().put("JEBENA_RANK_SECRET", SECRET);
    Process process = builder.start();
    processes.add(process);
    return process;
  }

  private Process follower(int node, int nodes, int ranks, int port) throws IOException {
    return jebena(List.of(), log(node), "serve", Cli.TINY, "--backend", "cpu", "--threads", String.valueOf(ranks / nodes),
        "--tensor-parallel-size", String.valueOf(ranks), "--nnodes", String.valueOf(nodes), "--node-rank", String.valueOf(node),
        "--master-port", String.valueOf(port));
  }

  private Path log(int node) {
    return folder.resolve("node" + node + ".log");
  }

  private String said(int node) throws IOException {
    return Files.readString(log(node));
  }

  private static EngineConfig.Builder config(int ranks) {
    return EngineConfig.builder().backend("cpu").tensorParallelSize(ranks).threads(1).maxContext(256);
  }

  private Engine lead(Model model, EngineConfig.Builder config, int nodes, int ranks, int port) throws IOException {
    for (int node = 1; node < nodes; node++) {
      follower(node, nodes, ranks, port);
    }
    return Engine.load(model, config.cluster(Cluster.of(nodes, 0, "127.0.0.1", port, SECRET)).build());
  }

  private static GenerationRequest request(int number, int tokens) {
    Random random = new Random(number);
    int[] prompt = random.ints(1 + random.nextInt(24), 3, 512).toArray();
    if (number % 2 == 1) {
      int[] longer = Arrays.copyOf(new Random(0).ints(40, 3, 512).toArray(), 40 + prompt.length);
      System.arraycopy(prompt, 0, longer, 40, prompt.length);
      prompt = longer;
    }
    GenerationRequest.Builder builder = GenerationRequest.builder(Prompt.tokens(prompt)).maxTokens(tokens).ignoreEos().logprobs(0);
    return number % 3 == 0 ? builder.sampling(SamplingParameters.GREEDY.withTemperature(1).withSeed(number)).build() : builder.build();
  }

  private static int[] bits(GenerationResult result) {
    return result.tokens().stream()
        .flatMapToInt(token -> IntStream.of(token.id(), Float.floatToRawIntBits(token.logprobs().orElseThrow().logprob())))
        .toArray();
  }

  /** Sixty-four streams in chunks, with shared prefixes and too few blocks. */
  private static List<int[]> crowd(Engine engine) {
    List<Generation> running = IntStream.range(0, 64).mapToObj(number -> engine.submit(request(number, 20))).toList();
    List<int[]> answers = running.stream().map(generation -> bits(generation.result())).toList();
    assertTrue(engine.statistics().counters().preemptions() > 0, "nothing was preempted");
    assertTrue(engine.statistics().counters().prefixHitTokens() > 0, "no prefix was found");
    return answers;
  }

  /** A process with so many KV heads gets few blocks of 4 tokens; the model has 5 layers, and heads of 8 columns. */
  private static EngineConfig.Builder crowded(int ranks, int kvHeads) {
    return config(ranks).maxContext(128).maxBatchedTokens(71).noTargetStep().blockTokens(4).kvCacheBytes(5L * kvHeads * 8 * 2 * 4 * 4 * 110);
  }

  @ParameterizedTest
  @CsvSource({"2, 2", "3, 3", "4, 4"})
  void processesHaveTheBitsOfThreads(int nodes, int ranks) throws Exception {
    List<int[]> threads;
    try (Model model = Models.open(Path.of(Cli.TINY))) {
      try (Engine engine = Engine.load(model, crowded(ranks, 4).build())) {
        threads = crowd(engine);
      }
      try (Engine engine = lead(model, crowded(ranks, Math.ceilDiv(4, nodes)), nodes, ranks, freePort())) {
        List<int[]> answers = crowd(engine);
        for (int i = 0; i < threads.size(); i++) {
          assertArrayEquals(threads.get(i), answers.get(i), "stream " + i);
        }
      }
    }
    for (Process process : processes) {
      assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS));
      assertEquals(ExitCode.DONE, process.exitValue(), said(1));
    }
  }

  @Test
  void processesOfTwoThreadsEachGiveTheSameTokens() throws Exception {
    GenerationRequest request = GenerationRequest.builder(Prompt.tokens(1)).maxTokens(100).ignoreEos().build();
    try (Model model = Models.open(Path.of(Cli.TINY))) {
      int[] alone;
      try (Engine engine = Engine.load(model, config(1).build())) {
        alone = engine.generate(request).tokenIds();
      }
      try (Engine engine = lead(model, config(4), 2, 4, freePort())) {
        assertArrayEquals(alone, engine.generate(request).tokenIds());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void aRankThatIsKilledEndsEveryRequestAndEveryProcess(int nodes) throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int victim = 1 + random.nextInt(nodes - 1);
    int port = freePort();
    try (Model model = Models.open(Path.of(Cli.TINY));
        Engine engine = lead(model, config(nodes).maxContext(512), nodes, nodes, port)) {
      List<Generation> running = IntStream.range(0, 64).mapToObj(number -> engine.submit(request(number, 400))).toList();
      Thread.sleep(random.nextInt(600));
      long killed = System.nanoTime();
      processes.get(victim - 1).destroyForcibly();
      requireErrors(running, "rank " + victim, "seed " + seed);
      report("killed rank " + victim + " of " + nodes, killed);
      assertThrows(EngineClosedException.class, () -> engine.submit(request(1, 1)));
      for (int node = 1; node < nodes; node++) {
        assertTrue(processes.get(node - 1).waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "node " + node + " goes on, seed " + seed);
        assertNotEquals(ExitCode.DONE, processes.get(node - 1).exitValue());
        assertTrue(node == victim || said(node).contains("rank " + victim), said(node));
      }
      report("all processes had ended", killed);
    }
    try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      assertEquals(port, free.getLocalPort());
    }
  }

  private static void requireErrors(List<Generation> running, String rank, String message) throws Exception {
    CompletableFuture<Void> ended = CompletableFuture.runAsync(() -> {
      int failed = 0;
      for (Generation generation : running) {
        try {
          assertEquals(FinishReason.LENGTH, generation.result().finishReason(), message);
        } catch (GenerationException e) {
          failed++;
          assertTrue(e.getMessage().contains(rank), e.getMessage() + " " + message);
        }
      }
      assertTrue(failed > 0, "the requests were over before the rank was, " + message);
    });
    ended.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /** The promise is five seconds; a test on a busy machine only says how long it took. */
  private static void report(String what, long since) {
    System.out.printf("%s: %d ms%n", what, (System.nanoTime() - since) / 1_000_000);
  }

  @Test
  void aRankThatIsKilledWhileNothingRunsIsNoticed() throws Exception {
    try (Model model = Models.open(Path.of(Cli.TINY)); Engine engine = lead(model, config(2), 2, 2, freePort())) {
      long killed = System.nanoTime();
      processes.getFirst().destroyForcibly();
      Throwable cause = engine.failure().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      report("killed rank 1 of an idle engine", killed);
      assertTrue(String.valueOf(cause.getMessage()).contains("rank 1"), cause.getMessage());
    }
  }

  @Test
  void aRankThatIsSilentIsGivenUp() throws Exception {
    try (Model model = Models.open(Path.of(Cli.TINY)); Engine engine = lead(model, config(2).maxContext(512), 2, 2, freePort())) {
      List<Generation> running = IntStream.range(0, 64).mapToObj(number -> engine.submit(request(number, 400))).toList();
      Thread.sleep(200);
      long stopped = System.nanoTime();
      Process stop = new ProcessBuilder("kill", "-STOP", String.valueOf(processes.getFirst().pid())).start();
      assertEquals(0, stop.waitFor());
      requireErrors(running, "rank 1", "");
      report("stopped rank 1", stopped);
    }
  }

  @Test
  void aServerWhoseRankIsKilledAnswersItsClientsAndEnds() throws Exception {
    int port = freePort();
    Process leader = leader(port);
    Process follower = follower(1, 2, 2, port);
    HttpResponse<Stream<String>> answer = stream(address());
    long killed = System.nanoTime();
    follower.destroyForcibly();
    List<String> lines = answer.body().toList();
    assertTrue(lines.stream().anyMatch(line -> line.contains("error") && line.contains("rank 1")), lines.toString());
    report("the client of a server whose rank was killed had its error", killed);
    assertTrue(leader.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), said(0));
    report("the server had ended", killed);
    assertEquals(ExitCode.FAILED, leader.exitValue());
    assertTrue(said(0).contains("rank 1"), said(0));
  }

  @Test
  void followersOfAServerThatIsKilledEnd() throws Exception {
    int port = freePort();
    Process leader = leader(port);
    Process follower = follower(1, 2, 2, port);
    stream(address());
    long killed = System.nanoTime();
    leader.destroyForcibly();
    assertTrue(follower.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), said(1));
    report("the follower of a killed server had ended", killed);
    assertEquals(ExitCode.FAILED, follower.exitValue());
    assertTrue(said(1).contains("rank 0"), said(1));
  }

  @Test
  void followersOfAServerThatIsToldToEndEndWell() throws Exception {
    int port = freePort();
    Process leader = leader(port);
    Process follower = follower(1, 2, 2, port);
    address();
    leader.destroy();
    assertTrue(follower.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), said(1));
    assertEquals(ExitCode.DONE, follower.exitValue(), said(1));
    assertTrue(leader.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), said(0));
    assertFalse(said(0).contains("gone"), said(0));
  }

  private Process leader(int port) throws IOException {
    return jebena(List.of(), log(0), "serve", Cli.TINY, "--host", "127.0.0.1", "--port", "0", "--threads", "1",
        "--tensor-parallel-size", "2", "--nnodes", "2", "--node-rank", "0", "--master-port", String.valueOf(port));
  }

  /** Waits until the server of node 0 says where it listens. */
  private String address() throws Exception {
    for (int i = 0; i < PATIENCE_SECONDS * 10; i++) {
      String said = said(0);
      int at = said.indexOf("Listening on ");
      if (at >= 0 && said.indexOf('\n', at) >= 0) {
        return said.substring(at + "Listening on ".length(), said.indexOf('\n', at));
      }
      Thread.sleep(100);
    }
    throw new AssertionError("the server does not listen: " + said(0) + said(1));
  }

  /** Begins to read an answer that does not end soon. */
  private static HttpResponse<Stream<String>> stream(String address) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(address + "/v1/completions"))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\": [1], \"max_tokens\": 500, \"ignore_eos\": true, \"stream\": true}"))
        .build();
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofLines());
  }

  @Test
  void ranksMeetAcrossNetworkNamespaces() throws Exception {
    String name = "jebena-" + ProcessHandle.current().pid();
    Assumptions.assumeTrue(ip("netns", "add", name), "skipped: 'ip netns add' does not work here, it needs root and the ip command");
    String inside = "jb" + ProcessHandle.current().pid() % 100_000;
    try {
      assertTrue(ip("link", "add", inside + "a", "type", "veth", "peer", "name", inside + "b", "netns", name), "no veth");
      assertTrue(ip("addr", "add", "10.213.77.1/30", "dev", inside + "a") && ip("link", "set", inside + "a", "up"));
      assertTrue(ip("-n", name, "addr", "add", "10.213.77.2/30", "dev", inside + "b") && ip("-n", name, "link", "set", inside + "b", "up"));
      int port = freePort();
      jebena(List.of("ip", "netns", "exec", name), log(1), "serve", Cli.TINY, "--backend", "cpu", "--threads", "1",
          "--tensor-parallel-size", "2", "--nnodes", "2", "--node-rank", "1", "--master-addr", "10.213.77.1", "--master-port", String.valueOf(port));
      GenerationRequest request = GenerationRequest.builder(Prompt.tokens(1)).maxTokens(50).ignoreEos().build();
      try (Model model = Models.open(Path.of(Cli.TINY))) {
        int[] alone;
        try (Engine engine = Engine.load(model, config(2).build())) {
          alone = engine.generate(request).tokenIds();
        }
        try (Engine engine = Engine.load(model, config(2).cluster(Cluster.of(2, 0, "10.213.77.1", port, SECRET)).build())) {
          assertArrayEquals(alone, engine.generate(request).tokenIds());
          List<Generation> running = List.of(engine.submit(request(2, 200)));
          assertTrue(ip("link", "set", inside + "a", "down"), "the cable cannot be cut");
          requireErrors(running, "rank 1", "");
        }
      }
    } finally {
      ip("link", "delete", inside + "a");
      ip("netns", "delete", name);
    }
  }

  private static boolean ip(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(arguments));
    try {
      return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
