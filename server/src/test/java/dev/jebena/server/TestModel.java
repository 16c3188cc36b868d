package dev.jebena.server;

import dev.jebena.engine.model.Model;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.tck.InMemoryModel;
import dev.jebena.engine.tck.TinyShape;
import dev.jebena.engine.weight.WeightSource;
import dev.jebena.tokenizer.Tokenizer;
import dev.jebena.tokenizer.template.ChatTemplate;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A tiny decoder with random weights that reads and writes bytes, and takes conversations. */
final class TestModel implements Model {

  static final String NAME = "tiny-random";
  static final int MAX_CONTEXT = 4096;

  private final Model decoder = InMemoryModel.random(TinyShape.DEFAULT.withVocabulary(ByteTokenizer.SIZE), MAX_CONTEXT, 7);

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Program program() {
    return decoder.program();
  }

  @Override
  public WeightSource weights() {
    return decoder.weights();
  }

  @Override
  public int maxContext() {
    return MAX_CONTEXT;
  }

  @Override
  public Optional<Tokenizer> tokenizer() {
    return Optional.of(new ByteTokenizer());
  }

  @Override
  public Optional<ChatTemplate> chatTemplate() {
    return Optional.of((variables, _) -> render(variables));
  }

  private static String render(Map<String, ?> variables) {
    StringBuilder text = new StringBuilder();
    for (Object message : (List<?>) variables.get("messages")) {
      Map<?, ?> fields = (Map<?, ?>) message;
      text.append(fields.get("role")).append(": ").append(fields.get("content")).append('\n');
    }
    return Boolean.TRUE.equals(variables.get("add_generation_prompt")) ? text.append("assistant: ").toString() : text.toString();
  }

  @Override
  public void close() {
    decoder.close();
  }
}
