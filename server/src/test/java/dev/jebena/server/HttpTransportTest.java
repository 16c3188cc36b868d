package dev.jebena.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.server.http.ClientGoneException;
import dev.jebena.server.http.Exchange;
import dev.jebena.server.http.HttpHandler;
import dev.jebena.server.http.HttpServer;
import dev.jebena.server.http.HttpSettings;
import dev.jebena.server.http.Response;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HttpTransportTest {

  private static final HttpSettings SETTINGS = new HttpSettings(
      8192, 100_000, 1_000_000, 50, Duration.ofMillis(700), Duration.ofSeconds(5), Duration.ofMillis(700));

  /** Echoes bodies; {@code /flood} streams until it cannot; {@code /wait} answers when the client is gone. */
  private static final class Echo implements HttpHandler {

    private final AtomicLong flooded = new AtomicLong();
    private final AtomicReference<RuntimeException> floodEnd = new AtomicReference<>();
    private final CountDownLatch flooding = new CountDownLatch(1);
    private final CountDownLatch gone = new CountDownLatch(1);
    private final CountDownLatch waiting = new CountDownLatch(1);

    @Override
    public void handle(Exchange exchange) {
      switch (exchange.request().path()) {
        case "/flood" -> flood(exchange);
        case "/wait" -> {
          exchange.onDisconnect(gone::countDown);
          waiting.countDown();
          await(gone);
        }
        case "/fail" -> throw new IllegalStateException("on purpose");
        case "/stream" -> {
          exchange.beginStream(200, Map.of("content-type", "text/plain"));
          exchange.write("one ".getBytes(StandardCharsets.UTF_8));
          exchange.write("two".getBytes(StandardCharsets.UTF_8));
          exchange.endStream();
        }
        default -> exchange.respond(new Response(200, Map.of(), exchange.request().body()));
      }
    }

    private void flood(Exchange exchange) {
      exchange.beginStream(200, Map.of());
      try {
        byte[] piece = new byte[10_000];
        while (true) {
          exchange.write(piece);
          flooded.addAndGet(piece.length);
        }
      } catch (ClientGoneException e) {
        floodEnd.set(e);
        flooding.countDown();
        throw e;
      }
    }

    @Override
    public Response refusal(int status, String message) {
      return Response.text(status, "text/plain", message);
    }
  }

  private final Echo handler = new Echo();
  private HttpServer server;

  @BeforeEach
  void start() {
    Leaks.watch();
    server = new HttpServer("127.0.0.1", 0, SETTINGS, handler);
  }

  @AfterEach
  void stop() {
    server.close();
    assertEquals(0, server.requestsRunning());
    Leaks.assertNone();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(30, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket("127.0.0.1", server.port());
    socket.setSoTimeout(30_000);
    return socket;
  }

  private String exchange(String request) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  private static String post(String body, String more) {
    return "POST / HTTP/1.1\r\nHost: x\r\n" + more + "Content-Length: " + body.length() + "\r\n\r\n" + body;
  }

  @Test
  void theJdksClientTalksWithItsUpgradeAndABody() throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/"))
          .POST(HttpRequest.BodyPublishers.ofString("hello"))
          .build();
      for (int i = 0; i < 3; i++) {
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        assertEquals(200, response.statusCode());
        assertEquals("hello", response.body());
        assertEquals(HttpClient.Version.HTTP_1_1, response.version());
      }
    }
    assertTrue(server.connections() <= 1, "the connection was kept");
  }

  @Test
  void anUpgradeToHttp2IsAnsweredOverHttp1() throws IOException {
    String answer = exchange(post("ok", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n")
        + post("end", "Connection: close\r\n"));
    assertEquals(2, answer.split("HTTP/1.1 200 OK", -1).length - 1, answer);
    assertTrue(answer.endsWith("end"));
  }

  @Test
  void pipelinedRequestsAreAnsweredInOrder() throws IOException {
    StringBuilder requests = new StringBuilder();
    for (int i = 0; i < 500; i++) {
      requests.append(post("<" + i + ">", i % 7 == 0 ? "X-Filler: " + "f".repeat(500) + "\r\n" : ""));
    }
    String answer = exchange(requests + post("<end>", "Connection: close\r\n"));
    int at = 0;
    for (int i = 0; i < 500; i++) {
      int next = answer.indexOf("<" + i + ">", at);
      assertTrue(next >= at, "answer " + i + " is missing or out of order");
      at = next;
    }
    assertTrue(answer.endsWith("<end>"));
  }

  @Test
  void chunkedBodiesAndOldClientsAreUnderstood() throws IOException {
    String chunked = exchange(
        "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    assertTrue(chunked.endsWith("abcde"), chunked);
    String old = exchange("GET /stream HTTP/1.0\r\n\r\n");
    assertTrue(old.endsWith("\r\n\r\none two"), old);
    assertFalse(old.toLowerCase().contains("transfer-encoding"));
    String stream = exchange("GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assertTrue(stream.endsWith("4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n"), stream);
  }

  @Test
  void continueIsSaidWhenItIsWaitedFor() throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(
          "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      TestServer.readUntil(socket.getInputStream(), "100 Continue\r\n\r\n");
      socket.getOutputStream().write("ok".getBytes(StandardCharsets.US_ASCII));
      assertTrue(TestServer.readUntil(socket.getInputStream(), "ok").contains("200 OK"));
    }
  }

  @Test
  void whatIsTooLongOrMalformedIsRefusedAndTheConnectionEnds() throws IOException {
    String announced = exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\n\r\nabc");
    assertTrue(announced.startsWith("HTTP/1.1 413 "), announced);
    String absurd = exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n");
    assertTrue(absurd.startsWith("HTTP/1.1 4"), absurd);
    String growing = exchange("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + ("2710\r\n" + "x".repeat(10_000) + "\r\n").repeat(11) + "0\r\n\r\n");
    assertTrue(growing.startsWith("HTTP/1.1 413 "), growing);
    assertTrue(exchange("GET /" + "x".repeat(9000) + " HTTP/1.1\r\nHost: x\r\n\r\n").startsWith("HTTP/1.1 414 "));
    assertTrue(exchange("GET / HTTP/1.1\r\nHost: x\r\nX: " + "x".repeat(9000) + "\r\n\r\n").startsWith("HTTP/1.1 431 "));
    assertTrue(exchange("nonsense\r\n\r\n").startsWith("HTTP/1.1 400 "));
    assertTrue(exchange("GET / HTTP/1.1\r\n\r\n").startsWith("HTTP/1.1 400 "), "without Host");
    assertTrue(exchange("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n").startsWith("HTTP/1.1 400 "));
    assertTrue(exchange(post("ok", "Connection: close\r\n")).endsWith("ok"), "and it goes on");
  }

  @Test
  void aClientThatSendsTooSlowlyIsCutOff() throws IOException {
    String body = exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
    assertTrue(body.startsWith("HTTP/1.1 408 "), body);
    try (Socket socket = connect()) {
      InputStream in = socket.getInputStream();
      long closed = 0;
      try {
        for (int i = 0; i < 100 && closed == 0; i++) {
          socket.getOutputStream().write('x');
          Thread.sleep(50);
          closed = in.available() == 0 ? 0 : 1;
        }
        closed = in.read() < 0 ? 1 : closed;
      } catch (IOException e) {
        closed = 1;
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      assertEquals(1, closed);
    }
  }

  @Test
  void aClientThatDoesNotReadHoldsNoMemoryAndIsCutOff() throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write("GET /flood HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      await(handler.flooding);
      // what the system's own buffers took, and little more
      assertTrue(handler.flooded.get() < 32 << 20, "sent " + handler.flooded);
      assertTrue(handler.floodEnd.get().getMessage().contains("has not read"));
    }
  }

  @Test
  void aClientThatLeavesIsNoticedWhileItsAnswerIsAwaited() throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      await(handler.waiting);
    }
    await(handler.gone);
  }

  @Test
  void aHandlerThatFailsOrSaysNothingIsAnsweredFor() throws IOException {
    // the log has the reason, the client does not
    assertTrue(exchange("GET /fail HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").startsWith("HTTP/1.1 500 "));
  }

  @Test
  void connectionsBeyondTheLimitAreClosed() throws IOException {
    Socket[] sockets = new Socket[SETTINGS.maxConnections()];
    try {
      for (int i = 0; i < sockets.length; i++) {
        sockets[i] = connect();
      }
      while (server.connections() < sockets.length) {
        Thread.onSpinWait();
      }
      try (Socket refused = connect()) {
        assertEquals(-1, refused.getInputStream().read());
      }
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
    while (server.connections() > 0) {
      Thread.onSpinWait();
    }
    assertTrue(exchange(post("ok", "Connection: close\r\n")).endsWith("ok"));
  }

  @Test
  void randomBytesNeverBreakIt() throws IOException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    byte[] valid = (post("hello", "X-A: b\r\n") + "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        .getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < 1000; i++) {
      while (server.connections() > SETTINGS.maxConnections() / 2) {
        Thread.onSpinWait();
      }
      byte[] bytes = valid.clone();
      for (int damage = random.nextInt(4); damage >= 0; damage--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      try (Socket socket = connect()) {
        socket.getOutputStream().write(bytes, 0, random.nextInt(bytes.length) + 1);
      }
    }
    while (server.connections() > 0) {
      Thread.onSpinWait();
    }
    String answer = exchange(post("ok", "Connection: close\r\n"));
    assertTrue(answer.endsWith("ok"), answer);
  }
}
