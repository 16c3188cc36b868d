package dev.jebena.tokenizer.template;

/** Compiles chat templates. */
public final class ChatTemplates {

  private ChatTemplates() {}

  /**
   * Compiles a template with the settings that Hugging Face's libraries use.
   *
   * @throws TemplateException naming line and column where the source is not a template
   */
  public static ChatTemplate compile(String source) {
    return compile(source, TemplateLimits.DEFAULTS);
  }

  /** The same with other limits. */
  public static ChatTemplate compile(String source, TemplateLimits limits) {
    Node.Body body = new Parser(new Lexer(source).tokens(), source, limits).parseTemplate();
    return (variables, clock) -> new Interpreter(source, limits, clock).render(body, variables);
  }
}
