package dev.jebena.server.openai;

import dev.jebena.engine.Engine;
import dev.jebena.server.api.ApiException;
import dev.jebena.tokenizer.EncodeOptions;
import dev.jebena.tokenizer.Tokenizer;
import dev.jebena.tokenizer.TokenizerException;
import dev.jebena.tokenizer.template.ChatTemplate;
import dev.jebena.tokenizer.template.ChatTemplates;
import dev.jebena.tokenizer.template.TemplateException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** An engine and the names that clients know it by. */
public final class ServedModel {

  private final Engine engine;
  private final List<String> names;
  private final Optional<ChatTemplate> chatTemplate;
  private final RequestTemplates requestTemplates;
  private final Clock clock;
  private final long created;
  private final long maxCharacters;

  /**
   * A model that is served from now on.
   *
   * @param names the first is the one that answers carry
   * @param chatTemplate the model's own, or another that it was told to use
   * @param requestTemplates whether clients may send templates
   * @param clock what templates and answers take the time from
   */
  public ServedModel(Engine engine, List<String> names, Optional<ChatTemplate> chatTemplate, RequestTemplates requestTemplates, Clock clock) {
    if (names.isEmpty()) {
      throw new IllegalArgumentException("a served model has no name: give one");
    }
    this.engine = engine;
    this.names = List.copyOf(names);
    this.chatTemplate = chatTemplate;
    this.requestTemplates = requestTemplates;
    this.clock = clock;
    this.created = clock.instant().getEpochSecond();
    this.maxCharacters = engine.model().tokenizer().map(ServedModel::longestToken).orElse(0L) * engine.maxContext();
  }

  private static long longestToken(Tokenizer tokenizer) {
    return IntStream.range(0, tokenizer.vocabularySize())
        .map(id -> Math.max(tokenizer.tokenBytes(id).length, tokenizer.tokenText(id).orElse("").length()))
        .max()
        .orElse(0);
  }

  /** The engine; it belongs to whoever loaded it. */
  public Engine engine() {
    return engine;
  }

  /** The name that answers carry. */
  public String name() {
    return names.getFirst();
  }

  List<String> names() {
    return names;
  }

  Optional<ChatTemplate> chatTemplate() {
    return chatTemplate;
  }

  /**
   * A template that a client sent.
   *
   * @throws ApiException with status 400 if clients may not send one, or it is none
   */
  ChatTemplate requestedTemplate(String source) {
    if (requestTemplates == RequestTemplates.REFUSED) {
      throw ApiException.unsupported(
          "chat_template", "chat_template is not taken from requests: start the server with --trust-request-chat-template, or leave it out");
    }
    try {
      return ChatTemplates.compile(source);
    } catch (TemplateException e) {
      throw ApiException.invalid("chat_template", "chat_template cannot be used: " + e.getMessage());
    }
  }

  Clock clock() {
    return clock;
  }

  /** When it began to serve, seconds since 1970. */
  long created() {
    return created;
  }

  /** Seconds since 1970. */
  long now() {
    return clock.instant().getEpochSecond();
  }

  /**
   * Accepts a name that a client asks for.
   *
   * @throws ApiException with status 404 if it is not served
   */
  void requireName(String name) {
    if (!names.contains(name)) {
      throw ApiException.noModel(name, String.join(", ", names));
    }
  }

  /**
   * The tokenizer.
   *
   * @throws ApiException with status 400 if the model has none
   */
  Tokenizer tokenizer(String param) {
    return engine.model().tokenizer().orElseThrow(
        () -> ApiException.invalid(param, "the model has no tokenizer: send token ids to /v1/completions"));
  }

  /**
   * Encodes a text that a client sent.
   *
   * @param param the field it came in
   * @throws ApiException with status 400 if it cannot be encoded, or is too long for any context, which is found without encoding it
   */
  int[] encode(String param, String text, EncodeOptions options) {
    Tokenizer tokenizer = tokenizer(param);
    if (text.length() > maxCharacters) {
      throw ApiException.contextExceeded(
          param,
          "this model's maximum context length is " + engine.maxContext() + " tokens, but " + param + " has " + text.length()
              + " characters, more than so many tokens can hold: shorten it");
    }
    try {
      return tokenizer.encode(text, options);
    } catch (TokenizerException e) {
      throw ApiException.invalid(param, "the text cannot be tokenized: " + e.getMessage());
    }
  }
}
