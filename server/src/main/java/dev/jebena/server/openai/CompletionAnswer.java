package dev.jebena.server.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.jebena.engine.GeneratedToken;
import dev.jebena.engine.GenerationChunk;
import dev.jebena.engine.GenerationResult;
import dev.jebena.engine.Prompt;
import dev.jebena.server.api.Json;
import dev.jebena.tokenizer.DecodeOptions;
import dev.jebena.tokenizer.Tokenizer;
import java.util.List;
import java.util.Optional;

/** Answers of {@code /v1/completions}. */
final class CompletionAnswer implements Answer {

  private final String id;
  private final long created;
  private final String model;
  private final CompletionFields fields;
  private final CommonFields.Shape shape;
  private final Optional<Tokenizer> tokenizer;
  private final LogprobsJson logprobs;

  CompletionAnswer(String id, ServedModel model, CompletionFields fields) {
    this.id = id;
    this.created = model.now();
    this.model = model.name();
    this.fields = fields;
    this.shape = fields.common().shape();
    this.tokenizer = model.engine().model().tokenizer();
    this.logprobs = new LogprobsJson(tokenizer, shape);
  }

  private ObjectNode head() {
    return Json.object().put("id", id).put("object", "text_completion").put("created", created).put("model", model);
  }

  @Override
  public ObjectNode whole(List<GenerationResult> results, Usage usage) {
    ObjectNode answer = head();
    var choices = answer.putArray("choices");
    for (GenerationResult result : results) {
      ObjectNode choice = choices.addObject().put("index", choices.size() - 1);
      String echoed = fields.echo() ? promptText((choices.size() - 1) / fields.common().choices(), result.prompt().ids()) : "";
      choice.put("text", echoed + result.text());
      choice.set("logprobs", logprobs(result));
      Answer.putFinish(choice, result.finish());
      fields.common().promptLogprobs().ifPresent(
          count -> choice.set("prompt_logprobs", logprobs.prompt(result.prompt().logprobs(), count)));
      if (shape.returnTokenIds()) {
        Answer.putTokenIds(choice, result.tokens());
        choice.set("prompt_token_ids", Json.array(result.prompt().ids()));
      }
    }
    answer.set("usage", usage.json());
    return answer;
  }

  private com.fasterxml.jackson.databind.@org.jspecify.annotations.Nullable JsonNode logprobs(GenerationResult result) {
    if (fields.logprobs().isEmpty()) {
      return null;
    }
    LogprobsJson.Completion completion = logprobs.completion(0, fields.logprobs().getAsInt());
    if (fields.echo()) {
      completion.add(result.prompt().logprobs());
    }
    completion.add(result.tokens());
    return completion.json();
  }

  /** The prompt as the client wrote it, or what its ids say. */
  private String promptText(int promptIndex, int[] ids) {
    return switch (fields.prompts().get(promptIndex)) {
      case Prompt.Text(String text, _) -> text;
      case Prompt.Tokens _ -> tokenizer.map(known -> known.decode(ids, DecodeOptions.KEEP_SPECIALS)).orElse("");
    };
  }

  @Override
  public ObjectNode usagePiece(Usage usage) {
    ObjectNode piece = head();
    piece.putArray("choices");
    piece.set("usage", usage.json());
    return piece;
  }

  @Override
  public Pieces pieces(Generations.Choice choice) {
    return new CompletionPieces(choice);
  }

  /** The pieces of one choice. */
  private final class CompletionPieces implements Pieces {

    private final Generations.Choice source;
    private int offset;
    private boolean promptIdsSent;

    CompletionPieces(Generations.Choice source) {
      this.source = source;
    }

    private ObjectNode piece(String text, List<GeneratedToken> tokens) {
      ObjectNode piece = head();
      ObjectNode choice = piece.putArray("choices").addObject().put("index", source.index()).put("text", text);
      if (fields.logprobs().isPresent() && !tokens.isEmpty()) {
        LogprobsJson.Completion completion = logprobs.completion(offset, fields.logprobs().getAsInt());
        completion.add(tokens);
        offset = completion.offset();
        choice.set("logprobs", completion.json());
      } else {
        choice.putNull("logprobs");
      }
      choice.putNull("finish_reason").putNull("stop_reason");
      if (shape.returnTokenIds()) {
        Answer.putTokenIds(choice, tokens);
        if (!promptIdsSent) {
          promptIdsSent = true;
          choice.set("prompt_token_ids", Json.array(source.generation().promptTokens()));
        }
      }
      return piece;
    }

    @Override
    public List<ObjectNode> first() {
      return fields.echo() ? List.of(piece(promptText(source.promptIndex(), source.generation().promptTokens()), List.of())) : List.of();
    }

    @Override
    public List<ObjectNode> next(GenerationChunk chunk) {
      boolean tokensShown = !chunk.tokens().isEmpty() && (fields.logprobs().isPresent() || shape.returnTokenIds());
      return chunk.text().isEmpty() && !tokensShown ? List.of() : List.of(piece(chunk.text(), chunk.tokens()));
    }

    @Override
    public ObjectNode last(GenerationResult result) {
      ObjectNode piece = piece("", List.of());
      Answer.putFinish((ObjectNode) piece.get("choices").get(0), result.finish());
      return piece;
    }
  }
}
