package dev.jebena.server.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.jebena.engine.GenerationResult;
import dev.jebena.server.api.Json;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts tokens of prompts and completions. Safe for use by the readers of all choices. */
final class Usage {

  private final int promptTokens;
  private final AtomicInteger cachedTokens = new AtomicInteger();
  private final AtomicInteger completionTokens = new AtomicInteger();

  /** Each prompt counts once, however many choices continue it. */
  Usage(List<int[]> prompts) {
    this.promptTokens = prompts.stream().mapToInt(prompt -> prompt.length).sum();
  }

  /** Counts tokens of a completion. */
  void completed(int tokens) {
    completionTokens.addAndGet(tokens);
  }

  /** Counts what a choice found in the cache; of the choices of one prompt, the first counts. */
  void cached(int index, GenerationResult result, int choicesOfPrompt) {
    if (index % choicesOfPrompt == 0) {
      cachedTokens.addAndGet(result.prompt().cachedTokens());
    }
  }

  ObjectNode json() {
    ObjectNode usage = Json.object();
    int completion = completionTokens.get();
    usage.put("prompt_tokens", promptTokens);
    usage.put("completion_tokens", completion);
    usage.put("total_tokens", promptTokens + completion);
    usage.putObject("prompt_tokens_details").put("cached_tokens", cachedTokens.get());
    return usage;
  }
}
