package dev.jebena.tokenizer.template;

/**
 * What a statement is compiled in.
 *
 * @param names whether filters and tests may be unknown as long as they are not used
 * @param loops where {@code break} and {@code continue} may stand
 */
record Frame(Symbols symbols, Names names, Loops loops) {

  /** When a filter or test has to be known. */
  enum Names {
    ALWAYS,
    WHEN_USED
  }

  /** Whether there is a loop around, in the same function. */
  enum Loops {
    NONE,
    AROUND
  }

  static Frame root(Symbols symbols) {
    return new Frame(symbols, Names.ALWAYS, Loops.NONE);
  }

  Frame inner(Symbols inner) {
    return new Frame(inner, Names.ALWAYS, loops);
  }

  /** The frame of a function. */
  Frame function(Symbols inner) {
    return new Frame(inner, Names.ALWAYS, Loops.NONE);
  }

  /** The frame of what may not run at all. */
  Frame conditional() {
    return new Frame(symbols, Names.WHEN_USED, loops);
  }

  Frame inLoop() {
    return new Frame(symbols, names, Loops.AROUND);
  }
}
