package dev.jebena.cuda.emulator.ptx;

/**
 * The state spaces of PTX, and where each lies in the generic address space of the emulator. Device memory has addresses above all
 * windows, host memory below them.
 */
enum Space {
  GENERIC(0),
  GLOBAL(0),
  CONST(0),
  SHARED(0x0100_0000_0000_0000L),
  LOCAL(0x0140_0000_0000_0000L),
  PARAM(0x0180_0000_0000_0000L);

  /** A window is this large. */
  static final long WINDOW_BYTES = 1L << 32;

  /** The generic address of the first byte of the space, 0 where generic addresses are the space's own. */
  final long window;

  Space(long window) {
    this.window = window;
  }

  boolean holds(long genericAddress) {
    return window != 0 && genericAddress >= window && genericAddress - window < WINDOW_BYTES;
  }
}
