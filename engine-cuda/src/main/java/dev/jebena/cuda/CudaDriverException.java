package dev.jebena.cuda;

import dev.jebena.engine.backend.BackendException;

/** A call of the CUDA driver or of cuBLAS failed. */
public class CudaDriverException extends BackendException {

  private static final long serialVersionUID = 1L;

  /** Whether the device can still be used. */
  public enum Severity {
    /** The call failed alone. */
    CALL,
    /** The context is lost: every later call on the device fails too, and nothing that it computed can be trusted. */
    CONTEXT
  }

  private final String call;
  private final int result;
  private final Severity severity;

  CudaDriverException(String message, String call, int result, Severity severity) {
    super(message);
    this.call = call;
    this.result = result;
    this.severity = severity;
  }

  /** The driver's function. */
  public String call() {
    return call;
  }

  /** Its CUresult. */
  public int result() {
    return result;
  }

  /** What is left of the device. */
  public Severity severity() {
    return severity;
  }
}
