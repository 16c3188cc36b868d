package dev.jebena.engine.backend;

/** How cached keys and values are stored. */
public enum KvType {
  F32,
  F16,
  BF16,
  /** 8-bit codes with one F16 scale for 32 columns; rounds more than the others and is never chosen by itself. */
  Q8_0,
  /**
   * 8-bit floating point, E4M3 of the OCP's specification, without a scale: 4 significant bits down to 2^-6, what is larger than 448 becomes 448. Rounds
   * more than the others and is never chosen by itself.
   */
  FP8
}
