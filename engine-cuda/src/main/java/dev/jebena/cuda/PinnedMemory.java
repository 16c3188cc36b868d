package dev.jebena.cuda;

import java.lang.foreign.MemorySegment;
import jcuda.driver.JCudaDriver;

/** Host memory that does not move, so that copies to and from the device run beside the program. */
final class PinnedMemory implements AutoCloseable {

  private final Device device;
  private final Address.Host pointer;
  private final MemorySegment segment;
  private boolean closed;

  PinnedMemory(Device device, Address.Host pointer, long bytes) {
    this.device = device;
    this.pointer = pointer;
    this.segment = MemorySegment.ofAddress(pointer.address()).reinterpret(bytes);
  }

  MemorySegment segment() {
    return segment;
  }

  long address() {
    return pointer.address();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      device.released(JCudaDriver.cuMemFreeHost(pointer), "cuMemFreeHost");
    }
  }
}
