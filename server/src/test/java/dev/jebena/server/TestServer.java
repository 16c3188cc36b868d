package dev.jebena.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.jebena.engine.Engine;
import dev.jebena.engine.EngineConfig;
import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.model.Model;
import dev.jebena.engine.tck.Providers;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A server over a model, mostly a tiny one on the reference backend, and clients for it. Closing it checks that no block of the cache is
 * held and no buffer lost.
 */
final class TestServer implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Model model;
  private final JebenaServer server;
  private final Engine engine;
  private final HttpClient client = HttpClient.newHttpClient();

  static {
    Leaks.watch();
  }

  private TestServer(Model model, BackendProvider backend, ServerConfig config, EngineConfig engineConfig) {
    this.model = model;
    this.server = JebenaServer.listen(config);
    this.engine = Engine.loader(model)
        .config(engineConfig)
        .backend(backend)
        .listener(server.engineListener())
        .load();
    server.serve(engine);
  }

  static TestServer start() {
    return start(_ -> {}, _ -> {});
  }

  static TestServer start(Consumer<ServerConfig.Builder> server, Consumer<EngineConfig.Builder> engine) {
    ServerConfig.Builder serverBuilder = ServerConfig.builder().host("127.0.0.1").port(0);
    server.accept(serverBuilder);
    EngineConfig.Builder engineBuilder = EngineConfig.builder().kvCacheBytes(4 << 20);
    engine.accept(engineBuilder);
    return new TestServer(new TestModel(), Providers.reference(), serverBuilder.build(), engineBuilder.build());
  }

  /** A server over the model, which it closes, on the backend. */
  static TestServer start(Model model, BackendProvider backend) {
    return new TestServer(
        model, backend, ServerConfig.builder().host("127.0.0.1").port(0).build(), EngineConfig.builder().build());
  }

  JebenaServer server() {
    return server;
  }

  Engine engine() {
    return engine;
  }

  int port() {
    return server.port();
  }

  URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port() + path);
  }

  HttpResponse<String> get(String path) {
    return send(HttpRequest.newBuilder(uri(path)));
  }

  HttpResponse<String> post(String path, String body) {
    return post(path, body.getBytes(StandardCharsets.UTF_8));
  }

  HttpResponse<String> post(String path, byte[] body) {
    return send(HttpRequest.newBuilder(uri(path)).POST(HttpRequest.BodyPublishers.ofByteArray(body)));
  }

  HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return client.send(request.timeout(Duration.ofSeconds(60)).build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new AssertionError("no answer", e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Posts and reads the JSON of the answer, whatever its status. */
  JsonNode postJson(String path, String body) {
    return json(post(path, body).body());
  }

  /** Posts with {@code stream} set in the body and reads the events; the last one, {@code [DONE]}, is checked and left out. */
  List<JsonNode> postStream(String path, String body) {
    HttpResponse<String> response = post(path, body);
    if (response.statusCode() != 200) {
      throw new AssertionError(response.statusCode() + ": " + response.body());
    }
    List<JsonNode> events = new ArrayList<>();
    String[] lines = response.body().split("\n\n");
    for (String line : lines) {
      if (!line.startsWith("data: ")) {
        throw new AssertionError("not an event: " + line);
      }
      if (!line.equals("data: [DONE]")) {
        events.add(json(line.substring(6)));
      }
    }
    if (!lines[lines.length - 1].equals("data: [DONE]")) {
      throw new AssertionError("the stream does not end with [DONE]: " + response.body());
    }
    return events;
  }

  static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new AssertionError("not JSON: " + text, e);
    }
  }

  /** A bare connection. */
  Socket connect() throws IOException {
    Socket socket = new Socket("127.0.0.1", port());
    socket.setSoTimeout(30_000);
    return socket;
  }

  /** Sends bytes as they are and reads until the server closes. */
  String exchange(byte[] bytes) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(bytes);
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  String exchange(String text) throws IOException {
    return exchange(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Reads until the text has come. */
  static String readUntil(InputStream in, String text) throws IOException {
    StringBuilder read = new StringBuilder();
    while (read.indexOf(text) < 0) {
      int value = in.read();
      if (value < 0) {
        throw new AssertionError("the server closed after: " + read);
      }
      read.append((char) value);
    }
    return read.toString();
  }

  /** Waits until no request holds a block; fails after a while. */
  void awaitIdle() {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (engine.statistics().running() + engine.statistics().waiting() + engine.statistics().kvBlocksUsed() > 0) {
      if (System.nanoTime() > end) {
        throw new AssertionError("still busy: " + engine.statistics());
      }
      Thread.onSpinWait();
    }
  }

  @Override
  public void close() {
    client.close();
    server.close();
    awaitIdle();
    engine.close();
    model.close();
    Leaks.assertNone();
  }
}
