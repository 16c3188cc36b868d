package dev.jebena.server;

import dev.jebena.engine.model.Model;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.tck.InMemoryModel;
import dev.jebena.engine.tck.TinyShape;
import dev.jebena.engine.weight.WeightSource;
import dev.jebena.tokenizer.Tokenizer;
import dev.jebena.tokenizer.template.ChatTemplate;
import dev.jebena.tokenizer.template.ChatTemplates;
import java.util.Optional;

/** A tiny decoder with random weights that reads and writes bytes, and takes conversations. */
final class TestModel implements Model {

  static final String NAME = "tiny-random";
  static final int MAX_CONTEXT = 4096;

  private static final ChatTemplate TEMPLATE = ChatTemplates.compile(
      "{% for document in documents or [] %}[{{ document.text }}]{% endfor %}{% for tool in tools or [] %}({{ tool.function.name }}){% endfor %}"
          + "{{ prefix }}{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}"
          + "{% if add_generation_prompt %}assistant: {% endif %}");

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
    return Optional.of(TEMPLATE);
  }

  @Override
  public void close() {
    decoder.close();
  }
}
