package dev.jebena.cuda;

import dev.jebena.engine.backend.BackendException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * One GPU with its primary context, and the count of what is open on it. Every answer of the driver goes through {@link #check}: after an error
 * that loses the context, nothing runs on it any more, so that no wrong token can come from it.
 *
 * <p>A thread calls {@link #bind} before it works with the device.
 */
final class Device implements AutoCloseable {

  private final int ordinal;
  private final CUdevice handle;
  private final CUcontext context = new CUcontext();
  private final String name;
  private final AtomicInteger open = new AtomicInteger();
  private volatile @Nullable CudaDriverException lost;
  private boolean closed;

  private Device(int ordinal, CUdevice handle, String name) {
    this.ordinal = ordinal;
    this.handle = handle;
    this.name = name;
  }

  /** Opens a device; its context is made if the process has none there yet. */
  static Device open(int ordinal) {
    CUdevice handle = new CUdevice();
    DriverCalls.check(JCudaDriver.cuDeviceGet(handle, ordinal), "cuDeviceGet");
    byte[] text = new byte[256];
    DriverCalls.check(JCudaDriver.cuDeviceGetName(text, text.length, handle), "cuDeviceGetName");
    Device device = new Device(ordinal, handle, text(text));
    DriverCalls.check(JCudaDriver.cuDevicePrimaryCtxRetain(device.context, handle), "cuDevicePrimaryCtxRetain");
    device.bind();
    return device;
  }

  static String text(byte[] zeroTerminated) {
    int length = 0;
    while (length < zeroTerminated.length && zeroTerminated[length] != 0) {
      length++;
    }
    return new String(zeroTerminated, 0, length, StandardCharsets.US_ASCII);
  }

  int ordinal() {
    return ordinal;
  }

  /** For people: ordinal and name. */
  @Override
  public String toString() {
    return "device " + ordinal + " (" + name + ")";
  }

  int attribute(int which) {
    int[] value = new int[1];
    check(JCudaDriver.cuDeviceGetAttribute(value, which, handle), "cuDeviceGetAttribute");
    return value[0];
  }

  /** Compute capability, for example 90 for 9.0. */
  int computeCapability() {
    return 10 * attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
        + attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  }

  int multiprocessors() {
    return attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  }

  /** Makes the calling thread work with this device. */
  void bind() {
    check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
  }

  /**
   * Checks what the driver answered.
   *
   * @throws CudaDriverException naming the call and the device
   */
  void check(int result, String call) {
    if (result == CUresult.CUDA_SUCCESS) {
      return;
    }
    boolean sticky = DriverCalls.isSticky(result);
    CudaDriverException error = new CudaDriverException(
        call + " failed on " + this + ": " + DriverCalls.describe(result)
            + (sticky ? "; the device's context is lost, nothing that it computed is used: restart the process" : ""),
        call, result, sticky ? CudaDriverException.Severity.CONTEXT : CudaDriverException.Severity.CALL);
    if (sticky && lost == null) {
      lost = error;
    }
    throw error;
  }

  /** Refuses to go on when an earlier error has lost the context. */
  void requireUsable() {
    CudaDriverException earlier = lost;
    if (earlier != null) {
      throw new BackendException(this + " cannot be used any more since " + earlier.getMessage(), earlier);
    }
  }

  /** Gives the device up: what runs on it cannot be ended by its own means. */
  void lose(String why) {
    if (lost == null) {
      lost = new CudaDriverException(this + " is given up: " + why, "none", 0, CudaDriverException.Severity.CONTEXT);
    }
  }

  boolean isLost() {
    return lost != null;
  }

  /** Bytes of free and of all memory of the device, as the driver sees them now. */
  Memory memory() {
    long[] free = new long[1];
    long[] total = new long[1];
    check(JCudaDriver.cuMemGetInfo(free, total), "cuMemGetInfo");
    return new Memory(free[0], total[0]);
  }

  /** A device's memory in bytes. */
  record Memory(long freeBytes, long totalBytes) {}

  /**
   * Allocates device memory.
   *
   * @param what it is for, named in the error
   */
  DeviceMemory allocate(long bytes, String what) {
    requireUsable();
    Address.Device pointer = new Address.Device();
    int result = JCudaDriver.cuMemAlloc(pointer, Math.max(bytes, 256));
    if (DriverCalls.isOutOfMemory(result)) {
      Memory memory = memory();
      throw new CudaMemoryException(
          what + " needs " + bytes + " bytes on " + this + ", " + memory.freeBytes() + " of " + memory.totalBytes()
              + " are free (cuMemAlloc: out of memory): lower --gpu-memory-utilization, --kv-cache-memory-bytes, --max-model-len or"
              + " --max-num-batched-tokens, end other processes on the device, or use more devices with --tensor-parallel-size",
          "cuMemAlloc", result);
    }
    check(result, "cuMemAlloc");
    opened();
    return new DeviceMemory(this, pointer, bytes);
  }

  /** Allocates host memory that the device reads and writes by itself. */
  PinnedMemory pin(long bytes, String what) {
    requireUsable();
    Address.Host pointer = new Address.Host();
    int result = JCudaDriver.cuMemHostAlloc(pointer, Math.max(bytes, 64), JCudaDriver.CU_MEMHOSTALLOC_PORTABLE);
    if (DriverCalls.isOutOfMemory(result)) {
      throw new CudaMemoryException(
          what + " needs " + bytes + " bytes of pinned host memory (cuMemHostAlloc: out of memory): lower --max-num-batched-tokens or"
              + " --max-num-seqs, or raise the limit of locked memory (ulimit -l)",
          "cuMemHostAlloc", result);
    }
    check(result, "cuMemHostAlloc");
    opened();
    return new PinnedMemory(this, pointer, bytes);
  }

  DeviceStream stream() {
    requireUsable();
    CUstream stream = new CUstream();
    check(JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING), "cuStreamCreate");
    opened();
    return new DeviceStream(this, stream);
  }

  DeviceEvent event() {
    requireUsable();
    CUevent event = new CUevent();
    check(JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING), "cuEventCreate");
    opened();
    return new DeviceEvent(this, event);
  }

  /** Whether this device can read and write the other's memory. */
  boolean canAccess(Device other) {
    int[] can = new int[1];
    check(JCudaDriver.cuDeviceCanAccessPeer(can, handle, other.handle), "cuDeviceCanAccessPeer");
    return can[0] != 0;
  }

  /** Lets this device, which the calling thread is bound to, read and write the other's memory. */
  void enableAccess(Device other) {
    int result = JCudaDriver.cuCtxEnablePeerAccess(other.context, 0);
    if (result != CUresult.CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED) {
      check(result, "cuCtxEnablePeerAccess");
    }
  }

  void opened() {
    open.incrementAndGet();
  }

  /** Takes back what was opened; of a lost context nothing can be released, the driver did it. */
  void released(int result, String call) {
    open.decrementAndGet();
    if (!isLost()) {
      check(result, call);
    }
  }

  /** Allocations, streams, events, modules and graphs that are open. */
  int openResources() {
    return open.get();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      int result = JCudaDriver.cuDevicePrimaryCtxRelease(handle);
      if (!isLost()) {
        check(result, "cuDevicePrimaryCtxRelease");
      }
    }
  }
}
