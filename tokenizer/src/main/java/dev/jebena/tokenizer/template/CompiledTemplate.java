package dev.jebena.tokenizer.template;

import java.time.Clock;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A template's code with its source, which errors quote. */
final class CompiledTemplate implements ChatTemplate {

  private final String source;
  private final TemplateLimits limits;
  private final StatementCompiler.Root root;
  private volatile @Nullable ContentForm contentForm;

  CompiledTemplate(String source, TemplateLimits limits, StatementCompiler.Root root) {
    this.source = source;
    this.limits = limits;
    this.root = root;
  }

  @Override
  public Rendering rendering(Map<String, ? extends @Nullable Object> variables, Clock clock) {
    Run run;
    try {
      run = new Run(limits, clock, variables);
    } catch (Failure e) {
      throw new TemplateException(e.what());
    }
    try {
      Activation activation = Activation.of(run, null, root.function());
      root.entry().enter(activation);
      root.body().run(activation);
      return run.rendering();
    } catch (Globals.Raise e) {
      throw new TemplateRaisedException(e.said(), SourceText.where(source, run.place));
    } catch (Failure e) {
      throw SourceText.error(source, run.place, e.what());
    } catch (StackOverflowError e) {
      throw SourceText.error(source, run.place, "the template nests too deeply");
    }
  }

  @Override
  public ContentForm contentForm() {
    ContentForm form = contentForm;
    if (form == null) {
      form = ContentProbe.formOf(this);
      contentForm = form;
    }
    return form;
  }
}
