package dev.jebena.cuda;

import dev.jebena.engine.backend.ComputeType;

/** How products and attention are computed. The first two keep the answers of float32. */
enum Arithmetic {
  /** Float32 products and sums in one order for each row, whatever else is in the step: a request's bits depend on it alone. */
  EXACT("float32 products and sums, the same bits alone and in a batch"),
  /** As EXACT for few rows; more rows by tensor cores, on operands split into two 16-bit pieces each. */
  SPLIT("float32; many rows by tensor cores on operands split into two 16-bit pieces each"),
  /** As SPLIT, on operands rounded to one piece. */
  ROUNDED("float32 for few rows; many rows by tensor cores on operands rounded to bf16"),
  /** As ROUNDED; few rows by quantised weights are rounded to 8-bit codes. */
  CODES("few rows rounded to 8 bits for quantised weights; many rows by tensor cores on operands rounded to bf16");

  private final String description;

  Arithmetic(String description) {
    this.description = description;
  }

  static Arithmetic of(ComputeType type) {
    return switch (type) {
      case F32 -> EXACT;
      case AUTO -> SPLIT;
      case BF16 -> ROUNDED;
      case INT8 -> CODES;
    };
  }

  /** For people. */
  String description() {
    return description;
  }

  /** Whether products of many rows, and attention of prompts, use tensor cores. */
  boolean usesTensorCores() {
    return this != EXACT;
  }

  /** Rows up to which products read weights row by row. */
  int matvecRows() {
    return usesTensorCores() ? 16 : Integer.MAX_VALUE;
  }

  /** 16-bit pieces that tensor cores get of a float32. */
  int pieces() {
    return this == SPLIT ? 2 : 1;
  }

  /** The end of the names of kernels with so many pieces: it counts their products. */
  String suffix() {
    return pieces() == 2 ? "_x3" : "_x1";
  }
}
