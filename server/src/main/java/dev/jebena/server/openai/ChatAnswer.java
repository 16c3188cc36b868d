package dev.jebena.server.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.jebena.engine.GenerationChunk;
import dev.jebena.engine.GenerationResult;
import dev.jebena.server.api.Json;
import java.util.List;

/** Answers of {@code /v1/chat/completions}. */
final class ChatAnswer implements Answer {

  private final String id;
  private final long created;
  private final String model;
  private final ChatFields fields;
  private final CommonFields.Shape shape;
  private final LogprobsJson logprobs;

  ChatAnswer(String id, ServedModel model, ChatFields fields) {
    this.id = id;
    this.created = model.now();
    this.model = model.name();
    this.fields = fields;
    this.shape = fields.common().shape();
    this.logprobs = new LogprobsJson(model.engine().model().tokenizer(), shape);
  }

  private ObjectNode head(String object) {
    return Json.object().put("id", id).put("object", object).put("created", created).put("model", model);
  }

  @Override
  public ObjectNode whole(List<GenerationResult> results, Usage usage) {
    ObjectNode answer = head("chat.completion");
    var choices = answer.putArray("choices");
    for (GenerationResult result : results) {
      ObjectNode choice = choices.addObject().put("index", choices.size() - 1);
      choice.putObject("message").put("role", "assistant").put("content", result.text()).putNull("refusal");
      if (fields.logprobs().isPresent()) {
        choice.set("logprobs", logprobs.chat(result.tokens()));
      } else {
        choice.putNull("logprobs");
      }
      Answer.putFinish(choice, result.finish());
      if (shape.returnTokenIds()) {
        Answer.putTokenIds(choice, result.tokens());
      }
    }
    answer.set("usage", usage.json());
    GenerationResult.PromptInfo prompt = results.getFirst().prompt();
    fields.common().promptLogprobs().ifPresent(count -> answer.set("prompt_logprobs", logprobs.prompt(prompt.logprobs(), count)));
    if (shape.returnTokenIds()) {
      answer.set("prompt_token_ids", Json.array(prompt.ids()));
    }
    return answer;
  }

  @Override
  public ObjectNode usagePiece(Usage usage) {
    ObjectNode piece = head("chat.completion.chunk");
    piece.putArray("choices");
    piece.set("usage", usage.json());
    return piece;
  }

  @Override
  public Pieces pieces(Generations.Choice choice) {
    return new ChatPieces(choice);
  }

  /** The pieces of one choice. */
  private final class ChatPieces implements Pieces {

    private final Generations.Choice source;

    ChatPieces(Generations.Choice source) {
      this.source = source;
    }

    private ObjectNode piece() {
      return head("chat.completion.chunk");
    }

    private ObjectNode choice(ObjectNode piece) {
      return piece.putArray("choices").addObject().put("index", source.index());
    }

    @Override
    public List<ObjectNode> first() {
      ObjectNode piece = piece();
      ObjectNode choice = choice(piece);
      choice.putObject("delta").put("role", "assistant").put("content", "");
      choice.putNull("logprobs").putNull("finish_reason");
      if (shape.returnTokenIds()) {
        piece.set("prompt_token_ids", Json.array(source.generation().promptTokens()));
      }
      return List.of(piece);
    }

    @Override
    public List<ObjectNode> next(GenerationChunk chunk) {
      boolean tokensShown = !chunk.tokens().isEmpty() && (fields.logprobs().isPresent() || shape.returnTokenIds());
      if (chunk.text().isEmpty() && !tokensShown) {
        return List.of();
      }
      ObjectNode piece = piece();
      ObjectNode choice = choice(piece);
      choice.putObject("delta").put("content", chunk.text());
      if (fields.logprobs().isPresent()) {
        choice.set("logprobs", logprobs.chat(chunk.tokens()));
      } else {
        choice.putNull("logprobs");
      }
      choice.putNull("finish_reason");
      if (shape.returnTokenIds()) {
        Answer.putTokenIds(choice, chunk.tokens());
      }
      return List.of(piece);
    }

    @Override
    public ObjectNode last(GenerationResult result) {
      ObjectNode piece = piece();
      ObjectNode choice = choice(piece);
      choice.putObject("delta");
      choice.putNull("logprobs");
      Answer.putFinish(choice, result.finish());
      return piece;
    }
  }
}
