package dev.jebena.engine.tck.fake;

import dev.jebena.engine.model.Model;
import dev.jebena.engine.program.KvGroup;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.ProgramBuilder;
import dev.jebena.engine.program.Site;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSource;
import dev.jebena.engine.weight.WeightSpec;
import dev.jebena.tokenizer.Tokenizer;
import dev.jebena.tokenizer.template.ChatTemplate;
import dev.jebena.tokenizer.template.ChatTemplates;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A model without weights whose tokens are bytes: it writes small letters and spaces, and ends now and then.
 *
 * @param maxContext the most tokens of a sequence
 */
public record FakeModel(int maxContext) implements Model {

  /** Small letters and spaces; every 200th token on average ends. */
  public static final FakeLanguage LANGUAGE =
      new FakeLanguage(IntStream.concat(IntStream.rangeClosed('a', 'z'), IntStream.of(' ')).toArray(), FakeTokenizer.END, 200);

  private static final ChatTemplate TEMPLATE =
      ChatTemplates.compile("{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}assistant:");

  @Override
  public String name() {
    return "fake";
  }

  @Override
  public Program program() {
    WeightSpec embedding = new WeightSpec("embedding", FakeTokenizer.VOCABULARY, 32, new WeightFormat.Blocked(BlockType.F32));
    ProgramBuilder builder = new ProgramBuilder("fake");
    builder.kvGroup(List.of(new KvGroup.CacheLayer(1, 8, 8)));
    Site site = Site.of("fake");
    Value rows = builder.embedTokens(site, "rows", embedding);
    Value outputs = builder.selectOutputs(site, "outputs", rows);
    Value logits = builder.linear(site, "logits", outputs, embedding, Optional.empty());
    return builder.build(logits, FakeTokenizer.VOCABULARY);
  }

  @Override
  public WeightSource weights() {
    return spec -> {
      throw new IllegalArgumentException("the fake model has no weight '" + spec.name() + "': run it on the fake backend");
    };
  }

  @Override
  public Optional<Tokenizer> tokenizer() {
    return Optional.of(new FakeTokenizer());
  }

  /** Each message as {@code role: content}, a line each, and {@code assistant:} at the end. */
  @Override
  public Optional<ChatTemplate> chatTemplate() {
    return Optional.of(TEMPLATE);
  }

  @Override
  public void close() {}
}
