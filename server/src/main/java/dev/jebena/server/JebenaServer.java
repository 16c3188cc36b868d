package dev.jebena.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.jebena.engine.Engine;
import dev.jebena.engine.EngineListener;
import dev.jebena.engine.EngineStatistics;
import dev.jebena.server.api.ApiException;
import dev.jebena.server.api.ApiKeys;
import dev.jebena.server.api.Json;
import dev.jebena.server.api.Router;
import dev.jebena.server.http.Exchange;
import dev.jebena.server.http.HttpServer;
import dev.jebena.server.http.Response;
import dev.jebena.server.metrics.ServerMetrics;
import dev.jebena.server.openai.CompletionService;
import dev.jebena.server.openai.ModelService;
import dev.jebena.server.openai.ServedModel;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An OpenAI-compatible server over one engine.
 *
 * <pre>{@code
 * try (JebenaServer server = JebenaServer.listen(ServerConfig.DEFAULTS);
 *     Engine engine = Engine.loader(model).listener(server.engineListener()).load()) {
 *   server.serve(engine);
 *   ...
 *   server.drain(Duration.ofSeconds(30));
 * }
 * }</pre>
 *
 * <p>The port is open from the start; until an engine is served, and while it drains, {@code /health} and the protocol answer 503. The
 * server does not own the engine.
 */
public final class JebenaServer implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(JebenaServer.class);

  /** How often a draining server looks whether the last answers are sent. */
  private static final Duration DRAIN_POLL = Duration.ofMillis(10);

  private final ServerConfig config;
  private final Clock clock;
  private final ServerMetrics metrics = new ServerMetrics();
  private final AtomicReference<@Nullable ServedModel> served = new AtomicReference<>();
  private final AtomicBoolean draining = new AtomicBoolean();
  private final HttpServer http;

  private JebenaServer(ServerConfig config, Clock clock) {
    this.config = config;
    this.clock = clock;
    this.http = new HttpServer(config.host(), config.port(), config.http(), routes());
    metrics.addConnections(http::connections);
  }

  /**
   * Opens the port.
   *
   * @throws java.io.UncheckedIOException if the address cannot be listened on
   */
  public static JebenaServer listen(ServerConfig config) {
    return new JebenaServer(config, Clock.system(ZoneId.systemDefault()));
  }

  private Router routes() {
    CompletionService completions = new CompletionService(this::requireServed, metrics::recordChoices);
    ModelService models = new ModelService(this::requireServed);
    return new Router(new ApiKeys(config.apiKeys()), config.allowedOrigins(), metrics::recordAnswer)
        .add("POST", "/v1/chat/completions", completions::chat)
        .add("POST", "/v1/completions", completions::complete)
        .add("GET", ModelService.MODELS, models::list)
        .add("GET", ModelService.MODELS + "/*", models::show)
        .add("POST", "/tokenize", models::tokenize)
        .add("POST", "/detokenize", models::detokenize)
        .add("GET", "/health", this::health)
        .add("GET", "/ping", this::health)
        .add("POST", "/ping", this::health)
        .add("GET", "/version", this::version)
        .add("GET", "/load", this::load)
        .add("GET", "/metrics", this::metrics);
  }

  /** What an engine has to tell for its metrics: give it to the engine's loader. */
  public EngineListener engineListener() {
    return metrics;
  }

  /**
   * Serves this engine from now on.
   *
   * @throws IllegalStateException if one is served already
   */
  public void serve(Engine engine) {
    List<String> names = config.modelNames().isEmpty() ? List.of(engine.model().name()) : config.modelNames();
    ServedModel model = new ServedModel(
        engine, names, config.chatTemplate().or(() -> engine.model().chatTemplate()), config.requestTemplates(), clock);
    if (!served.compareAndSet(null, model)) {
      throw new IllegalStateException("an engine is served already: start a second server for a second one");
    }
    metrics.addEngine(engine, model.name());
    LOG.info("serving {} on port {}", names, port());
  }

  /** The port listened on. */
  public int port() {
    return http.port();
  }

  private ServedModel requireServed() {
    ServedModel model = served.get();
    if (draining.get()) {
      throw ApiException.unavailable("the server is shutting down");
    }
    if (model == null) {
      throw ApiException.unavailable("the model is still being loaded");
    }
    return model;
  }

  private void health(Exchange exchange) {
    if (draining.get()) {
      exchange.closeAfterwards();
    }
    requireServed();
    exchange.respond(Response.empty(200));
  }

  private void version(Exchange exchange) {
    String version = Optional.ofNullable(JebenaServer.class.getPackage().getImplementationVersion()).orElse("development");
    exchange.respond(Response.json(200, Json.write(Json.object().put("version", version))));
  }

  private void load(Exchange exchange) {
    EngineStatistics statistics = requireServed().engine().statistics();
    ObjectNode load = Json.object().put("server_load", statistics.running() + statistics.waiting());
    exchange.respond(Response.json(200, Json.write(load)));
  }

  private void metrics(Exchange exchange) {
    exchange.respond(Response.text(200, ServerMetrics.CONTENT_TYPE, metrics.scrape()));
  }

  /**
   * Takes no more requests, and waits until those that run are answered. The port stays open: health checks see that it drains.
   *
   * @return how many requests had not been answered when the time was up
   */
  public int drain(Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    draining.set(true);
    LOG.info("draining {} requests for at most {} s", http.requestsRunning(), limit.toSeconds());
    ServedModel model = served.get();
    if (model != null) {
      int left = model.engine().drain(limit);
      LOG.info("the engine has drained; {} generations are left", left);
    }
    while (http.requestsRunning() > 0 && System.nanoTime() < end) {
      try {
        Thread.sleep(DRAIN_POLL);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
    }
    return http.requestsRunning();
  }

  /** Closes the port and every connection; what still ran is cancelled. */
  @Override
  public void close() {
    draining.set(true);
    http.close();
    metrics.close();
  }
}
