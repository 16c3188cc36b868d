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
    String lines = Lexer.normalized(source);
    try {
      return new CompiledTemplate(lines, limits, new StatementCompiler(lines).compile(
          new Parser(new Lexer(lines).tokens(), lines, limits).parseTemplate()));
    } catch (Failure e) {
      throw new TemplateException(e.what());
    } catch (StackOverflowError e) {
      throw new TemplateException("the chat template is nested too deeply to be compiled");
    }
  }
}
