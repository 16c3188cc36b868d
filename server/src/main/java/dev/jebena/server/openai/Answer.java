package dev.jebena.server.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.jebena.engine.FinishReason;
import dev.jebena.engine.GeneratedToken;
import dev.jebena.engine.GenerationChunk;
import dev.jebena.engine.GenerationResult;
import dev.jebena.server.api.Json;
import java.util.List;

/** The shape of one protocol's answers, whole and in pieces. */
interface Answer {

  /** The whole answer. */
  ObjectNode whole(List<GenerationResult> results, Usage usage);

  /** Writes one choice in pieces. */
  Pieces pieces(Generations.Choice choice);

  /** The last piece of a stream: what it all cost. */
  ObjectNode usagePiece(Usage usage);

  /** Writes one choice in pieces. */
  interface Pieces {

    /** What is sent before the first token; empty if nothing. */
    List<ObjectNode> first();

    /** A piece; empty if the chunk has nothing to show yet. */
    List<ObjectNode> next(GenerationChunk chunk);

    /** The piece that says why it ended. */
    ObjectNode last(GenerationResult result);
  }

  /** Puts why a choice ended. */
  static void putFinish(ObjectNode choice, GenerationResult.Finish finish) {
    choice.put("finish_reason", finish.reason() == FinishReason.LENGTH ? "length" : "stop");
    if (finish.stopString().isPresent()) {
      choice.put("stop_reason", finish.stopString().get());
    } else if (finish.stopToken().isPresent()) {
      choice.put("stop_reason", finish.stopToken().getAsInt());
    } else {
      choice.putNull("stop_reason");
    }
  }

  /** Puts the ids of tokens. */
  static void putTokenIds(ObjectNode choice, List<GeneratedToken> tokens) {
    choice.set("token_ids", Json.array(tokens.stream().mapToInt(GeneratedToken::id).toArray()));
  }
}
