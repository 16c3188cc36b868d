package dev.jebena.tokenizer.template;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A chat template (Jinja), compiled once and rendered any number of times, by any number of threads. */
public interface ChatTemplate {

  /**
   * A piece of a rendered text.
   *
   * @param from the first character
   * @param to the one after the last
   */
  record Span(int from, int to) {}

  /**
   * A rendered text.
   *
   * @param generated what the template marks with {@code generation} as the model's own turns
   */
  record Rendering(String text, List<Span> generated) {}

  /**
   * Renders the template.
   *
   * @param variables {@code messages}, {@code tools}, {@code add_generation_prompt}, {@code bos_token}, ... as plain Java values:
   *     String, Boolean, Long, Double, List, Map (in insertion order), null
   * @param clock what {@code strftime_now} reads
   * @throws TemplateException naming line and column, also when the template itself raises
   */
  Rendering rendering(Map<String, ? extends @Nullable Object> variables, Clock clock);

  /** What the template makes of a message's content, found by trying. */
  ContentForm contentForm();

  /** Renders the template to text; see {@link #rendering}. */
  default String render(Map<String, ? extends @Nullable Object> variables, Clock clock) {
    return rendering(variables, clock).text();
  }
}
