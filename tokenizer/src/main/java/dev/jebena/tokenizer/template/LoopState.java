package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The variable {@code loop}. It looks ahead only as far as it is asked to, so that lazy items are computed when Python computes them. */
final class LoopState implements Callable {

  /** Runs the body of a recursive loop over other items. */
  @FunctionalInterface
  interface Recursion {
    String loop(@Nullable Object iterable, int depth);
  }

  private final @Nullable Object iterable;
  private final @Nullable Recursion recursion;
  private final Budget budget;
  private final int depth;
  private Iterator<@Nullable Object> items;
  private long length = -1;
  private int index = -1;
  private @Nullable Object before = Values.MISSING;
  private @Nullable Object current = Values.MISSING;
  private @Nullable Object after = Values.MISSING;
  private @Nullable Object lastChanged = Values.MISSING;

  /** A loop over {@code items}, which come from {@code iterable}; {@code depth} counts the recursive loops around it. */
  LoopState(@Nullable Object iterable, Iterator<@Nullable Object> items, int depth, @Nullable Recursion recursion, Budget budget) {
    this.iterable = iterable;
    this.items = items;
    this.depth = depth;
    this.recursion = recursion;
    this.budget = budget;
  }

  boolean hasNext() {
    return after != Values.MISSING || items.hasNext();
  }

  @Nullable Object next() {
    Object item = after != Values.MISSING ? after : items.next();
    after = Values.MISSING;
    index++;
    before = current;
    current = item;
    return item;
  }

  private @Nullable Object peek() {
    if (after == Values.MISSING && items.hasNext()) {
      after = items.next();
    }
    return after;
  }

  long length() {
    if (length < 0) {
      length = iterable instanceof LoopState ? -1 : Values.sizeOf(iterable);
    }
    if (length < 0) {
      List<@Nullable Object> rest = new ArrayList<>();
      while (items.hasNext()) {
        budget.step();
        rest.add(items.next());
      }
      items = rest.iterator();
      length = rest.size() + index + 1L + (after != Values.MISSING ? 1 : 0);
    }
    return length;
  }

  /** What a loop over the loop itself sees. */
  Iterator<@Nullable Object> itself() {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return LoopState.this.hasNext();
      }

      @Override
      public Object next() {
        return Tuple.of(LoopState.this.next(), LoopState.this);
      }
    };
  }

  @Override
  public @Nullable Object attribute(String name) {
    return switch (name) {
      case "index" -> index + 1L;
      case "index0" -> (long) index;
      case "revindex" -> length() - index;
      case "revindex0" -> length() - index - 1;
      case "first" -> index == 0;
      case "last" -> peek() == Values.MISSING;
      case "length" -> length();
      case "depth" -> depth + 1L;
      case "depth0" -> (long) depth;
      case "previtem" -> index == 0 ? new Undefined("there is no previous item") : before;
      case "nextitem" -> peek() == Values.MISSING ? new Undefined("there is no next item") : after;
      case "cycle" -> (Callable) (arguments, run) -> cycle(arguments);
      case "changed" -> (Callable) (arguments, run) -> changed(arguments);
      default -> Values.MISSING;
    };
  }

  private @Nullable Object cycle(Arguments arguments) {
    List<@Nullable Object> values = arguments.positionalOnly("cycle", 0, Integer.MAX_VALUE);
    if (values.isEmpty()) {
      throw new Failure("no items for cycling given");
    }
    return values.get(index % values.size());
  }

  private Object changed(Arguments arguments) {
    Tuple now = new Tuple(arguments.positionalOnly("changed", 0, Integer.MAX_VALUE));
    boolean changed = lastChanged == Values.MISSING || !Values.equal(now, lastChanged);
    lastChanged = changed ? now : lastChanged;
    return changed;
  }

  @Override
  public Object call(Arguments arguments, Run run) {
    if (recursion == null) {
      throw new Failure("The loop must have the 'recursive' marker to be called recursively.");
    }
    return recursion.loop(arguments.bind("loop", 1, "iterable")[0], depth + 1);
  }

  @Override
  public String toString() {
    return "<LoopContext " + (index + 1) + "/" + length() + ">";
  }
}
