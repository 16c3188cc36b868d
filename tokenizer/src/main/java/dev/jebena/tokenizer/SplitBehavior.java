package dev.jebena.tokenizer;

/** What becomes of the matches when a text is split by a pattern. */
enum SplitBehavior {
  REMOVED,
  ISOLATED,
  MERGED_WITH_PREVIOUS,
  MERGED_WITH_NEXT,
  CONTIGUOUS;

  /** The behavior of that name in {@code tokenizer.json}. */
  static SplitBehavior read(Json json, String byDefault) {
    return switch (json.string(byDefault)) {
      case "Removed" -> REMOVED;
      case "Isolated" -> ISOLATED;
      case "MergedWithPrevious" -> MERGED_WITH_PREVIOUS;
      case "MergedWithNext" -> MERGED_WITH_NEXT;
      case "Contiguous" -> CONTIGUOUS;
      default -> throw json.unsupported("split behavior '" + json.string() + "'");
    };
  }

  /** Takes a range. */
  @FunctionalInterface
  interface Ranges {
    void range(int from, int to);
  }

  /** Puts parts together into ranges; {@link #finish} ends a text. */
  static final class Joiner implements TextPattern.Parts {

    private final SplitBehavior behavior;
    private final boolean invert;
    private final Ranges out;
    private int from;
    private int to;
    private boolean holds;
    private boolean open;
    private boolean lastMatched;

    Joiner(SplitBehavior behavior, boolean invert, Ranges out) {
      this.behavior = behavior;
      this.invert = invert;
      this.out = out;
    }

    @Override
    public void part(int start, int end, boolean wasMatched) {
      boolean matched = wasMatched != invert;
      boolean joins =
          open && switch (behavior) {
            case REMOVED, ISOLATED -> false;
            case MERGED_WITH_PREVIOUS -> matched && !lastMatched;
            case MERGED_WITH_NEXT -> !matched && lastMatched;
            case CONTIGUOUS -> matched == lastMatched;
          };
      lastMatched = matched;
      open = true;
      if (joins && holds) {
        to = end;
        return;
      }
      finishRange();
      if (behavior == REMOVED && matched) {
        return;
      }
      from = start;
      to = end;
      holds = true;
    }

    private void finishRange() {
      if (holds && from < to) {
        out.range(from, to);
      }
      holds = false;
    }

    void finish() {
      finishRange();
    }
  }
}
