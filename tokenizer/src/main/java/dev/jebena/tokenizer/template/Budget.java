package dev.jebena.tokenizer.template;

/** Counts what a rendering takes, and ends it when it takes too much. */
final class Budget {

  private static final int STEPS_BETWEEN_LOOKS = 4096;

  private final TemplateLimits limits;
  private final long deadlineNanos;
  private long steps;

  Budget(TemplateLimits limits) {
    this.limits = limits;
    this.deadlineNanos = System.nanoTime() + limits.maxTime().toNanos();
  }

  void step() {
    if (++steps > limits.maxSteps()) {
      throw new TemplateException("the chat template takes more than " + limits.maxSteps() + " steps");
    }
    if (steps % STEPS_BETWEEN_LOOKS == 0 && System.nanoTime() - deadlineNanos > 0) {
      throw new TemplateException("the chat template takes longer than " + limits.maxTime());
    }
  }

  /** Counts {@code count} steps at once: work that grows with a value's size. */
  void steps(long count) {
    steps += count;
    step();
  }

  /** Refuses strings and lists of more than the limit. */
  void length(long length) {
    if (length > limits.maxOutputChars()) {
      throw new TemplateException("the chat template builds a value of more than " + limits.maxOutputChars() + " characters or items");
    }
  }
}
