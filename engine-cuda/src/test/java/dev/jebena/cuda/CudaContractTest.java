package dev.jebena.cuda;

import dev.jebena.cuda.emulator.EmulatedCudaOptions;
import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.tck.ContractTck;

/** What a backend promises about memory, errors and the order of closing, on an emulated device: the part of the TCK that every build runs. */
class CudaContractTest extends EmulatedTest implements ContractTck {

  @Override
  EmulatedCudaOptions options() {
    return EmulatedCudaOptions.DEFAULT.withDeviceMemoryBytes(8L << 30);
  }

  @Override
  public BackendProvider provider() {
    return new CudaBackendProvider();
  }
}
