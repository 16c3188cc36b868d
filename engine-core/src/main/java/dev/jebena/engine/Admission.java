package dev.jebena.engine;

import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.model.Model;
import dev.jebena.engine.schedule.BlockHash;
import dev.jebena.engine.schedule.Sequence;
import dev.jebena.tokenizer.StreamDecoder;
import dev.jebena.tokenizer.Tokenizer;
import dev.jebena.tokenizer.TokenizerException;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Checks requests against the model and makes sequences of them, on the thread that submits. */
final class Admission {

  private final LoadedEngine loaded;
  private final EngineLoop loop;
  private final Model model;
  private final int vocabularySize;

  Admission(LoadedEngine loaded, EngineLoop loop) {
    this.loaded = loaded;
    this.loop = loop;
    this.model = loaded.model();
    this.vocabularySize = model.program().vocabularySize();
  }

  Generation admit(GenerationRequest request) {
    int[] prompt = encode(request.prompt());
    checkPrompt(request, prompt);
    checkIds(request);
    Set<Integer> ends = new TreeSet<>(request.ending().stopIds());
    if (request.ending().endOfSequence() == GenerationRequest.EndOfSequence.ENDS) {
      model.tokenizer().ifPresent(tokenizer -> ends.addAll(tokenizer.specialTokens().ends()));
    }
    int room = loaded.maxContext() - prompt.length;
    int maxGenerated = Math.min(room, request.ending().maxTokens().orElse(room));
    SlotSettings settings = new SlotSettings(
        prompt.length,
        request.sampling(),
        request.ending().minTokens(),
        ends.stream().mapToInt(Integer::intValue).toArray(),
        Math.min(vocabularySize, request.output().logprobs().orElse(-1)),
        Math.min(vocabularySize, request.output().promptLogprobs().orElse(-1)));
    ActiveRequest active = new ActiveRequest(request, prompt, ends, maxGenerated, loop);
    active.sequence(new Sequence(prompt, new BlockHash[0], request.cacheSalt(), settings, prompt.length + maxGenerated, active));
    loop.submit(active);
    Optional<StreamDecoder> decoder = model.tokenizer().map(tokenizer -> tokenizer.streamDecoder(request.output().specials()));
    return new Generation(active, new CompletionText(decoder, request));
  }

  private int[] encode(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Tokens(int[] ids) -> {
        for (int id : ids) {
          requireToken("prompt", id);
        }
        yield ids;
      }
      case Prompt.Text(String text, var options) -> {
        Tokenizer tokenizer = model.tokenizer().orElseThrow(
            () -> new RequestException("prompt", "model '" + model.name() + "' has no tokenizer: give token ids instead of text"));
        try {
          yield tokenizer.encode(text, options);
        } catch (TokenizerException e) {
          throw new RequestException("prompt", String.valueOf(e.getMessage()));
        }
      }
    };
  }

  private void checkPrompt(GenerationRequest request, int[] prompt) {
    if (prompt.length == 0) {
      throw new RequestException("prompt", "the prompt has no tokens: give at least one");
    }
    int needed = request.ending().maxTokens().orElse(1) == 0 ? 0 : 1;
    if (prompt.length > loaded.maxContext() - needed) {
      throw new RequestException(
          "prompt",
          "the prompt has " + prompt.length + " tokens and the context holds " + loaded.maxContext()
              + ": shorten the prompt, or raise maxContext where the model allows it");
    }
  }

  private void checkIds(GenerationRequest request) {
    request.ending().stopIds().forEach(id -> requireToken("stopIds", id));
    request.sampling().logitBias().keySet().forEach(id -> requireToken("logitBias", id));
    if (!request.ending().stopStrings().isEmpty() && model.tokenizer().isEmpty()) {
      throw new RequestException("stop", "model '" + model.name() + "' has no tokenizer: use stop ids instead of stop strings");
    }
  }

  private void requireToken(String field, int id) {
    if (id < 0 || id >= vocabularySize) {
      throw new RequestException(field, field + " has the token id " + id + ": use ids from 0 to " + (vocabularySize - 1));
    }
  }
}
