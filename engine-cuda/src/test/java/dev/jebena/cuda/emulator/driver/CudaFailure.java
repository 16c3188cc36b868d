package dev.jebena.cuda.emulator.driver;

/** A driver call that ends with an error. */
final class CudaFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final CuResult result;

  /** An error that callers may well expect. */
  CudaFailure(CuResult result) {
    super(result.driverName(), null, false, false);
    this.result = result;
  }

  /** An error by the caller's mistake, which is kept among the failures. */
  CudaFailure(CuResult result, String mistake) {
    super(mistake, null, false, false);
    this.result = result;
  }

  CuResult result() {
    return result;
  }

  boolean isMistake() {
    return !result.driverName().equals(getMessage());
  }
}
