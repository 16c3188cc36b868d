package dev.jebena.engine.tck;

import dev.jebena.engine.model.Model;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.weight.WeightSource;
import dev.jebena.tokenizer.Tokenizer;
import dev.jebena.tokenizer.template.ChatTemplate;
import java.util.Optional;

/**
 * A model without files and without a tokenizer.
 *
 * @param maxContext tokens of a sequence
 */
public record InMemoryModel(String name, Program program, WeightSource weights, int maxContext) implements Model {

  /** A tiny decoder with random weights. */
  public static InMemoryModel random(TinyShape shape, int maxContext, long seed) {
    return new InMemoryModel("tiny-random", TinyPrograms.llama(shape), new RandomWeights(seed), maxContext);
  }

  @Override
  public Optional<Tokenizer> tokenizer() {
    return Optional.empty();
  }

  @Override
  public Optional<ChatTemplate> chatTemplate() {
    return Optional.empty();
  }

  @Override
  public void close() {}
}
