package dev.jebena.cuda;

import jcuda.driver.CUevent;
import jcuda.driver.CUresult;
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

  /**
   * Waits as {@link #await()} does, and looks now and then whether waiting makes sense.
   *
   * @param check throws if not
   */
  @SuppressWarnings("ThreadPriorityCheck") // a hint only
  void await(Runnable check) {
    for (int i = 1; ; i++) {
      int result = JCudaDriver.cuEventQuery(event);
      if (result != CUresult.CUDA_ERROR_NOT_READY) {
        device.check(result, "cuEventQuery");
        return;
      }
      if (i % 64 == 0) {
        check.run();
        Thread.yield();
      } else {
        Thread.onSpinWait();
      }
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      device.released(JCudaDriver.cuEventDestroy(event), "cuEventDestroy");
    }
  }
}
