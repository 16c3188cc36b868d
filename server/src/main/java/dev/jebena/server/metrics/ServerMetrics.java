package dev.jebena.server.metrics;

import dev.jebena.engine.BackendSelection;
import dev.jebena.engine.Engine;
import dev.jebena.engine.EngineConfig;
import dev.jebena.engine.EngineListener;
import dev.jebena.engine.EngineStatistics;
import dev.jebena.engine.FinishReason;
import dev.jebena.engine.backend.BackendReport;
import dev.jebena.engine.backend.Probe;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Everything {@code /metrics} shows. Latencies are recorded as the engine tells of them; levels and totals are read from its statistics
 * when somebody asks.
 */
public final class ServerMetrics implements EngineListener, AutoCloseable {

  /** What {@link #scrape()} gives. */
  public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

  /** Until a model is served there is nothing to record in. */
  private volatile @Nullable RequestHistograms histograms;

  private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  public ServerMetrics() {
    registry.config().namingConvention(new VllmNaming());
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
  }

  /** The text that Prometheus reads. */
  public String scrape() {
    return registry.scrape();
  }

  /** Adds what tells of the transport. */
  public void addConnections(IntSupplier open) {
    Gauge.builder("jebena:http_connections", open::getAsInt).description("Connections open").register(registry);
  }

  /** Adds what tells of an engine, under the name that clients know its model by. */
  public void addEngine(Engine engine, String modelName) {
    Tags tags = Tags.of("model_name", modelName, "engine", "0");
    addLevels(engine, tags);
    addTotals(engine, tags);
    addConfiguration(engine, tags);
    addBackends(engine.backendSelection(), tags);
    addKernels(engine.backendReport(), tags);
    histograms = new RequestHistograms(registry, tags, engine.maxContext());
  }

  private void addLevels(Engine engine, Tags tags) {
    gauge(engine, tags, "vllm:num_requests_running", "Requests that run", EngineStatistics::running);
    gauge(engine, tags, "vllm:num_requests_waiting", "Requests that wait", EngineStatistics::waiting);
    gauge(engine, tags.and("reason", "capacity"), "vllm:num_requests_waiting_by_reason", "Requests that wait", EngineStatistics::waiting);
    gauge(engine, tags.and("reason", "deferred"), "vllm:num_requests_waiting_by_reason", "Requests that wait", _ -> 0);
    gauge(engine, tags, "vllm:kv_cache_usage_perc", "Share of the KV cache in use, 0 to 1", EngineStatistics::kvUsage);
    gauge(engine, tags, "vllm:gpu_cache_usage_perc", "The older name of vllm:kv_cache_usage_perc", EngineStatistics::kvUsage);
  }

  private void gauge(Engine engine, Tags tags, String name, String description, ToDoubleFunction<EngineStatistics> value) {
    Gauge.builder(name, engine, e -> value.applyAsDouble(e.statistics())).description(description).tags(tags).register(registry);
  }

  private void addTotals(Engine engine, Tags tags) {
    total(engine, tags, "vllm:prompt_tokens", "Tokens of prompts processed", EngineStatistics.Counters::promptTokens);
    total(engine, tags, "vllm:generation_tokens", "Tokens sampled", EngineStatistics.Counters::generatedTokens);
    total(engine, tags, "vllm:prefix_cache_queries", "Prompt tokens looked up in the prefix cache",
        EngineStatistics.Counters::prefixQueryTokens);
    total(engine, tags, "vllm:prefix_cache_hits", "Prompt tokens found in the prefix cache", EngineStatistics.Counters::prefixHitTokens);
    total(engine, tags, "vllm:gpu_prefix_cache_queries", "The older name of vllm:prefix_cache_queries",
        EngineStatistics.Counters::prefixQueryTokens);
    total(engine, tags, "vllm:gpu_prefix_cache_hits", "The older name of vllm:prefix_cache_hits",
        EngineStatistics.Counters::prefixHitTokens);
    total(engine, tags, "vllm:prompt_tokens_cached", "Prompt tokens found in the prefix cache",
        EngineStatistics.Counters::prefixHitTokens);
    total(engine, tags.and("source", "local_cache_hit"), "vllm:prompt_tokens_by_source", "Prompt tokens by where their state came from",
        EngineStatistics.Counters::prefixHitTokens);
    total(engine, tags.and("source", "local_compute"), "vllm:prompt_tokens_by_source", "Prompt tokens by where their state came from",
        counters -> Math.max(0, counters.promptTokens() - counters.prefixHitTokens()));
    total(engine, tags, "vllm:num_preemptions", "How often a running request gave its blocks back",
        EngineStatistics.Counters::preemptions);
    for (FinishReason reason : FinishReason.values()) {
      total(engine, tags.and("finished_reason", reason.name().toLowerCase(Locale.ROOT)), "vllm:request_success", "Requests ended",
          counters -> counters.finished().getOrDefault(reason, 0L));
    }
  }

  private void total(
      Engine engine, Tags tags, String name, String description, ToDoubleFunction<EngineStatistics.Counters> value) {
    FunctionCounter.builder(name, engine, e -> value.applyAsDouble(e.statistics().counters()))
        .description(description)
        .tags(tags)
        .register(registry);
  }

  private void addConfiguration(Engine engine, Tags tags) {
    EngineConfig.Cache cache = engine.config().cache();
    Tags labels = tags.and(
        "block_size", Integer.toString(cache.blockTokens()),
        "num_gpu_blocks", Integer.toString(engine.statistics().kvBlocks()),
        "cache_dtype", cache.kvType().map(type -> type.name().toLowerCase(Locale.ROOT)).orElse("auto"),
        "enable_prefix_caching", cache.prefixCaching() == EngineConfig.Switch.ON ? "True" : "False");
    Gauge.builder("vllm:cache_config_info", () -> 1).description("How the KV cache is set up").tags(labels).register(registry);
  }

  private void addBackends(BackendSelection selection, Tags tags) {
    for (BackendSelection.Candidate candidate : selection.candidates()) {
      String reason = switch (candidate.probe()) {
        case Probe.Available _ -> "available";
        case Probe.Unavailable(String why) -> why;
      };
      boolean chosen = candidate.provider().name().equals(selection.chosen().name());
      Gauge.builder("jebena:backend_info", () -> chosen ? 1 : 0)
          .description("1 for the backend that runs, 0 for the others; the label says why not")
          .tags(tags.and("backend", candidate.provider().name(), "reason", reason))
          .register(registry);
    }
  }

  private void addKernels(BackendReport report, Tags tags) {
    for (BackendReport.Kernel kernel : report.kernels()) {
      Tags labels = tags.and("operation", kernel.operation(), "type", kernel.type(), "kernel", kernel.variant());
      kernel.unitsPerSecond().ifPresent(rate -> Gauge.builder("jebena:kernel_units_per_second", () -> rate)
          .description("What the self-test measured at load: bytes of weights for matrix-vector, floating-point operations otherwise")
          .tags(labels)
          .register(registry));
      kernel.shareOfPeak().ifPresent(share -> Gauge.builder("jebena:kernel_share_of_peak", () -> share)
          .description("The same by the read bandwidth or the multiply-adds that the self-test measured")
          .tags(labels)
          .register(registry));
    }
    Gauge.builder("jebena:backend_warnings", () -> report.warnings().size())
        .description("What makes the backend slower than it could be; the log and 'jebena doctor' name it")
        .tags(tags)
        .register(registry);
  }

  /** Records how many choices a request asked for. */
  public void recordChoices(int choices) {
    RequestHistograms current = histograms;
    if (current != null) {
      current.choices.record(choices);
    }
  }

  /** Records an answer of the transport. */
  public void recordAnswer(String method, String route, int status, long nanos) {
    // a client may invent methods, but not series
    Tags tags = Tags.of("method", METHODS.contains(method) ? method : "OTHER", "handler", route);
    registry.counter("http.requests", tags.and("status", status / 100 + "xx")).increment();
    DistributionSummary.builder("http.request.duration.seconds")
        .tags(tags)
        .serviceLevelObjectives(.1, .5, 1)
        .register(registry)
        .record(nanos / 1e9);
  }

  @Override
  public void firstToken(String requestId, long sinceArrivalNanos) {
    RequestHistograms current = histograms;
    if (current != null) {
      current.firstToken.record(sinceArrivalNanos / 1e9);
    }
  }

  @Override
  public void interToken(long nanos) {
    RequestHistograms current = histograms;
    if (current != null) {
      current.interToken(nanos / 1e9);
    }
  }

  @Override
  public void finished(RequestTimings timings) {
    RequestHistograms current = histograms;
    if (current != null) {
      current.finished(timings);
    }
  }

  @Override
  public void step(StepTimings timings) {
    RequestHistograms current = histograms;
    if (current != null) {
      current.stepTokens.record(timings.tokens());
    }
  }

  @Override
  public void close() {
    registry.close();
  }
}
