package dev.jebena.tokenizer.template;

/** Counts what a rendering takes, and ends it when it takes too much. */
final class Budget {

  private static final int STEPS_BETWEEN_LOOKS = 4096;
  private static final int CHARS_A_STEP = 64;

  private final TemplateLimits limits;
  private final long deadlineNanos;
  private long steps;
  private long nextLook = STEPS_BETWEEN_LOOKS;
  private long built;

  Budget(TemplateLimits limits) {
    this.limits = limits;
    this.deadlineNanos = System.nanoTime() + limits.maxTime().toNanos();
  }

  void step() {
    if (++steps >= nextLook) {
      look();
    }
  }

  /** Counts {@code count} steps at once: work that grows with a value's size. */
  void steps(long count) {
    steps += count;
    step();
  }

  private void look() {
    nextLook = Math.min(steps + STEPS_BETWEEN_LOOKS, limits.maxSteps() + 1);
    if (steps > limits.maxSteps()) {
      throw new Failure("the chat template takes more than " + limits.maxSteps() + " steps");
    }
    if (System.nanoTime() - deadlineNanos > 0) {
      throw new Failure("the chat template takes longer than " + limits.maxTime());
    }
  }

  /** Reading or searching a text. */
  void reads(long chars) {
    steps(chars / CHARS_A_STEP);
  }

  /** Counts a string or list before it is built, and refuses those of more than the limit. */
  void builds(long length) {
    if (length > limits.maxOutputChars()) {
      throw new Failure("the chat template builds a value of more than " + limits.maxOutputChars() + " characters or items");
    }
    built += length;
    if (built > limits.maxBuiltChars()) {
      throw new Failure("the chat template builds values of more than " + limits.maxBuiltChars() + " characters or items in all");
    }
    steps(length / CHARS_A_STEP);
  }

  /** The output so far. */
  void writes(int length) {
    if (length > limits.maxOutputChars()) {
      throw new Failure("the chat template writes more than " + limits.maxOutputChars() + " characters");
    }
  }
}
