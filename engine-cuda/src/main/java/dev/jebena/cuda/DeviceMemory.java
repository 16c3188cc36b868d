package dev.jebena.cuda;

import jcuda.driver.JCudaDriver;

/** A stretch of device memory. */
final class DeviceMemory implements AutoCloseable {

  private final Device device;
  private final Address.Device pointer;
  private final long bytes;
  private boolean closed;

  DeviceMemory(Device device, Address.Device pointer, long bytes) {
    this.device = device;
    this.pointer = pointer;
    this.bytes = bytes;
  }

  long address() {
    return pointer.address();
  }

  long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      device.released(JCudaDriver.cuMemFree(pointer), "cuMemFree");
    }
  }
}
