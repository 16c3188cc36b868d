package dev.jebena.engine.parallel;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** This process among those that share a model. */
interface RankNode extends AutoCloseable {

  /** The only process. */
  RankNode ALONE = new RankNode() {};

  /** This process, from 0. */
  default int node() {
    return 0;
  }

  /** How many there are. */
  default int nodes() {
    return 1;
  }

  /** Carries collectives; null if there is no other process. */
  default @Nullable NodeLink link() {
    return null;
  }

  /** Is told what this process does. */
  default RankLeader leader() {
    return RankLeader.NOBODY;
  }

  /** Is told, once and from any thread, when another process is gone. */
  default void onFailure(Consumer<RankException> listener) {}

  /** A rank of this process has failed: the other processes are told. */
  default void fail(RankException cause) {}

  @Override
  default void close() {}
}
