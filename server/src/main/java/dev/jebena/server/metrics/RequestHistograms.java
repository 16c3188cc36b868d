package dev.jebena.server.metrics;

import dev.jebena.engine.EngineListener.RequestTimings;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.OptionalLong;

/** The histograms of requests and steps. */
final class RequestHistograms {

  private final MeterRegistry registry;
  private final Tags tags;

  final DistributionSummary firstToken;
  final DistributionSummary stepTokens;
  final DistributionSummary choices;
  private final DistributionSummary interToken;
  private final DistributionSummary timePerOutputToken;
  private final DistributionSummary oldTimePerOutputToken;
  private final DistributionSummary endToEnd;
  private final DistributionSummary queue;
  private final DistributionSummary inference;
  private final DistributionSummary prefill;
  private final DistributionSummary decode;
  private final DistributionSummary promptTokens;
  private final DistributionSummary computedPromptTokens;
  private final DistributionSummary generationTokens;
  private final DistributionSummary maxGenerationTokens;
  private final DistributionSummary maxTokens;

  RequestHistograms(MeterRegistry registry, Tags tags, int maxContext) {
    this.registry = registry;
    this.tags = tags;
    firstToken = histogram("vllm:time_to_first_token_seconds", "From arrival to the first token", Buckets.firstToken());
    interToken = histogram("vllm:inter_token_latency_seconds", "Between two tokens of a request", Buckets.perToken());
    timePerOutputToken =
        histogram("vllm:request_time_per_output_token_seconds", "A request's mean time between tokens", Buckets.perToken());
    oldTimePerOutputToken =
        histogram("vllm:time_per_output_token_seconds", "The older name of vllm:inter_token_latency_seconds", Buckets.perToken());
    endToEnd = histogram("vllm:e2e_request_latency_seconds", "From arrival to the end", Buckets.request());
    queue = histogram("vllm:request_queue_time_seconds", "From arrival to the first step", Buckets.request());
    inference = histogram("vllm:request_inference_time_seconds", "From the first step to the last token", Buckets.request());
    prefill = histogram("vllm:request_prefill_time_seconds", "From the first step to the first token", Buckets.request());
    decode = histogram("vllm:request_decode_time_seconds", "From the first token to the last", Buckets.request());
    double[] tokens = Buckets.tokens(maxContext);
    promptTokens = histogram("vllm:request_prompt_tokens", "Tokens of a prompt", tokens);
    computedPromptTokens =
        histogram("vllm:request_prefill_kv_computed_tokens", "Tokens of a prompt that were not found in the cache", tokens);
    generationTokens = histogram("vllm:request_generation_tokens", "Tokens of a completion", tokens);
    maxGenerationTokens =
        histogram("vllm:request_max_num_generation_tokens", "The most tokens that a request could have sampled", tokens);
    maxTokens = histogram("vllm:request_params_max_tokens", "The most tokens that a request asked for", tokens);
    choices = histogram("vllm:request_params_n", "Choices that a request asked for", Buckets.choices());
    stepTokens = histogram("vllm:iteration_tokens_total", "Tokens of a step", Buckets.step());
  }

  private DistributionSummary histogram(String name, String description, double[] borders) {
    return DistributionSummary.builder(name)
        .description(description)
        .tags(tags)
        .serviceLevelObjectives(borders)
        .register(registry);
  }

  void interToken(double seconds) {
    interToken.record(seconds);
    oldTimePerOutputToken.record(seconds);
  }

  void finished(RequestTimings timings) {
    endToEnd.record(seconds(timings.arrivalNanos(), timings.finishedNanos()));
    recordBetween(queue, OptionalLong.of(timings.arrivalNanos()), timings.scheduledNanos());
    recordBetween(prefill, timings.scheduledNanos(), timings.firstTokenNanos());
    recordBetween(decode, timings.firstTokenNanos(), timings.lastTokenNanos());
    recordBetween(inference, timings.scheduledNanos(), timings.lastTokenNanos());
    int generated = timings.tokens().generated();
    if (generated > 1 && timings.firstTokenNanos().isPresent() && timings.lastTokenNanos().isPresent()) {
      timePerOutputToken.record(
          seconds(timings.firstTokenNanos().getAsLong(), timings.lastTokenNanos().getAsLong()) / (generated - 1));
    }
    promptTokens.record(timings.tokens().prompt());
    computedPromptTokens.record(timings.tokens().prompt() - timings.tokens().cached());
    generationTokens.record(generated);
    maxGenerationTokens.record(timings.tokens().max());
    maxTokens.record(timings.tokens().max());
  }

  private static void recordBetween(DistributionSummary summary, OptionalLong from, OptionalLong to) {
    if (from.isPresent() && to.isPresent()) {
      summary.record(seconds(from.getAsLong(), to.getAsLong()));
    }
  }

  private static double seconds(long fromNanos, long toNanos) {
    return (toNanos - fromNanos) / 1e9;
  }
}
