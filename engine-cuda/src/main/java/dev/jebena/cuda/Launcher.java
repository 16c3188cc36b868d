package dev.jebena.cuda;

import jcuda.driver.JCudaDriver;

/** Launches kernels into one stream. Used by one thread at a time. */
final class Launcher implements AutoCloseable {

  private final Device device;
  private final DeviceStream stream;
  private final Arguments arguments = new Arguments();
  private long launches;

  Launcher(Device device, DeviceStream stream) {
    this.device = device;
    this.stream = stream;
  }

  DeviceStream stream() {
    return stream;
  }

  /** The arguments of the next launch, empty. */
  Arguments arguments() {
    return arguments.begin();
  }

  /** Launches queued until now, those that were only captured included. */
  long launches() {
    return launches;
  }

  /** Queues a launch; an empty grid is none. */
  void launch(Kernel kernel, int gridX, int gridY, int gridZ, int block, int sharedBytes, Arguments with) {
    if (gridX <= 0 || gridY <= 0 || gridZ <= 0) {
      return;
    }
    launches++;
    int result = JCudaDriver.cuLaunchKernel(
        kernel.function(), gridX, gridY, gridZ, block, 1, 1, sharedBytes, stream.handle(), new Address.Host(with.address()), null);
    if (result != 0) {
      device.check(result, "cuLaunchKernel of " + kernel.name());
    }
  }

  void launch(Kernel kernel, int gridX, int gridY, int block, Arguments with) {
    launch(kernel, gridX, gridY, 1, block, 0, with);
  }

  @Override
  public void close() {
    arguments.close();
  }
}
