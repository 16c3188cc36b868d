package dev.jebena.cuda.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The emulated cuBLAS through unmodified JCublas2. */
final class EmulatedCublasTest {

  private EmulatedCuda cuda;

  @BeforeAll
  static void supported() {
    EmulatedCuda.assumeSupported();
  }

  @BeforeEach
  void start() {
    cuda = EmulatedCuda.start(EmulatedCudaOptions.DEFAULT);
    JCudaDriver.setExceptionsEnabled(true);
    JCudaDriver.cuInit(0);
    Cu.context(0);
  }

  @AfterEach
  void stop() {
    // this is the setting of the whole process, and the backend reads results
    JCudaDriver.setExceptionsEnabled(false);
    cuda.close();
  }

  @Test
  void productsOfAllTypesAndTranspositions() {
    long seed = 7;
    Random random = new Random(seed);
    int m = 5;
    int n = 3;
    int k = 7;
    cublasHandle handle = new cublasHandle();
    assertEquals(0, JCublas2.cublasCreate(handle));
    for (int type : new int[] {cudaDataType.CUDA_R_32F, cudaDataType.CUDA_R_16F, cudaDataType.CUDA_R_16BF}) {
      for (int transposed = 0; transposed < 4; transposed++) {
        boolean ta = (transposed & 1) != 0;
        boolean tb = (transposed & 2) != 0;
        float[] a = new float[m * k];
        float[] b = new float[k * n];
        for (int i = 0; i < a.length; i++) {
          a[i] = random.nextInt(17) - 8;
        }
        for (int i = 0; i < b.length; i++) {
          b[i] = random.nextInt(17) - 8;
        }
        CUdeviceptr out = Cu.floats(new float[m * n]);
        assertEquals(0, JCublas2.cublasGemmEx_new(handle, ta ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N,
            tb ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N, m, n, k, Pointer.to(new float[] {2}), upload(a, type), type, ta ? k : m, upload(b, type), type,
            tb ? n : k, Pointer.to(new float[] {0}), out, cudaDataType.CUDA_R_32F, m, cublasComputeType.CUBLAS_COMPUTE_32F, -1));
        float[] got = Cu.read(out, m * n);
        for (int row = 0; row < m; row++) {
          for (int column = 0; column < n; column++) {
            float expected = 0;
            for (int i = 0; i < k; i++) {
              expected += (ta ? a[row * k + i] : a[i * m + row]) * (tb ? b[i * n + column] : b[column * k + i]);
            }
            assertEquals(2 * expected, got[column * m + row], "type " + type + ", transposed " + transposed + ", seed " + seed);
          }
        }
      }
    }
    JCublas2.cublasDestroy(handle);
    assertTrue(cuda.failures().isEmpty(), () -> cuda.failures().toString());
  }

  private static CUdeviceptr upload(float[] values, int type) {
    if (type == cudaDataType.CUDA_R_32F) {
      return Cu.floats(values);
    }
    short[] small = new short[values.length];
    for (int i = 0; i < values.length; i++) {
      small[i] = type == cudaDataType.CUDA_R_16F ? Float.floatToFloat16(values[i]) : (short) (Float.floatToRawIntBits(values[i]) >>> 16);
    }
    CUdeviceptr pointer = Cu.allocate(2L * small.length);
    JCudaDriver.cuMemcpyHtoD(pointer, Pointer.to(small), 2L * small.length);
    return pointer;
  }

  @Test
  void whatIsNotEmulatedOrDoesNotFitFails() {
    cublasHandle handle = new cublasHandle();
    JCublas2.cublasCreate(handle);
    CUdeviceptr small = Cu.floats(1, 2, 3);
    Pointer one = Pointer.to(new float[] {1});
    assertEquals(cublasStatus.CUBLAS_STATUS_INVALID_VALUE, JCublas2.cublasGemmEx_new(handle, 0, 0, 2, 2, 2, one, small, 0, 2, small, 0, 2, one, small, 0, 2,
        cublasComputeType.CUBLAS_COMPUTE_32F, -1));
    assertTrue(cuda.failures().getFirst().message().contains("out of bounds"), () -> cuda.failures().toString());
    assertEquals(cublasStatus.CUBLAS_STATUS_NOT_SUPPORTED, JCublas2.cublasSaxpy(handle, 1, one, small, 1, small, 1));
    assertEquals("cublasSaxpy_v2 is not emulated", cuda.failures().getLast().message());
    JCublas2.cublasDestroy(handle);
  }
}
