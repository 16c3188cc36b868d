package dev.jebena.engine.parallel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.Engine;
import dev.jebena.engine.EngineConfig;
import dev.jebena.engine.GenerationRequest;
import dev.jebena.engine.Prompt;
import dev.jebena.engine.model.Model;
import dev.jebena.engine.tck.InMemoryModel;
import dev.jebena.engine.tck.TinyShape;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Who may join, and what the others hear. Nodes are threads here, with connections as between processes. */
class JoinTest {

  private static final String SECRET = "a secret of the ranks";

  private final int port = freePort();
  private final Model model = InMemoryModel.random(TinyShape.DEFAULT, 256, 7);

  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private Cluster cluster(int nodes, int node, String secret, int joinMillis) {
    return new Cluster(nodes, node, "127.0.0.1", port, secret, Duration.ofMillis(joinMillis), Duration.ofSeconds(4));
  }

  private static EngineConfig config(int ranks, Cluster cluster) {
    return EngineConfig.builder().backend("reference").tensorParallelSize(ranks).cluster(cluster).maxSequences(4).build();
  }

  private CompletableFuture<Void> follow(int ranks, Cluster cluster, Model itsModel) {
    return CompletableFuture.runAsync(() -> Engine.follow(itsModel, config(ranks, cluster)), task -> Thread.ofPlatform().daemon(true).start(task));
  }

  private static String refusal(CompletableFuture<Void> follower) throws Exception {
    ExecutionException thrown = assertThrows(ExecutionException.class, () -> follower.get(20, TimeUnit.SECONDS));
    assertTrue(thrown.getCause() instanceof RankException, () -> String.valueOf(thrown.getCause()));
    return thrown.getCause().getMessage();
  }

  @Test
  void whoDoesNotFitIsToldWhyAndDoesNotDisturbThoseWhoDo() throws Exception {
    CompletableFuture<Engine> leading = CompletableFuture.supplyAsync(() -> Engine.load(model, config(2, cluster(2, 0, SECRET, 20_000))));
    try (Socket stranger = connect()) {
      OutputStream out = stranger.getOutputStream();
      out.write("GET / HTTP/1.1\r\n\r\n".repeat(20).getBytes());
      out.flush();
    }
    try (Socket silent = connect()) {
      assertTrue(refusal(follow(2, cluster(2, 1, "another secret", 20_000), model)).contains("secret is another"));
      assertTrue(refusal(follow(4, cluster(2, 1, SECRET, 20_000), model)).contains("2 nodes and 4 ranks"));
      assertTrue(refusal(follow(3, cluster(3, 1, SECRET, 20_000), model)).contains("3 nodes and 3 ranks"));
      Model other = InMemoryModel.random(TinyShape.DEFAULT, 256, 8);
      assertTrue(refusal(follow(2, cluster(2, 1, SECRET, 20_000), other)).contains("its model has the hash"));
      assertTrue(silent.isConnected());
    }
    CompletableFuture<Void> follower = follow(2, cluster(2, 1, SECRET, 20_000), model);
    try (Engine engine = leading.get(20, TimeUnit.SECONDS)) {
      assertTrue(refusal(follow(2, cluster(2, 1, SECRET, 20_000), model)).contains("node rank 1 has joined already"));
      assertEquals(8, engine.generate(GenerationRequest.builder(Prompt.tokens(1, 2, 3)).maxTokens(8).ignoreEos().build()).tokens().size());
    }
    follower.get(20, TimeUnit.SECONDS);
    try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      assertEquals(port, free.getLocalPort());
    }
  }

  private Socket connect() throws Exception {
    for (int i = 0; ; i++) {
      try {
        return new Socket(InetAddress.getLoopbackAddress(), port);
      } catch (IOException e) {
        if (i > 100) {
          throw e;
        }
        Thread.sleep(50);
      }
    }
  }

  @Test
  void aNodeThatGoesBeforeAllHaveJoinedMakesRoomForAnother() throws Exception {
    CompletableFuture<Engine> leading = CompletableFuture.supplyAsync(() -> Engine.load(model, config(3, cluster(3, 0, SECRET, 30_000))));
    Handshake.Hello hello = new Handshake.Hello(
        Handshake.Kind.CONTROL, 1, 3, 3, "development", ModelFingerprint.of(model.program(), model.weights()), "reference", 9);
    try (Socket first = connect()) {
      new Handshake(SECRET).call(new java.io.DataInputStream(first.getInputStream()), new java.io.DataOutputStream(first.getOutputStream()), hello);
    }
    CompletableFuture<Void> second = follow(3, cluster(3, 2, SECRET, 30_000), model);
    CompletableFuture<Void> again = null;
    for (int i = 0; again == null && i < 100; i++) {
      Thread.sleep(200);
      CompletableFuture<Void> attempt = follow(3, cluster(3, 1, SECRET, 30_000), model);
      try {
        attempt.get(1_000, TimeUnit.MILLISECONDS);
      } catch (ExecutionException e) {
        assertTrue(e.getCause().getMessage().contains("has joined already"), e.getCause().getMessage());
      } catch (java.util.concurrent.TimeoutException e) {
        again = attempt;
      }
    }
    try (Engine engine = leading.get(20, TimeUnit.SECONDS)) {
      assertEquals(4, engine.generate(GenerationRequest.builder(Prompt.tokens(1, 2, 3)).maxTokens(4).ignoreEos().build()).tokens().size());
    }
    second.get(20, TimeUnit.SECONDS);
    again.get(20, TimeUnit.SECONDS);
  }

  @Test
  void ranksThatDoNotComeAreNamed() {
    RuntimeException thrown =
        assertThrows(RuntimeException.class, () -> Engine.load(model, config(3, cluster(3, 0, SECRET, 300))).close());
    assertTrue(thrown.getMessage().contains("rank 1, rank 2 did not join"), thrown.getMessage());
  }

  @Test
  void aFollowerWithoutAnybodyToFollowGivesUp() throws Exception {
    assertTrue(refusal(follow(2, cluster(2, 1, SECRET, 300), model)).contains("nobody answered"));
  }

  @Test
  void anotherVersionOrBackendOrNumberIsRefusedByName() {
    byte[] hash = new byte[32];
    Handshake.Hello ours = new Handshake.Hello(Handshake.Kind.CONTROL, 0, 2, 2, "1.2.3", hash, "cpu", 0);
    assertTrue(ours.whyNot(new Handshake.Hello(Handshake.Kind.CONTROL, 1, 2, 2, "1.2.4", hash, "cpu", 0)).contains("version 1.2.4"));
    assertTrue(ours.whyNot(new Handshake.Hello(Handshake.Kind.CONTROL, 1, 2, 2, "1.2.3", hash, "reference", 0)).contains("backend reference"));
    assertTrue(ours.whyNot(new Handshake.Hello(Handshake.Kind.CONTROL, 2, 2, 2, "1.2.3", hash, "cpu", 0)).contains("node rank 2"));
    assertEquals("", ours.whyNot(new Handshake.Hello(Handshake.Kind.CONTROL, 1, 2, 2, "1.2.3", hash, "cpu", 0)));
  }
}
