package dev.jebena.cuda;

import jcuda.driver.CUevent;
import jcuda.driver.JCudaDriver;

/** A mark in a stream that the host can wait for. */
final class DeviceEvent implements AutoCloseable {

  private final Device device;
  private final CUevent event;
  private boolean closed;

  DeviceEvent(Device device, CUevent event) {
    this.device = device;
    this.event = event;
  }

  void record(DeviceStream stream) {
    device.check(JCudaDriver.cuEventRecord(event, stream.handle()), "cuEventRecord");
  }

  /** Waits until all that was before the mark has run; what failed there is thrown here. */
  void await() {
    device.check(JCudaDriver.cuEventSynchronize(event), "cuEventSynchronize");
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      device.released(JCudaDriver.cuEventDestroy(event), "cuEventDestroy");
    }
  }
}
