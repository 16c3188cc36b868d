package dev.jebena.cuda;

import dev.jebena.cuda.emulator.EmulatedCuda;
import dev.jebena.cuda.emulator.EmulatedCudaOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A test on emulated devices: afterwards no kernel has made a mistake and nothing is left open. */
abstract class EmulatedTest {

  private EmulatedCuda cuda;

  @BeforeEach
  void startDevices() {
    EmulatedCuda.assumeSupported();
    cuda = EmulatedCuda.start(options());
  }

  /** The machine that is emulated. */
  EmulatedCudaOptions options() {
    return EmulatedCudaOptions.DEFAULT.withDevices(4);
  }

  EmulatedCuda cuda() {
    return cuda;
  }

  @AfterEach
  void stopDevices() {
    if (cuda != null) {
      try {
        cuda.verify();
      } finally {
        cuda.close();
      }
    }
  }
}
