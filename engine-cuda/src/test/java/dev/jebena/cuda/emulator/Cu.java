package dev.jebena.cuda.emulator;

import jcuda.driver.CUdevice;
import jcuda.driver.JCudaDriver;

/** What tests of the driver say often. */
final class Cu {

  private Cu() {}

  static CUdevice device(int ordinal) {
    CUdevice device = new CUdevice();
    JCudaDriver.cuDeviceGet(device, ordinal);
    return device;
  }
}
