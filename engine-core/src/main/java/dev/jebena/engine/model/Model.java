package dev.jebena.engine.model;

import dev.jebena.engine.program.Program;
import dev.jebena.engine.weight.WeightSource;
import dev.jebena.tokenizer.Tokenizer;
import dev.jebena.tokenizer.template.ChatTemplate;
import java.util.Optional;

/** An opened model: what to compute, with which weights, and how to read and write its text. Closing it unmaps its files. */
public interface Model extends AutoCloseable {

  /** The name it is known by unless somebody gives it another. */
  String name();

  /** The forward pass. */
  Program program();

  /** The weights that the Program names; valid until the model is closed. */
  WeightSource weights();

  /** The most tokens of a sequence that the model was made for. */
  int maxContext();

  /** The tokenizer; empty if the model has none and only token ids are understood. */
  Optional<Tokenizer> tokenizer();

  /** The model's own chat template. */
  Optional<ChatTemplate> chatTemplate();

  @Override
  void close();
}
