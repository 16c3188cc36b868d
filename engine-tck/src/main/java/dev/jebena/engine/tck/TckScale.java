package dev.jebena.engine.tck;

import java.util.List;

/** How much work a backend's tests are: which cases there are is the same in all scales. */
public enum TckScale {

  /** For backends that run at the speed of a machine. */
  WHOLE,

  /** For backends that are emulated, a thousand times slower: fewer random shapes of a case, most of them small, and shorter sequences. */
  SMALL;

  /** Random shapes of a case: a third of {@code whole}, two at least. */
  int trials(int whole) {
    return this == WHOLE ? whole : Math.max(2, (whole + 2) / 3);
  }

  /** The sizes up to {@code most} where the scale is small. */
  List<Integer> upTo(int most, List<Integer> sizes) {
    return this == WHOLE ? sizes : sizes.stream().filter(size -> size <= most).toList();
  }

  /** A length in tokens, or a number of sequences. */
  int of(int whole, int small) {
    return this == WHOLE ? whole : small;
  }
}
