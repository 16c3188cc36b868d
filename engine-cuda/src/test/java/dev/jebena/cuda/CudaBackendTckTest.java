package dev.jebena.cuda;


/** One device with exact arithmetic, which promises the same bits alone and in a batch. */
class CudaBackendTckTest extends EmulatedTck {

  CudaBackendTckTest() {
    super(1);
  }
}
