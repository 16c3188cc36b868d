package dev.jebena.engine.shard;

import dev.jebena.engine.backend.BackendException;

/** A Program cannot be divided among so many ranks; the message names the numbers that do not fit and the remedy. */
public final class ShardException extends BackendException {

  private static final long serialVersionUID = 1L;

  public ShardException(String message) {
    super(message);
  }
}
