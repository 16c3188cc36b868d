package dev.jebena.server.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.jebena.server.api.ApiException;
import dev.jebena.server.api.Fields;
import dev.jebena.server.api.Json;
import dev.jebena.server.http.Exchange;
import dev.jebena.server.http.Response;
import dev.jebena.tokenizer.DecodeOptions;
import dev.jebena.tokenizer.EncodeOptions;
import dev.jebena.tokenizer.Tokenizer;
import java.util.function.Supplier;

/** Answers what there is to know about the model: {@code /v1/models}, {@code /tokenize} and {@code /detokenize}. */
public final class ModelService {

  /** Where the models are listed. */
  public static final String MODELS = "/v1/models";

  private final Supplier<ServedModel> models;

  /** @param models gives the model, or throws {@link ApiException} while there is none */
  public ModelService(Supplier<ServedModel> models) {
    this.models = models;
  }

  /** {@code GET /v1/models}. */
  public void list(Exchange exchange) {
    ServedModel model = models.get();
    ObjectNode list = Json.object().put("object", "list");
    var data = list.putArray("data");
    model.names().forEach(name -> data.add(card(model, name)));
    exchange.respond(Response.json(200, Json.write(list)));
  }

  /** {@code GET /v1/models/{id}}; an id may have slashes. */
  public void show(Exchange exchange) {
    ServedModel model = models.get();
    String name = exchange.request().path().substring(MODELS.length() + 1);
    model.requireName(name);
    exchange.respond(Response.json(200, Json.write(card(model, name))));
  }

  private static ObjectNode card(ServedModel model, String name) {
    return Json.object()
        .put("id", name)
        .put("object", "model")
        .put("created", model.created())
        .put("owned_by", "jebena")
        .put("root", model.engine().model().name())
        .putNull("parent")
        .put("max_model_len", model.engine().maxContext());
  }

  /** {@code POST /tokenize}: of a prompt or of messages. */
  public void tokenize(Exchange exchange) {
    ServedModel model = models.get();
    ObjectNode body = Json.parseObject(exchange.request().body());
    Fields fields = new Fields(body);
    fields.string("model").ifPresent(model::requireName);
    Tokenizer tokenizer = model.tokenizer("prompt");
    int[] ids;
    if (fields.node("messages").isPresent()) {
      ids = ChatPrompt.encode(model, ChatFields.parse(body));
    } else {
      boolean specials = fields.flag("add_special_tokens", true);
      ids = model.encode("prompt", fields.requiredString("prompt"), specials ? EncodeOptions.PROMPT : EncodeOptions.TEMPLATE);
    }
    ObjectNode answer = Json.object().put("count", ids.length).put("max_model_len", model.engine().maxContext());
    answer.set("tokens", Json.array(ids));
    if (fields.flag("return_token_strs")) {
      var strings = answer.putArray("token_strs");
      for (int id : ids) {
        strings.add(tokenizer.tokenText(id).orElse(""));
      }
    } else {
      answer.putNull("token_strs");
    }
    exchange.respond(Response.json(200, Json.write(answer)));
  }

  /** {@code POST /detokenize}. */
  public void detokenize(Exchange exchange) {
    ServedModel model = models.get();
    Fields fields = new Fields(Json.parseObject(exchange.request().body()));
    fields.string("model").ifPresent(model::requireName);
    JsonNode tokens = fields.node("tokens").orElseThrow(() -> Fields.missing("tokens"));
    Tokenizer tokenizer = model.tokenizer("tokens");
    int[] ids = Fields.integerValues(tokens, "tokens", 0, tokenizer.vocabularySize() - 1);
    exchange.respond(Response.json(
        200, Json.write(Json.object().put("prompt", tokenizer.decode(ids, DecodeOptions.KEEP_SPECIALS_AS_CONFIGURED)))));
  }
}
