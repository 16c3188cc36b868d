package dev.jebena.engine.schedule;

import dev.jebena.engine.backend.RowStatus;

/** Why a sequence ended. */
public sealed interface SequenceEnd {

  /** It sampled {@code token}, which ends sequences. */
  record Stop(int token) implements SequenceEnd {}

  /** It has as many tokens as it or the context may have. */
  record Length() implements SequenceEnd {}

  /** Somebody ended it. */
  record Aborted() implements SequenceEnd {}

  /** One of its rows failed in a step. */
  record Failed(RowStatus status) implements SequenceEnd {}

  /** A step failed as a whole. */
  record StepFailed(String message) implements SequenceEnd {}
}
