package dev.jebena.tokenizer;

import java.util.List;

/** The parts of a regular expression that a {@link PatternAutomaton} can run. */
sealed interface PatternNode {

  /** One character of a set. */
  record Chars(CodePointSet set) implements PatternNode {}

  /** One after another. */
  record Sequence(List<PatternNode> parts) implements PatternNode {}

  /** The first that leads to a match. */
  record Choice(List<PatternNode> ways) implements PatternNode {}

  /** From {@code min} to {@code max} times; {@link #UNBOUNDED} is no limit. */
  record Repeat(PatternNode body, int min, int max, Appetite appetite) implements PatternNode {
    static final int UNBOUNDED = -1;
  }

  /** Nothing is taken, but the next character is of a set, or there is none and {@code end} holds. */
  record Ahead(CodePointSet set, boolean end) implements PatternNode {}

  /** How many repetitions are tried first, and whether fewer are tried after that. */
  enum Appetite {
    GREEDY,
    LAZY,
    POSSESSIVE
  }
}
