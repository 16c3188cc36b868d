package dev.jebena.cuda.emulator.ptx;

/** PTX that cannot be run here: malformed, or with an instruction that the interpreter does not know. Names the line. */
public final class PtxException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public PtxException(int line, String message) {
    super("PTX line " + line + ": " + message);
  }
}
