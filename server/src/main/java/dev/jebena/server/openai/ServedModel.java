package dev.jebena.server.openai;

import dev.jebena.engine.Engine;
import dev.jebena.server.api.ApiException;
import dev.jebena.tokenizer.Tokenizer;
import dev.jebena.tokenizer.template.ChatTemplate;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/**
 * An engine and the names that clients know it by.
 *
 * @param names the first is the one that answers carry
 * @param chatTemplate the model's own, or another that it was told to use
 * @param created when it began to serve, seconds since 1970
 * @param clock what templates and answers take the time from
 */
public record ServedModel(Engine engine, List<String> names, Optional<ChatTemplate> chatTemplate, long created, Clock clock) {

  public ServedModel {
    names = List.copyOf(names);
    if (names.isEmpty()) {
      throw new IllegalArgumentException("a served model has no name: give one");
    }
  }

  /** The name that answers carry. */
  public String name() {
    return names.getFirst();
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

  /** Seconds since 1970. */
  long now() {
    return clock.instant().getEpochSecond();
  }
}
