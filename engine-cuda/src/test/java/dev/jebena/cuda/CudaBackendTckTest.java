package dev.jebena.cuda;

import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** One device with exact arithmetic, which promises the same bits alone and in a batch. */
@EnabledIfSystemProperty(named = "jebena.cuda.tck", matches = "full", disabledReason = EmulatedTck.LONG)
class CudaBackendTckTest extends EmulatedTck {

  CudaBackendTckTest() {
    super(1);
  }
}
