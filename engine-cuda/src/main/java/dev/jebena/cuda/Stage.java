package dev.jebena.cuda;

/** Queues the launches of one node. */
@FunctionalInterface
interface Stage {

  void launch(Step step, Launcher launcher);
}
