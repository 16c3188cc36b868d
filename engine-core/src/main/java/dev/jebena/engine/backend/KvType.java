package dev.jebena.engine.backend;

/** How cached keys and values are stored. */
public enum KvType {
  F32,
  F16,
  BF16,
  /** 8-bit codes with one F16 scale for 32 columns; rounds more than the others and is never chosen by itself. */
  Q8_0
}
