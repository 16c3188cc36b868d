package dev.jebena.cuda;

import dev.jebena.cuda.emulator.EmulatedCuda;
import dev.jebena.cuda.emulator.EmulatedCudaOptions;
import dev.jebena.cuda.emulator.ptx.Check;
import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.ComputeType;
import dev.jebena.engine.tck.BackendTck;
import dev.jebena.engine.tck.TckScale;
import java.util.EnumSet;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The tests of every backend on emulated devices: the real PTX, checked for its own mistakes, and nothing left open. */
abstract class EmulatedTck extends BackendTck {

  private final int devices;
  private EmulatedCuda cuda;

  EmulatedTck(int devices) {
    this.devices = devices;
  }

  @BeforeEach
  void start() {
    EmulatedCuda.assumeSupported();
    // the kernels' own tests look for races and uninitialised reads; here thousands of steps run
    cuda = EmulatedCuda.start(
        EmulatedCudaOptions.DEFAULT.withDevices(devices).withDeviceMemoryBytes(8L << 30).withChecks(EnumSet.noneOf(Check.class)));
  }

  @AfterEach
  void stop() {
    if (cuda != null) {
      try {
        cuda.verify();
      } finally {
        cuda.close();
      }
    }
  }

  @Override
  public BackendProvider provider() {
    return new CudaBackendProvider();
  }

  @Override
  public TckScale scale() {
    return "whole".equals(System.getProperty("jebena.cuda.tck")) ? TckScale.WHOLE : TckScale.SMALL;
  }

  @Override
  public BackendSettings settings() {
    return new BackendSettings(OptionalInt.empty(), ComputeType.F32);
  }
}
