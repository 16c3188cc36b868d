package dev.jebena.cuda;

import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;

/** A queue of copies and launches that run one after another. */
final class DeviceStream implements AutoCloseable {

  private final Device device;
  private final CUstream stream;
  private boolean closed;

  DeviceStream(Device device, CUstream stream) {
    this.device = device;
    this.stream = stream;
  }

  CUstream handle() {
    return stream;
  }

  /** Queues a copy from pinned host memory, which must not change until it has run. */
  void upload(long to, long fromHost, long bytes) {
    if (bytes > 0) {
      device.check(
          JCudaDriver.cuMemcpyHtoDAsync(new Address.Device(to), new Address.Host(fromHost), bytes, stream), "cuMemcpyHtoDAsync");
    }
  }

  /** Queues a copy to pinned host memory. */
  void download(long toHost, long from, long bytes) {
    if (bytes > 0) {
      device.check(
          JCudaDriver.cuMemcpyDtoHAsync(new Address.Host(toHost), new Address.Device(from), bytes, stream), "cuMemcpyDtoHAsync");
    }
  }

  void copy(long to, long from, long bytes) {
    if (bytes > 0) {
      device.check(
          JCudaDriver.cuMemcpyDtoDAsync(new Address.Device(to), new Address.Device(from), bytes, stream), "cuMemcpyDtoDAsync");
    }
  }

  /** Queues zeros; {@code bytes} is a multiple of 4. */
  void zero(long at, long bytes) {
    if (bytes > 0) {
      device.check(JCudaDriver.cuMemsetD32Async(new Address.Device(at), 0, bytes / 4, stream), "cuMemsetD32Async");
    }
  }

  /** Waits for all that was queued. */
  void await() {
    device.check(JCudaDriver.cuStreamSynchronize(stream), "cuStreamSynchronize");
  }

  /** Records what {@code launches} queues, without running it. */
  DeviceGraph capture(Runnable launches) {
    device.check(
        JCudaDriver.cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL), "cuStreamBeginCapture");
    CUgraph graph = new CUgraph();
    try {
      launches.run();
    } catch (RuntimeException | Error e) {
      if (JCudaDriver.cuStreamEndCapture(stream, graph) == 0) {
        JCudaDriver.cuGraphDestroy(graph);
      }
      throw e;
    }
    device.check(JCudaDriver.cuStreamEndCapture(stream, graph), "cuStreamEndCapture");
    CUgraphExec executable = new CUgraphExec();
    int result = JCudaDriver.cuGraphInstantiate(executable, graph, 0);
    device.check(JCudaDriver.cuGraphDestroy(graph), "cuGraphDestroy");
    device.check(result, "cuGraphInstantiate");
    device.opened();
    return new DeviceGraph(device, executable);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      device.released(JCudaDriver.cuStreamDestroy(stream), "cuStreamDestroy");
    }
  }
}
