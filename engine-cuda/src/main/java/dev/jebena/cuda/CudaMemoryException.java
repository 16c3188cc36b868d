package dev.jebena.cuda;

/** The device, or pinned host memory, did not suffice; the message names what was asked, what was free and the flag that helps. */
public final class CudaMemoryException extends CudaDriverException {

  private static final long serialVersionUID = 1L;

  CudaMemoryException(String message, String call, int result) {
    super(message, call, result, Severity.CALL);
  }
}
