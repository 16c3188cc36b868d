package dev.jebena.cuda;

import jcuda.driver.CUgraphExec;
import jcuda.driver.JCudaDriver;

/** Launches that were captured once and are replayed as one. */
final class DeviceGraph implements AutoCloseable {

  private final Device device;
  private final CUgraphExec executable;
  private boolean closed;

  DeviceGraph(Device device, CUgraphExec executable) {
    this.device = device;
    this.executable = executable;
  }

  void launch(DeviceStream stream) {
    device.check(JCudaDriver.cuGraphLaunch(executable, stream.handle()), "cuGraphLaunch");
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      device.released(JCudaDriver.cuGraphExecDestroy(executable), "cuGraphExecDestroy");
    }
  }
}
