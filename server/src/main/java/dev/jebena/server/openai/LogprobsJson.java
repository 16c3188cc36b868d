package dev.jebena.server.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.jebena.engine.GeneratedToken;
import dev.jebena.engine.TokenLogprobs;
import dev.jebena.server.api.Json;
import dev.jebena.tokenizer.Tokenizer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Log-probabilities in the protocol's shapes: one for chats, another for text completions, vLLM's for prompts. */
final class LogprobsJson {

  /** What stands for impossible: JSON has no infinity. */
  private static final double LEAST = -9999;

  private final Optional<Tokenizer> tokenizer;
  private final boolean asIds;

  LogprobsJson(Optional<Tokenizer> tokenizer, CommonFields.Shape shape) {
    this.tokenizer = tokenizer;
    this.asIds = shape.tokensAsIds();
  }

  /** {@code choices[].logprobs} of a chat. */
  ObjectNode chat(List<GeneratedToken> tokens) {
    ObjectNode logprobs = Json.object();
    ArrayNode content = logprobs.putArray("content");
    for (GeneratedToken token : tokens) {
      token.logprobs().ifPresent(found -> {
        ObjectNode entry = chatToken(token.id(), found.logprob());
        content.add(entry);
        ArrayNode top = entry.putArray("top_logprobs");
        found.top().forEach(alternative -> top.add(chatToken(alternative.token(), alternative.logprob())));
      });
    }
    logprobs.putNull("refusal");
    return logprobs;
  }

  private ObjectNode chatToken(int id, float logprob) {
    ObjectNode entry = Json.object();
    entry.put("token", spelling(id));
    entry.put("logprob", finite(logprob));
    ArrayNode bytes = entry.putArray("bytes");
    for (byte value : bytes(id)) {
      bytes.add(value & 0xFF);
    }
    return entry;
  }

  /** {@code choices[].logprobs} of a text completion. */
  final class Completion {

    private final ArrayNode textOffset = Json.array();
    private final ArrayNode tokenLogprobs = Json.array();
    private final ArrayNode tokens = Json.array();
    private final ArrayNode topLogprobs = Json.array();
    private final int alternatives;
    private int offset;

    /** @param offset where the first token's text begins */
    Completion(int offset, int alternatives) {
      this.offset = offset;
      this.alternatives = alternatives;
    }

    void add(List<GeneratedToken> more) {
      for (GeneratedToken token : more) {
        String text = spelling(token.id());
        tokens.add(text);
        textOffset.add(offset);
        offset += text.length();
        if (token.logprobs().isEmpty()) {
          tokenLogprobs.addNull();
          topLogprobs.addNull();
          continue;
        }
        TokenLogprobs found = token.logprobs().get();
        tokenLogprobs.add(finite(found.logprob()));
        ObjectNode top = topLogprobs.addObject();
        top.put(text, finite(found.logprob()));
        found.top().stream().limit(alternatives).forEach(
            alternative -> top.put(spelling(alternative.token()), finite(alternative.logprob())));
      }
    }

    int offset() {
      return offset;
    }

    ObjectNode json() {
      ObjectNode logprobs = Json.object();
      logprobs.set("text_offset", textOffset);
      logprobs.set("token_logprobs", tokenLogprobs);
      logprobs.set("tokens", tokens);
      logprobs.set("top_logprobs", topLogprobs);
      return logprobs;
    }
  }

  Completion completion(int offset, int alternatives) {
    return new Completion(offset, alternatives);
  }

  /** vLLM's {@code prompt_logprobs}: for each token an object by id, null for the first. */
  ArrayNode prompt(List<GeneratedToken> prompt, int alternatives) {
    ArrayNode entries = Json.array();
    for (GeneratedToken token : prompt) {
      if (token.logprobs().isEmpty()) {
        entries.addNull();
        continue;
      }
      TokenLogprobs found = token.logprobs().get();
      ObjectNode entry = entries.addObject();
      promptToken(entry, token.id(), found.logprob(), found.rank());
      int rank = 1;
      for (TokenLogprobs.Alternative alternative : found.top().subList(0, Math.min(alternatives, found.top().size()))) {
        promptToken(entry, alternative.token(), alternative.logprob(), rank++);
      }
    }
    return entries;
  }

  private void promptToken(ObjectNode entry, int id, float logprob, int rank) {
    entry.putObject(Integer.toString(id)).put("logprob", finite(logprob)).put("rank", rank).put("decoded_token", text(id));
  }

  /** A token as log-probabilities name it: its text, or what it is made of if that is no whole text. */
  private String spelling(int id) {
    return asIds ? "token_id:" + id : text(id);
  }

  private String text(int id) {
    byte[] bytes = bytes(id);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      StringBuilder escaped = new StringBuilder("bytes:");
      for (byte value : bytes) {
        escaped.append(String.format("\\x%02x", value & 0xFF));
      }
      return escaped.toString();
    }
  }

  private byte[] bytes(int id) {
    if (tokenizer.isEmpty()) {
      return ("token_id:" + id).getBytes(StandardCharsets.UTF_8);
    }
    byte[] bytes = tokenizer.get().tokenBytes(id);
    // special tokens contribute nothing to a text, but have a name
    return bytes.length > 0 ? bytes : tokenizer.get().tokenText(id).orElse("").getBytes(StandardCharsets.UTF_8);
  }

  private static double finite(float logprob) {
    return Math.max(logprob, LEAST);
  }
}
