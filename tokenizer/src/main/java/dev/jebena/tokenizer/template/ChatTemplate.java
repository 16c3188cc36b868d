package dev.jebena.tokenizer.template;

import java.time.Clock;
import java.util.Map;

/** A chat template (Jinja), compiled once and rendered any number of times, by any number of threads. */
public interface ChatTemplate {

  /**
   * Renders the template.
   *
   * @param variables {@code messages}, {@code tools}, {@code add_generation_prompt}, {@code bos_token}, ... as plain Java values:
   *     String, Boolean, Long, Double, List, Map (in insertion order), null
   * @param clock what {@code strftime_now} reads
   * @throws TemplateException naming line and column, also when the template itself raises
   */
  String render(Map<String, ? extends @org.jspecify.annotations.Nullable Object> variables, Clock clock);
}
