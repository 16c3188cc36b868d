package dev.jebena.engine;

/** Why a generation ended. */
public enum FinishReason {
  /** An end-of-sequence token, a stop id or a stop string. */
  STOP,
  /** The request's own maximum of tokens, or the context. */
  LENGTH,
  /** Cancelled by its reader, by a reader who stopped reading, or by the engine's end. */
  ABORT,
  /** Its row failed in a step. */
  ERROR
}
