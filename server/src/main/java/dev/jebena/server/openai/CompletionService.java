package dev.jebena.server.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.jebena.engine.Generation;
import dev.jebena.engine.GenerationChunk;
import dev.jebena.engine.GenerationResult;
import dev.jebena.engine.Prompt;
import dev.jebena.server.api.ApiException;
import dev.jebena.server.api.Fields;
import dev.jebena.server.api.Json;
import dev.jebena.server.http.Exchange;
import dev.jebena.server.http.Response;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/** Answers {@code /v1/chat/completions} and {@code /v1/completions}. A client that disconnects ends its generations at once. */
public final class CompletionService {

  private final Supplier<ServedModel> models;
  private final IntConsumer choicesObserver;

  /**
   * @param models gives the model, or throws {@link ApiException} while there is none
   * @param choicesObserver is told how many choices a request asks for
   */
  public CompletionService(Supplier<ServedModel> models, IntConsumer choicesObserver) {
    this.models = models;
    this.choicesObserver = choicesObserver;
  }

  /** {@code POST /v1/chat/completions}. */
  public void chat(Exchange exchange) {
    ServedModel model = models.get();
    ObjectNode body = Json.parseObject(exchange.request().body());
    ChatFields fields = ChatFields.parse(body);
    fields.common().model().ifPresent(model::requireName);
    String id = "chatcmpl-" + requestId(exchange, body);
    int[] prompt = ChatPrompt.encode(model, fields);
    run(exchange, model, id, List.of(prompt), fields.scores(), fields.common(), new ChatAnswer(id, model, fields));
  }

  /** {@code POST /v1/completions}. */
  public void complete(Exchange exchange) {
    ServedModel model = models.get();
    ObjectNode body = Json.parseObject(exchange.request().body());
    CompletionFields fields = CompletionFields.parse(body);
    fields.common().model().ifPresent(model::requireName);
    String id = "cmpl-" + requestId(exchange, body);
    List<int[]> prompts = fields.prompts().stream().map(prompt -> encode(model, prompt)).toList();
    run(exchange, model, id, prompts, fields.scores(), fields.common(), new CompletionAnswer(id, model, fields));
  }

  private static String requestId(Exchange exchange, ObjectNode body) {
    Optional<String> given = new Fields(body).string("request_id");
    if (given.isPresent() && (given.get().isEmpty() || given.get().length() > 128)) {
      throw ApiException.invalid("request_id", "request_id has " + given.get().length() + " characters: use 1 to 128");
    }
    return given.orElseGet(() -> exchange.addedHeader("x-request-id"));
  }

  private static int[] encode(ServedModel model, Prompt prompt) {
    return switch (prompt) {
      case Prompt.Text(String text, var options) -> model.encode("prompt", text, options);
      case Prompt.Tokens(int[] ids) -> ids;
    };
  }

  private void run(
      Exchange exchange, ServedModel model, String id, List<int[]> prompts, Scores scores, CommonFields fields, Answer answer) {
    choicesObserver.accept(fields.choices());
    Usage usage = new Usage(prompts);
    try (Generations generations = Generations.submit(model, id, prompts, scores, fields)) {
      exchange.onDisconnect(generations::close);
      if (fields.shape().stream()) {
        stream(exchange, generations, fields, usage, answer);
      } else {
        exchange.respond(Response.json(200, Json.write(answer.whole(results(generations, fields, usage), usage))));
      }
    }
  }

  private static List<GenerationResult> results(Generations generations, CommonFields fields, Usage usage) {
    List<GenerationResult> results = generations.results();
    for (int i = 0; i < results.size(); i++) {
      usage.completed(results.get(i).tokens().size());
      usage.cached(i, results.get(i), fields.choices());
    }
    return results;
  }

  private static void stream(Exchange exchange, Generations generations, CommonFields fields, Usage usage, Answer answer) {
    EventStream events = EventStream.begin(exchange);
    try {
      generations.readAll(choice -> stream(events, choice, fields, usage, answer));
      if (fields.shape().includeUsage()) {
        events.send(answer.usagePiece(usage));
      }
    } catch (ApiException e) {
      events.fail(e);
    }
    events.end();
  }

  private static void stream(EventStream events, Generations.Choice choice, CommonFields fields, Usage usage, Answer answer) {
    Answer.Pieces pieces = answer.pieces(choice);
    boolean begun = false;
    Generation generation = choice.generation();
    for (Optional<GenerationChunk> chunk = generation.next(); chunk.isPresent(); chunk = generation.next()) {
      usage.completed(chunk.get().tokens().size());
      if (!begun) {
        send(events, pieces.first(), fields, usage);
        begun = true;
      }
      send(events, pieces.next(chunk.get()), fields, usage);
    }
    GenerationResult result = Errors.requireAnswer(generation.result());
    usage.cached(choice.index(), result, fields.choices());
    if (!begun) {
      send(events, pieces.first(), fields, usage);
    }
    send(events, List.of(pieces.last(result)), fields, usage);
  }

  private static void send(EventStream events, List<ObjectNode> pieces, CommonFields fields, Usage usage) {
    for (ObjectNode piece : pieces) {
      if (fields.shape().continuousUsage()) {
        piece.set("usage", usage.json());
      } else if (fields.shape().includeUsage()) {
        piece.putNull("usage");
      }
      events.send(piece);
    }
  }
}
