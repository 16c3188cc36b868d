package dev.jebena.server.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.jebena.engine.Prompt;
import dev.jebena.server.api.ApiException;
import dev.jebena.server.api.Fields;
import dev.jebena.tokenizer.EncodeOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A text completion request.
 *
 * @param prompts at least one
 * @param logprobs alternatives for each token; empty: no log-probabilities
 * @param echo whether the prompt is part of the answer
 */
record CompletionFields(List<Prompt> prompts, OptionalInt logprobs, boolean echo, CommonFields common) {

  /** What the protocol says if nothing is said. */
  private static final int DEFAULT_MAX_TOKENS = 16;

  /** The most completions that a request may ask for, over all prompts. */
  private static final int MAX_COMPLETIONS = 1024;

  static CompletionFields parse(ObjectNode body) {
    Fields fields = new Fields(body);
    OptionalInt maxTokens = OptionalInt.of(fields.integer("max_tokens", 0, Integer.MAX_VALUE).orElse(DEFAULT_MAX_TOKENS));
    CommonFields common = CommonFields.parse(fields, maxTokens);
    fields.refuseAll(Set.of("tools", "documents", "chat_template"));
    fields.refuse(
        "best_of", node -> node.isInt() && (node.intValue() == 1 || node.intValue() == common.choices()), "use n");
    List<Prompt> prompts = prompts(fields, common);
    if (prompts.size() * (long) common.choices() > MAX_COMPLETIONS) {
      throw ApiException.invalid(
          "n", "the request asks for " + prompts.size() + " * " + common.choices() + " completions: use at most " + MAX_COMPLETIONS);
    }
    boolean echo = fields.flag("echo");
    OptionalInt logprobs = logprobs(fields);
    if (echo && logprobs.isPresent() && common.shape().stream()) {
      throw ApiException.invalid("echo", "echo with logprobs cannot be streamed: leave out stream");
    }
    return new CompletionFields(prompts, logprobs, echo, common);
  }

  /** What the engine has to give: an echoed prompt has log-probabilities like the completion. */
  Scores scores() {
    OptionalInt prompt = common.promptLogprobs();
    boolean echoed = echo && logprobs.isPresent();
    return new Scores(logprobs, echoed ? OptionalInt.of(Math.max(prompt.orElse(0), logprobs.getAsInt())) : prompt);
  }

  private static OptionalInt logprobs(Fields fields) {
    boolean switchedOff = fields.node("logprobs").filter(node -> node.isBoolean() && !node.booleanValue()).isPresent();
    return switchedOff ? OptionalInt.empty() : fields.integer("logprobs", 0, CommonFields.MAX_LOGPROBS);
  }

  private static List<Prompt> prompts(Fields fields, CommonFields common) {
    JsonNode node = fields.node("prompt").orElseThrow(() -> Fields.missing("prompt"));
    if (node.isTextual()) {
      return List.of(text(node.textValue(), common));
    }
    if (!(node instanceof ArrayNode array)) {
      throw wrongPrompt(node);
    }
    if (array.isEmpty()) {
      throw ApiException.invalid("prompt", "prompt is empty: send a string, or token ids");
    }
    if (array.get(0).isNumber()) {
      return List.of(tokens(array));
    }
    if (array.size() > MAX_COMPLETIONS) {
      throw ApiException.invalid("prompt", "there are " + array.size() + " prompts: send at most " + MAX_COMPLETIONS);
    }
    List<Prompt> prompts = new ArrayList<>(array.size());
    for (JsonNode element : array) {
      if (element.isTextual()) {
        prompts.add(text(element.textValue(), common));
      } else if (element.isArray()) {
        prompts.add(tokens(element));
      } else {
        throw wrongPrompt(element);
      }
    }
    return prompts;
  }

  private static Prompt text(String text, CommonFields common) {
    return new Prompt.Text(text, common.addSpecials().orElse(true) ? EncodeOptions.PROMPT : EncodeOptions.TEMPLATE);
  }

  private static Prompt tokens(JsonNode node) {
    return Prompt.tokens(Fields.integerValues(node, "prompt", 0, Integer.MAX_VALUE));
  }

  private static ApiException wrongPrompt(JsonNode node) {
    return Fields.wrongType("prompt", node, "a string, an array of strings, an array of token ids, or an array of these");
  }
}
