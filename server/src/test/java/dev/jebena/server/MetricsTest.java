package dev.jebena.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class MetricsTest {

  private static final List<String> LEVELS_AND_TOTALS = List.of(
      "vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc",
      "vllm:prompt_tokens_total", "vllm:generation_tokens_total", "vllm:prefix_cache_queries_total", "vllm:prefix_cache_hits_total",
      "vllm:gpu_prefix_cache_queries_total", "vllm:gpu_prefix_cache_hits_total", "vllm:num_preemptions_total",
      "vllm:prompt_tokens_cached_total");

  private static final List<String> HISTOGRAMS = List.of(
      "vllm:time_to_first_token_seconds", "vllm:inter_token_latency_seconds", "vllm:request_time_per_output_token_seconds",
      "vllm:time_per_output_token_seconds", "vllm:e2e_request_latency_seconds", "vllm:request_queue_time_seconds",
      "vllm:request_inference_time_seconds", "vllm:request_prefill_time_seconds", "vllm:request_decode_time_seconds",
      "vllm:request_prompt_tokens", "vllm:request_generation_tokens", "vllm:request_max_num_generation_tokens",
      "vllm:request_params_max_tokens", "vllm:request_params_n", "vllm:iteration_tokens_total",
      "vllm:request_prefill_kv_computed_tokens");

  private static final String LABELS = "{engine=\"0\",model_name=\"tiny-random\"}";

  @Test
  void theNamesAreVllms() {
    try (TestServer server = TestServer.start()) {
      server.post("/v1/completions", "{\"prompt\":\"abcdef\",\"max_tokens\":7,\"ignore_eos\":true}");
      server.awaitIdle();
      HttpResponse<String> response = server.get("/metrics");
      assertTrue(response.headers().firstValue("content-type").orElse("").startsWith("text/plain; version=0.0.4"));
      List<String> lines = Arrays.asList(response.body().split("\n"));
      for (String name : LEVELS_AND_TOTALS) {
        assertTrue(lines.stream().anyMatch(line -> line.startsWith(name + LABELS + " ")), name + " is missing in\n" + response.body());
      }
      for (String name : HISTOGRAMS) {
        for (String suffix : List.of("_count", "_sum")) {
          assertTrue(
              lines.stream().anyMatch(line -> line.startsWith(name + suffix + LABELS + " ")), name + suffix + " is missing in\n" + response.body());
        }
        assertTrue(
            lines.stream().anyMatch(line -> line.startsWith(name + "_bucket{engine=\"0\",model_name=\"tiny-random\",le=\"+Inf\"} ")), name);
      }
      assertEquals(7, value(lines, "vllm:generation_tokens_total" + LABELS));
      assertEquals(6, value(lines, "vllm:prompt_tokens_total" + LABELS));
      assertEquals(1, value(lines, "vllm:time_to_first_token_seconds_count" + LABELS));
      assertEquals(6, value(lines, "vllm:inter_token_latency_seconds_count" + LABELS));
      assertEquals(1, value(lines, "vllm:request_success_total{engine=\"0\",finished_reason=\"length\",model_name=\"tiny-random\"}"));
      assertEquals(0, value(lines, "vllm:request_success_total{engine=\"0\",finished_reason=\"error\",model_name=\"tiny-random\"}"));
      assertEquals(
          1, value(lines, "vllm:request_generation_tokens_bucket{engine=\"0\",model_name=\"tiny-random\",le=\"10.0\"}"));
      assertTrue(lines.stream().anyMatch(
          line -> line.startsWith("vllm:cache_config_info{") && line.contains("block_size=\"16\"") && line.contains("num_gpu_blocks=\"")));
      assertTrue(lines.stream().anyMatch(line -> line.startsWith("jebena:backend_info{") && line.endsWith(" 1.0")));
      assertTrue(lines.contains(
          "http_requests_total{handler=\"/v1/completions\",method=\"POST\",status=\"2xx\"} 1.0"), response.body());
      assertTrue(lines.contains("# TYPE vllm:time_to_first_token_seconds histogram"));
      assertTrue(lines.contains("# TYPE vllm:generation_tokens_total counter"));
    }
  }

  @Test
  void everyLineIsAValidSample() {
    Pattern sample = Pattern.compile(
        "[a-zA-Z_:][a-zA-Z0-9_:]*(\\{([a-zA-Z_][a-zA-Z0-9_]*=\"([^\"\\\\]|\\\\.)*\",?)*\\})? (NaN|[+-]Inf|[-+0-9.eE]+)");
    try (TestServer server = TestServer.start()) {
      for (String line : server.get("/metrics").body().split("\n")) {
        assertTrue(line.startsWith("# ") || sample.matcher(line).matches(), line);
      }
    }
  }

  private static double value(List<String> lines, String series) {
    String line = lines.stream().filter(candidate -> candidate.startsWith(series + " ")).findFirst().orElseThrow(
        () -> new AssertionError(series + " is missing"));
    return Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
  }
}
