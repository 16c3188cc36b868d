package dev.jebena.cuda;

import java.io.IOException;
import java.util.Set;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;

/**
 * Products of dense 16-bit weights by cuBLAS, into one stream. It gets its workspace from its caller, so that it allocates nothing while a step is captured or
 * runs. Used by one thread at a time, like the stream.
 *
 * <p>FP8 is not here: only cublasLt multiplies it, and JCublas has no binding of cublasLt.
 */
final class Cublas implements AutoCloseable {

  /** What NVIDIA recommends for Hopper; other devices need less. */
  static final long WORKSPACE_BYTES = 32L << 20;

  private static final String REMEDY =
      ": products of many rows by F16 and BF16 weights run on the project's own kernel; for cuBLAS put jcublas-12.6.0.jar and its natives into the folder"
          + " cuda/, and libcublas.so.12 (of CUDA 12, or of the Python package nvidia-cublas-cu12) where the system finds it, see docs/cuda.md";

  /** Beside the driver's own errors: the device has failed in the middle of a product. */
  private static final Set<Integer> LOSES_CONTEXT =
      Set.of(cublasStatus.CUBLAS_STATUS_EXECUTION_FAILED, cublasStatus.CUBLAS_STATUS_MAPPING_ERROR);

  private final Device device;
  private final cublasHandle handle;
  private final Pointer one = Pointer.to(new float[] {1});
  private final Pointer zero = Pointer.to(new float[] {0});
  private long workspace;
  private boolean closed;

  private Cublas(Device device, cublasHandle handle) {
    this.device = device;
    this.handle = handle;
  }

  /** What came of looking for cuBLAS. */
  sealed interface Found {}

  /** It is there. */
  record Works(Cublas cublas) implements Found {}

  /** It is not, and why. */
  record Missing(String reason) implements Found {}

  /** Opens cuBLAS for a stream of the bound device, if it is on this machine. */
  static Found open(Device device, DeviceStream stream) {
    try {
      Installation.inOwnFolder(() -> JCublas2.setExceptionsEnabled(false));
      cublasHandle handle = new cublasHandle();
      Cublas cublas = new Cublas(device, handle);
      cublas.check(JCublas2.cublasCreate(handle), "cublasCreate");
      device.opened();
      int result = JCublas2.cublasSetStream(handle, new cudaStream_t(stream.handle()));
      if (result != cublasStatus.CUBLAS_STATUS_SUCCESS) {
        cublas.close();
      }
      cublas.check(result, "cublasSetStream");
      return new Works(cublas);
    } catch (IOException | LinkageError e) {
      return new Missing("cuBLAS cannot be loaded (" + e.getMessage() + ")" + REMEDY);
    } catch (CudaDriverException e) {
      if (e.severity() == CudaDriverException.Severity.CONTEXT) {
        throw e;
      }
      return new Missing("cuBLAS does not start (" + e.getMessage() + ")" + REMEDY);
    }
  }

  /** The elements of the factors. */
  enum Element {
    F16(cudaDataType.CUDA_R_16F),
    BF16(cudaDataType.CUDA_R_16BF);

    private final int code;

    Element(int code) {
      this.code = code;
    }
  }

  /** What a product does with what its result held before. */
  enum Before {
    REPLACED,
    ADDED_TO
  }

  /** Takes the memory that products may use from now on, {@link #WORKSPACE_BYTES} at an address aligned to 256. */
  void workspace(long address) {
    if (address != workspace) {
      check(JCublas2.cublasSetWorkspace(handle, new Address.Device(address), WORKSPACE_BYTES), "cublasSetWorkspace");
      workspace = address;
    }
  }

  /**
   * Queues {@code out = x weight^T}, with float32 sums.
   *
   * @param x {@code [rows][xStride]} of 16-bit elements
   * @param weight {@code [out.columns][weightStride]} of 16-bit elements
   * @param columns that are summed over
   */
  void multiply(Element element, long x, int xStride, long weight, int weightStride, int columns, Place out, int rows, Before before) {
    // cuBLAS counts by columns: row-major [r, c] is its [c, r]
    int result = JCublas2.cublasGemmEx_new(
        handle, cublasOperation.CUBLAS_OP_T, cublasOperation.CUBLAS_OP_N, out.columns(), rows, columns, one,
        new Address.Device(weight), element.code, weightStride, new Address.Device(x), element.code, xStride,
        before == Before.REPLACED ? zero : one, new Address.Device(out.address()), cudaDataType.CUDA_R_32F, out.stride(),
        cublasComputeType.CUBLAS_COMPUTE_32F, cublasGemmAlgo.CUBLAS_GEMM_DEFAULT);
    check(result, "cublasGemmEx");
  }

  private void check(int result, String call) {
    if (result == cublasStatus.CUBLAS_STATUS_SUCCESS) {
      return;
    }
    String what = call + " failed on " + device + ": " + cublasStatus.stringFor(result) + " (" + result + ")";
    if (result == cublasStatus.CUBLAS_STATUS_ALLOC_FAILED) {
      throw new CudaMemoryException(what + ": lower --gpu-memory-utilization, which leaves more to cuBLAS", call, result);
    }
    if (LOSES_CONTEXT.contains(result)) {
      device.lose(what);
      throw new CudaDriverException(what + "; nothing that it computed is used: restart the process", call, result, CudaDriverException.Severity.CONTEXT);
    }
    throw new CudaDriverException(what, call, result, CudaDriverException.Severity.CALL);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      if (device.isLost()) {
        device.released(0, "cublasDestroy");
        return;
      }
      int result = JCublas2.cublasDestroy(handle);
      device.released(0, "cublasDestroy");
      check(result, "cublasDestroy");
    }
  }
}
