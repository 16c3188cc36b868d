package dev.jebena.tokenizer.template;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * A loop, compiled.
 *
 * @param loopSlot where the variable {@code loop} is kept; -1 if the body does not read it
 * @param filter the condition on the items, if there is one
 * @param otherwise runs if no run of the body came to its end, which is when jinja2 runs it
 */
record LoopCode(
    Code.Target target,
    int loopSlot,
    Code.Entry entry,
    Code.Statement body,
    Code.Entry exit,
    @Nullable Filter filter,
    Code.@Nullable Statement otherwise,
    int offset) {

  /** The condition on the items of a loop: a function with variables of its own. */
  record Filter(FunctionScope function, Code.Entry entry, Code.Target target, Code.Expression test) {

    /** The items that fulfil it, found when they are asked for. */
    Iterator<@Nullable Object> select(Iterator<@Nullable Object> items, Activation around) {
      Activation activation = Activation.of(around.run(), around, function);
      entry.enter(activation);
      return new Iterator<>() {
        private @Nullable Object next = Values.MISSING;

        @Override
        public boolean hasNext() {
          while (next == Values.MISSING && items.hasNext()) {
            around.run().budget.step();
            Object item = items.next();
            target.assign(activation, item);
            if (Values.isTrue(test.evaluate(activation))) {
              next = item;
            }
          }
          return next != Values.MISSING;
        }

        @Override
        public @Nullable Object next() {
          if (!hasNext()) {
            throw new NoSuchElementException();
          }
          Object item = next;
          next = Values.MISSING;
          return item;
        }
      };
    }
  }

  /** Runs the loop over what {@code iterable} has; {@code around} is where the loop stands, {@code activation} what its body runs in. */
  Code.Flow run(
      @Nullable Object iterable, Activation around, Activation activation, int depth, LoopState.@Nullable Recursion recursion) {
    Run run = activation.run();
    run.place = offset;
    Iterator<@Nullable Object> items = Values.iterator(iterable);
    if (filter != null) {
      items = filter.select(items, around);
    }
    boolean completed = loopSlot < 0
        ? plain(items, activation)
        : counted(new LoopState(filter == null ? iterable : null, items, depth, recursion, run.budget), activation);
    exit.enter(activation);
    return completed || otherwise == null ? Code.Flow.ON : otherwise.run(activation);
  }

  private boolean plain(Iterator<@Nullable Object> items, Activation activation) {
    boolean completed = false;
    while (items.hasNext()) {
      Code.Flow flow = once(items.next(), activation);
      if (flow == Code.Flow.BREAK) {
        break;
      }
      completed |= flow == Code.Flow.ON;
    }
    return completed;
  }

  private boolean counted(LoopState state, Activation activation) {
    boolean completed = false;
    while (state.hasNext()) {
      Object item = state.next();
      activation.slots()[loopSlot] = state;
      Code.Flow flow = once(item, activation);
      if (flow == Code.Flow.BREAK) {
        break;
      }
      completed |= flow == Code.Flow.ON;
    }
    return completed;
  }

  private Code.Flow once(@Nullable Object item, Activation activation) {
    activation.run().budget.step();
    activation.run().place = offset;
    target.assign(activation, item);
    entry.enter(activation);
    return body.run(activation);
  }

  /** A loop that its body can call: each call has an activation and an output of its own. */
  record Recursive(LoopCode code, FunctionScope function, Activation around) implements LoopState.Recursion {

    @Override
    public String loop(@Nullable Object iterable, int depth) {
      Run run = around.run();
      run.enter();
      Activation activation = Activation.of(run, around, function);
      String text = run.capture(() -> code.run(iterable, around, activation, depth, this));
      run.leave();
      return text == null ? "" : text;
    }
  }
}
