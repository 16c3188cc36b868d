package dev.jebena.server.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dev.jebena.engine.GenerationRequest;
import dev.jebena.engine.Prompt;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.server.api.ApiException;
import dev.jebena.server.api.Fields;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What chat and text completions have in common.
 *
 * @param choices completions of each prompt
 * @param sampling without the choice's own seed
 * @param promptLogprobs alternatives for each token of the prompt
 * @param addSpecials whether the tokenizer adds its special tokens around the text; empty: as the kind of request has it
 */
record CommonFields(
    Optional<String> model,
    int choices,
    SamplingParameters sampling,
    Ending ending,
    OptionalInt promptLogprobs,
    Optional<String> cacheSalt,
    Optional<Boolean> addSpecials,
    Shape shape) {

  /** The most completions of a prompt. */
  static final int MAX_CHOICES = 128;

  /** The most alternatives to a token. */
  static final int MAX_LOGPROBS = 20;

  /** Fields that say something which this server does not do; null, false and empty values ask for nothing. */
  private static final Set<String> UNSUPPORTED = Set.of(
      "functions", "prediction", "audio", "web_search_options", "moderation", "store", "use_beam_search", "allowed_token_ids",
      "bad_words", "truncate_prompt_tokens", "media_io_kwargs", "mm_processor_kwargs",
      "structured_outputs", "guided_json", "guided_regex", "guided_choice", "guided_grammar", "thinking_token_budget",
      "return_prompt_text", "kv_transfer_params", "vllm_xargs", "repetition_detection", "logits_processors", "suffix");

  /** When a completion ends. */
  record Ending(OptionalInt maxTokens, int minTokens, List<String> stop, int[] stopIds, boolean ignoreEos) {}

  /** What the answer looks like. */
  record Shape(
      boolean stream,
      boolean includeUsage,
      boolean continuousUsage,
      boolean includeStop,
      boolean keepSpecials,
      boolean returnTokenIds,
      boolean tokensAsIds) {}

  static CommonFields parse(Fields fields, OptionalInt maxTokens) {
    refuseUnsupported(fields);
    boolean stream = fields.flag("stream");
    OptionalInt promptLogprobs = fields.integer("prompt_logprobs", 0, MAX_LOGPROBS);
    if (stream && promptLogprobs.isPresent()) {
      throw ApiException.invalid("prompt_logprobs", "prompt_logprobs cannot be streamed: leave out stream");
    }
    Optional<String> salt = fields.string("cache_salt");
    if (salt.isPresent() && salt.get().isEmpty()) {
      throw ApiException.invalid("cache_salt", "cache_salt is empty: leave it out, or use a string that is not");
    }
    return new CommonFields(
        fields.string("model"),
        fields.integer("n", 1, MAX_CHOICES).orElse(1),
        sampling(fields),
        ending(fields, maxTokens),
        promptLogprobs,
        salt,
        fields.node("add_special_tokens").map(_ -> fields.flag("add_special_tokens")),
        shape(fields, stream));
  }

  private static void refuseUnsupported(Fields fields) {
    fields.refuse("priority", node -> node.isInt() && node.intValue() == 0, "all requests are served in the order of their arrival");
    fields.refuse("response_format", CommonFields::isTextFormat, "only {\"type\": \"text\"} is");
    fields.refuse("tool_choice", node -> isText(node, "none") || isText(node, "auto"), "tools are not");
    fields.refuse("function_call", node -> isText(node, "none") || isText(node, "auto"), "functions are not");
    fields.refuse("modalities", CommonFields::isTextModality, "only [\"text\"] is");
    fields.refuse("service_tier", node -> isText(node, "auto") || isText(node, "default"), "there is one tier");
    fields.refuse("reasoning_effort", node -> isText(node, "none"), "use chat_template_kwargs for what the model's template offers");
    fields.refuse("verbosity", node -> isText(node, "medium"), "leave it out");
    fields.refuse("length_penalty", node -> node.isNumber() && node.doubleValue() == 1, "there is no beam search");
    fields.refuse("spaces_between_special_tokens", node -> node.isBoolean() && node.booleanValue(), "leave it out");
    fields.refuse("include_reasoning", node -> node.isBoolean() && node.booleanValue(), "reasoning is not told apart from the answer");
    fields.refuseAll(UNSUPPORTED);
  }

  private static boolean isText(JsonNode node, String text) {
    return node.isTextual() && node.textValue().equals(text);
  }

  private static boolean isTextFormat(JsonNode node) {
    return node.isObject() && node.has("type") && isText(node.get("type"), "text");
  }

  private static boolean isTextModality(JsonNode node) {
    return node.isArray() && node.size() == 1 && isText(node.get(0), "text");
  }

  private static SamplingParameters sampling(Fields fields) {
    float topP = (float) fields.number("top_p", 0, 1).orElse(1);
    if (topP == 0) {
      throw ApiException.invalid("top_p", "top_p is 0: use a number over 0, up to 1; temperature 0 takes the most likely token");
    }
    float repetition = (float) fields.number("repetition_penalty", 0, 100).orElse(1);
    if (repetition == 0) {
      throw ApiException.invalid("repetition_penalty", "repetition_penalty is 0: use a number over 0; 1 changes nothing");
    }
    OptionalLong seed = fields.longInteger("seed", Long.MIN_VALUE, Long.MAX_VALUE);
    return new SamplingParameters(
        (float) fields.number("temperature", 0, 2).orElse(1),
        Math.max(0, fields.integer("top_k", -1, Integer.MAX_VALUE).orElse(0)),
        topP,
        (float) fields.number("min_p", 0, 1).orElse(0),
        repetition,
        (float) fields.number("presence_penalty", -2, 2).orElse(0),
        (float) fields.number("frequency_penalty", -2, 2).orElse(0),
        logitBias(fields),
        seed.isPresent() ? seed.getAsLong() : ThreadLocalRandom.current().nextLong());
  }

  private static Map<Integer, Float> logitBias(Fields fields) {
    Map<Integer, Float> bias = new HashMap<>();
    fields.fields("logit_bias").ifPresent(entries -> {
      for (Map.Entry<String, JsonNode> entry : entries.object().properties()) {
        String path = entries.path(entry.getKey());
        try {
          bias.put(Integer.parseUnsignedInt(entry.getKey()), (float) Fields.numberValue(entry.getValue(), path, -100, 100));
        } catch (NumberFormatException e) {
          throw ApiException.invalid("logit_bias", path + " does not name a token: use a token id in quotes");
        }
      }
    });
    return bias;
  }

  private static Ending ending(Fields fields, OptionalInt maxTokens) {
    int minTokens = fields.integer("min_tokens", 0, Integer.MAX_VALUE).orElse(0);
    if (minTokens > maxTokens.orElse(Integer.MAX_VALUE)) {
      throw ApiException.invalid(
          "min_tokens", "min_tokens is " + minTokens + ": use at most max_tokens (" + maxTokens.getAsInt() + ")");
    }
    List<String> stop = fields.strings("stop");
    if (stop.contains("")) {
      throw ApiException.invalid("stop", "stop has an empty string: leave it out");
    }
    return new Ending(
        maxTokens, minTokens, stop, fields.integers("stop_token_ids", 0, Integer.MAX_VALUE), fields.flag("ignore_eos"));
  }

  private static Shape shape(Fields fields, boolean stream) {
    Optional<Fields> options = fields.fields("stream_options");
    if (options.isPresent() && !stream) {
      throw ApiException.invalid("stream_options", "stream_options is only for streams: leave it out, or set stream to true");
    }
    return new Shape(
        stream,
        options.isPresent() && options.get().flag("include_usage"),
        options.isPresent() && options.get().flag("continuous_usage_stats"),
        fields.flag("include_stop_str_in_output"),
        !fields.flag("skip_special_tokens", true),
        fields.flag("return_token_ids"),
        fields.flag("return_tokens_as_token_ids"));
  }

  /** The engine's request for one choice: each choice has a seed of its own. */
  GenerationRequest request(String id, Prompt prompt, int choice, Scores scores) {
    GenerationRequest.Builder builder = GenerationRequest.builder(prompt)
        .id(id)
        .sampling(sampling.withSeed(sampling.seed() + choice))
        .minTokens(ending.minTokens())
        .stop(ending.stop())
        .stopIds(ending.stopIds());
    ending.maxTokens().ifPresent(builder::maxTokens);
    scores.completion().ifPresent(builder::logprobs);
    scores.prompt().ifPresent(builder::promptLogprobs);
    cacheSalt.ifPresent(builder::cacheSalt);
    if (ending.ignoreEos()) {
      builder.ignoreEos();
    }
    if (shape.includeStop()) {
      builder.includeStop();
    }
    if (shape.keepSpecials()) {
      builder.keepSpecials();
    }
    return builder.build();
  }
}
