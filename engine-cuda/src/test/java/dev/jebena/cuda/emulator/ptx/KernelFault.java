package dev.jebena.cuda.emulator.ptx;

/** A kernel did what it must not do. The kind decides which error the driver reports. */
public final class KernelFault extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** The classes of mistakes that are found. */
  public enum Kind {
    ILLEGAL_ADDRESS,
    USE_AFTER_FREE,
    MISALIGNED,
    UNINITIALISED,
    RACE,
    DIVERGENT_BARRIER,
    SHUFFLE_MASK,
    DEADLOCK,
    TRAP,
    TIMEOUT,
    CANCELLED,
    INTERNAL
  }

  private final Kind kind;

  public KernelFault(Kind kind, String message) {
    super(message, null, false, false);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
