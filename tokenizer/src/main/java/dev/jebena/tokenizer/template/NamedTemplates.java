package dev.jebena.tokenizer.template;

import java.time.Clock;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The templates that come with one model. Used as a template, it is the one named {@code tool_use} where tools are given and there is one,
 * else {@code default}, as in Hugging Face's Transformers. Each is compiled once, when it is first needed; {@code default} at once.
 */
public final class NamedTemplates implements ChatTemplate {

  public static final String DEFAULT = "default";
  public static final String TOOL_USE = "tool_use";

  private final Map<String, String> sources;
  private final Map<String, ChatTemplate> compiled = new ConcurrentHashMap<>();

  /**
   * Templates by name.
   *
   * @throws TemplateException if there is none, or the default cannot be compiled
   */
  public NamedTemplates(Map<String, String> sources) {
    if (sources.isEmpty()) {
      throw new TemplateException("there is no chat template");
    }
    this.sources = Collections.unmodifiableMap(new LinkedHashMap<>(sources));
    if (sources.containsKey(DEFAULT)) {
      named(DEFAULT);
    }
  }

  public Set<String> names() {
    return sources.keySet();
  }

  /** The template of a name; throws {@link TemplateException} if it cannot be compiled. */
  public Optional<ChatTemplate> named(String name) {
    String source = sources.get(name);
    return source == null ? Optional.empty() : Optional.of(compiled.computeIfAbsent(name, each -> ChatTemplates.compile(source)));
  }

  private ChatTemplate chosen(boolean withTools) {
    if (withTools && sources.containsKey(TOOL_USE)) {
      return named(TOOL_USE).orElseThrow();
    }
    return named(DEFAULT).orElseThrow(
        () -> new TemplateException("the model has no default chat template: choose one of " + String.join(", ", sources.keySet())));
  }

  @Override
  public Rendering rendering(Map<String, ? extends @Nullable Object> variables, Clock clock) {
    return chosen(variables.get("tools") != null).rendering(variables, clock);
  }

  @Override
  public ContentForm contentForm() {
    return chosen(false).contentForm();
  }
}
