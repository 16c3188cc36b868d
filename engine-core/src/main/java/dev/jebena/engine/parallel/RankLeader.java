package dev.jebena.engine.parallel;

import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.backend.StepResult;

/** Tells the processes of the other ranks what this one does, in the same order. */
interface RankLeader {

  /** Ranks of this process only. */
  RankLeader NOBODY = new RankLeader() {};

  /** Weights are loaded. */
  default void load() {}

  /** Waits until the others have loaded theirs. */
  default void awaitLoaded() {}

  /** The Program is compiled. */
  default void compile(Limits limits, KvFormat kvFormat) {}

  /** A cache is allocated. */
  default void allocateCache(int blocks) {}

  /** A step is submitted. */
  default void step(StepPlan plan) {}

  /** It has ended here. */
  default void stepped(StepResult result) {}
}
