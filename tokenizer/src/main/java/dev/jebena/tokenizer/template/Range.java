package dev.jebena.tokenizer.template;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** A Python range: the numbers from {@code start}, {@code length} of them, {@code step} apart. */
record Range(long start, long stop, long step, int length) {

  private static final int MAX_LENGTH = 100_000;
  private static final long MAX_BOUND = Long.MAX_VALUE / 4;

  /** The function {@code range}, with the sandbox's limit on the length. */
  static Range of(Arguments arguments) {
    var values = arguments.positionalOnly("range", 1, 3);
    long start = values.size() == 1 ? 0 : bound(values.get(0));
    long stop = bound(values.get(values.size() == 1 ? 0 : 1));
    long step = values.size() == 3 ? bound(values.get(2)) : 1;
    if (step == 0) {
      throw new Failure("range() arg 3 must not be zero");
    }
    long span = step > 0 ? stop - start : start - stop;
    long length = span <= 0 ? 0 : (span - 1) / Math.abs(step) + 1;
    if (length > MAX_LENGTH) {
      throw new Failure("Range too big. The sandbox blocks ranges larger than MAX_RANGE (" + MAX_LENGTH + ").");
    }
    return new Range(start, stop, step, (int) length);
  }

  private static long bound(@Nullable Object value) {
    long bound = Arguments.integer(value);
    if (Math.abs(bound) > MAX_BOUND) {
      throw new Failure("range() takes numbers up to " + MAX_BOUND + ", not " + bound);
    }
    return bound;
  }

  long at(long index) {
    return start + index * step;
  }

  /** Where a number stands; -1 if it is not in the range. */
  long indexOf(@Nullable Object value) {
    if (!Values.isNumber(value)) {
      return -1;
    }
    for (int i = 0; i < length; i++) {
      if (Values.equal(at(i), value)) {
        return i;
      }
    }
    return -1;
  }

  Range reversed() {
    return new Range(at(length - 1L), start - step, -step, length);
  }

  Iterator<@Nullable Object> iterator() {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < length;
      }

      @Override
      public Object next() {
        if (next >= length) {
          throw new NoSuchElementException();
        }
        return at(next++);
      }
    };
  }
}
