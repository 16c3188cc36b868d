package dev.jebena.server.openai;

import dev.jebena.engine.EngineClosedException;
import dev.jebena.engine.EngineException;
import dev.jebena.engine.EngineLoadException;
import dev.jebena.engine.FinishReason;
import dev.jebena.engine.GenerationException;
import dev.jebena.engine.GenerationInterruptedException;
import dev.jebena.engine.GenerationResult;
import dev.jebena.engine.QueueFullException;
import dev.jebena.engine.RequestException;
import dev.jebena.server.api.ApiException;
import java.util.Locale;
import java.util.regex.Pattern;

/** The engine's errors in the protocol's words. */
final class Errors {

  private static final Pattern CAPITAL = Pattern.compile("([A-Z])");

  private Errors() {}

  static ApiException of(EngineException error) {
    String message = String.valueOf(error.getMessage());
    return switch (error) {
      case RequestException e -> ApiException.invalid(protocolName(e.field()), protocolName(message, e.field()));
      case QueueFullException e -> ApiException.queueFull(message, e.retryAfter());
      case EngineClosedException _ -> ApiException.unavailable(message);
      case GenerationInterruptedException _ -> ApiException.unavailable(message);
      case GenerationException _ -> ApiException.failed(message);
      case EngineLoadException _ -> ApiException.failed(message);
    };
  }

  /** What the engine calls {@code maxTokens} the protocol calls {@code max_tokens}. */
  private static String protocolName(String field) {
    return CAPITAL.matcher(field).replaceAll("_$1").toLowerCase(Locale.ROOT);
  }

  private static String protocolName(String message, String field) {
    return message.replace(field, protocolName(field));
  }

  /**
   * Accepts a result that is an answer.
   *
   * @throws ApiException if the engine gave the generation up
   */
  static GenerationResult requireAnswer(GenerationResult result) {
    if (result.finishReason() == FinishReason.ABORT) {
      throw ApiException.unavailable("the generation was aborted: " + result.finish().detail().orElse("no reason is known"));
    }
    return result;
  }
}
