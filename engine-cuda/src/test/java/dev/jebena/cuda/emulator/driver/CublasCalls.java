package dev.jebena.cuda.emulator.driver;

import dev.jebena.cuda.emulator.ptx.KernelFault;
import dev.jebena.cuda.emulator.ptx.MatrixProduct;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The part of cuBLAS that is emulated: matrix products with float sums. Methods have the names and arguments of its functions. */
final class CublasCalls {

  private static final int HOST_POINTERS = 0;

  private final Session session;

  CublasCalls(Session session) {
    this.session = session;
  }

  /** A handle. {@code stream} is the driver's handle of a stream. */
  private static final class Handle {
    private final Context context;
    private long stream;
    private int mathMode;

    Handle(Context context) {
      this.context = context;
    }

    @Override
    public String toString() {
      return "cuBLAS handle";
    }
  }

  void cublasCreate_v2(MemorySegment out) {
    Out.address(out, session.handle(new Handle(session.context())));
  }

  void cublasDestroy_v2(long handle) {
    session.remove(handle, Handle.class);
  }

  void cublasSetStream_v2(long handle, long stream) {
    session.object(handle, Handle.class).stream = stream;
  }

  void cublasGetStream_v2(long handle, MemorySegment out) {
    Out.address(out, session.object(handle, Handle.class).stream);
  }

  void cublasSetMathMode(long handle, int mode) {
    session.object(handle, Handle.class).mathMode = mode;
  }

  void cublasGetMathMode(long handle, MemorySegment mode) {
    Out.integer(mode, session.object(handle, Handle.class).mathMode);
  }

  void cublasSetWorkspace_v2(long handle, long workspace, long bytes) {
    session.object(handle, Handle.class);
    if (bytes > 0) {
      require("cublasSetWorkspace", workspace, bytes);
    }
  }

  void cublasSetPointerMode_v2(long handle, int mode) {
    if (mode != HOST_POINTERS) {
      throw new CudaFailure(CuResult.NOT_SUPPORTED, "cuBLAS with factors in device memory is not emulated");
    }
  }

  void cublasGetPointerMode_v2(long handle, MemorySegment mode) {
    Out.integer(mode, HOST_POINTERS);
  }

  void cublasSetAtomicsMode(long handle, int mode) {
    session.object(handle, Handle.class);
  }

  void cublasGetVersion_v2(long handle, MemorySegment version) {
    Out.integer(version, 120600);
  }

  void cublasGemmEx(long handle, int transposeA, int transposeB, int m, int n, int k, MemorySegment alpha, long a, int aType, int lda, long b, int bType,
      int ldb, MemorySegment beta, long c, int cType, int ldc, int compute, int algorithm) {
    cublasGemmStridedBatchedEx(handle, transposeA, transposeB, m, n, k, alpha, a, aType, lda, 0, b, bType, ldb, 0, beta, c, cType, ldc, 0, 1, compute, algorithm);
  }

  void cublasSgemm_v2(long handle, int transposeA, int transposeB, int m, int n, int k, MemorySegment alpha, long a, int lda, long b, int ldb,
      MemorySegment beta, long c, int ldc) {
    int float32 = 0;
    cublasGemmEx(handle, transposeA, transposeB, m, n, k, alpha, a, float32, lda, b, float32, ldb, beta, c, float32, ldc, MatrixProduct.COMPUTE_32F, 0);
  }

  void cublasGemmStridedBatchedEx(long handle, int transposeA, int transposeB, int m, int n, int k, MemorySegment alpha, long a, int aType, int lda, long aStride,
      long b, int bType, int ldb, long bStride, MemorySegment beta, long c, int cType, int ldc, long cStride, int batch, int compute, int algorithm) {
    Handle blas = session.object(handle, Handle.class);
    session.context();
    MatrixProduct product;
    try {
      product = new MatrixProduct(transposeA, transposeB, m, n, k, scalar(alpha, compute), new MatrixProduct.Operand(a, aType, lda, aStride),
          new MatrixProduct.Operand(b, bType, ldb, bStride), scalar(beta, compute), new MatrixProduct.Operand(c, cType, ldc, cStride), batch, compute);
      product.check(session.space);
    } catch (IllegalArgumentException | KernelFault e) {
      throw new CudaFailure(CuResult.INVALID_VALUE, "cuBLAS: " + e.getMessage());
    } catch (UnsupportedOperationException e) {
      throw new CudaFailure(CuResult.NOT_SUPPORTED, "cuBLAS: " + e.getMessage());
    }
    session.stream(blas.stream).submit(GraphNode.Other.library(() -> product.run(session.space)));
  }

  private static float scalar(MemorySegment pointer, int compute) {
    if (compute == MatrixProduct.COMPUTE_16F) {
      return Float.float16ToFloat(Out.bytes(pointer, 2).get(ValueLayout.JAVA_SHORT_UNALIGNED, 0));
    }
    return Out.bytes(pointer, 4).get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0);
  }

  private void require(String call, long address, long bytes) {
    try {
      session.space.require(address, bytes);
    } catch (KernelFault e) {
      throw new CudaFailure(CuResult.INVALID_VALUE, call + ": " + e.getMessage());
    }
  }
}
