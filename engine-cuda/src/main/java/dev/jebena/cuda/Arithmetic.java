package dev.jebena.cuda;

import dev.jebena.engine.backend.ComputeType;

/** How products and attention are computed; both keep the answers of float32. */
enum Arithmetic {
  /** Float32 products and sums in one order for each row, whatever else is in the step: a request's bits depend on it alone. */
  EXACT,
  /** As EXACT for few rows; more rows by tensor cores, on operands split into two bf16 each. */
  SPLIT;

  static Arithmetic of(ComputeType type) {
    return switch (type) {
      case F32 -> EXACT;
      case AUTO -> SPLIT;
    };
  }

  /** Rows up to which products read weights row by row. */
  int matvecRows() {
    return switch (this) {
      case EXACT -> Integer.MAX_VALUE;
      case SPLIT -> 16;
    };
  }
}
