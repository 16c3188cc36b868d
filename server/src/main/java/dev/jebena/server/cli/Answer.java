package dev.jebena.server.cli;

import dev.jebena.engine.Engine;
import dev.jebena.engine.Generation;
import dev.jebena.engine.GenerationChunk;
import dev.jebena.engine.GenerationRequest;
import dev.jebena.engine.GenerationResult;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One generation read to its end, with the times at which its tokens came. */
final class Answer {

  private final Generation generation;
  private final long startNanos;
  private long firstNanos;
  private long lastNanos;
  private @Nullable GenerationResult result;

  private Answer(Generation generation, long startNanos) {
    this.generation = generation;
    this.startNanos = startNanos;
  }

  static Answer begin(Engine engine, GenerationRequest request) {
    long start = System.nanoTime();
    return new Answer(engine.submit(request), start);
  }

  /** Writes the text as it comes; if nobody takes it any more, the generation ends. */
  void stream(PrintStream out) {
    for (Optional<GenerationChunk> chunk = next(); chunk.isPresent(); chunk = next()) {
      out.print(chunk.get().text());
      out.flush();
      if (out.checkError()) {
        generation.cancel();
      }
    }
    out.println();
    out.flush();
    result = generation.result();
  }

  /** Waits for the end. */
  void await() {
    while (next().isPresent()) {
      // the result has it all
    }
    result = generation.result();
  }

  /** Ends it early; safe for any thread. */
  void cancel() {
    generation.cancel();
  }

  private Optional<GenerationChunk> next() {
    Optional<GenerationChunk> chunk = generation.next();
    if (chunk.isPresent() && !chunk.get().tokens().isEmpty()) {
      lastNanos = System.nanoTime();
      firstNanos = firstNanos == 0 ? lastNanos : firstNanos;
    }
    return chunk;
  }

  GenerationResult result() {
    if (result == null) {
      throw new IllegalStateException("the answer was not read to its end");
    }
    return result;
  }

  /** The figures in a line. */
  String statistics() {
    int generated = result().tokens().size();
    return String.format(
        Locale.ROOT, "%d prompt tokens, first token after %s; %d tokens, %.1f tok/s", result().prompt().ids().length,
        seconds(firstNanos == 0 ? 0 : firstNanos - startNanos), generated, decodeRate());
  }

  /** What scripts read. */
  Map<String, Object> json(long loadNanos) {
    Map<String, Object> timings = new LinkedHashMap<>();
    timings.put("load_ms", millis(loadNanos));
    timings.put("ttft_ms", firstNanos == 0 ? 0 : millis(firstNanos - startNanos));
    timings.put("total_ms", firstNanos == 0 ? 0 : millis(lastNanos - startNanos));
    timings.put("decode_tok_s", decodeRate());
    timings.put("prompt_tokens", result().prompt().ids().length);
    timings.put("completion_tokens", result().tokens().size());
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("text", result().text());
    json.put("token_ids", result().tokenIds());
    json.put("prompt_token_ids", result().prompt().ids());
    json.put("finish_reason", result().finishReason().name().toLowerCase(Locale.ROOT));
    json.put("timings", timings);
    return json;
  }

  /** Tokens a second after the first one. */
  private double decodeRate() {
    int after = result().tokens().size() - 1;
    return after < 1 || lastNanos == firstNanos ? 0 : after * 1e9 / (lastNanos - firstNanos);
  }

  static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.2f s", nanos / 1e9);
  }

  private static double millis(long nanos) {
    return Math.round(nanos / 1e4) / 1e2;
  }
}
