package dev.jebena.cuda.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jcuda.Pointer;
import jcuda.Sizeof;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The emulated driver through unmodified JCuda. */
final class EmulatedDriverTest {

  static final String SCALE =
      """
      .version 8.0
      .target sm_80
      .address_size 64
      .visible .entry scale(.param .u64 out, .param .u64 in, .param .f32 factor, .param .u32 count)
      {
        .reg .pred %p<2>;
        .reg .b32 %r<6>;
        .reg .f32 %f<4>;
        .reg .b64 %rd<6>;
        ld.param.u64 %rd1, [out];
        ld.param.u64 %rd2, [in];
        ld.param.f32 %f1, [factor];
        ld.param.u32 %r1, [count];
        mov.u32 %r2, %ctaid.x;
        mov.u32 %r3, %ntid.x;
        mov.u32 %r4, %tid.x;
        mad.lo.s32 %r5, %r2, %r3, %r4;
        setp.ge.s32 %p1, %r5, %r1;
        @%p1 bra $done;
        mul.wide.s32 %rd3, %r5, 4;
        add.s64 %rd4, %rd2, %rd3;
        ld.global.f32 %f2, [%rd4];
        mul.f32 %f3, %f2, %f1;
        add.s64 %rd5, %rd1, %rd3;
        st.global.f32 [%rd5], %f3;
      $done:
        ret;
      }
      """;

  private EmulatedCuda cuda;
  private final CUcontext context = new CUcontext();

  @BeforeAll
  static void supported() {
    EmulatedCuda.assumeSupported();
  }

  @BeforeEach
  void start() {
    cuda = EmulatedCuda.start(EmulatedCudaOptions.DEFAULT);
    JCudaDriver.setExceptionsEnabled(true);
    JCudaDriver.cuInit(0);
    JCudaDriver.cuDevicePrimaryCtxRetain(context, Cu.device(0));
    JCudaDriver.cuCtxSetCurrent(context);
  }

  @AfterEach
  void stop() {
    cuda.close();
  }

  @Test
  void aKernelRunsFromLoadToResult() {
    CUmodule module = new CUmodule();
    JCudaDriver.cuModuleLoadData(module, SCALE + "\0");
    CUfunction function = new CUfunction();
    JCudaDriver.cuModuleGetFunction(function, module, "scale");
    float[] in = new float[1000];
    for (int i = 0; i < in.length; i++) {
      in[i] = i;
    }
    CUdeviceptr source = new CUdeviceptr();
    CUdeviceptr target = new CUdeviceptr();
    JCudaDriver.cuMemAlloc(source, 4000);
    JCudaDriver.cuMemAlloc(target, 4000);
    CUstream stream = new CUstream();
    JCudaDriver.cuStreamCreate(stream, 1);
    JCudaDriver.cuMemcpyHtoD(source, Pointer.to(in), 4000);
    Pointer parameters = Pointer.to(Pointer.to(target), Pointer.to(source), Pointer.to(new float[] {3}), Pointer.to(new int[] {1000}));
    JCudaDriver.cuLaunchKernel(function, 8, 1, 1, 128, 1, 1, 0, stream, parameters, null);
    JCudaDriver.cuStreamSynchronize(stream);
    float[] out = new float[1000];
    JCudaDriver.cuMemcpyDtoH(Pointer.to(out), target, (long) out.length * Sizeof.FLOAT);
    float[] expected = new float[1000];
    for (int i = 0; i < in.length; i++) {
      expected[i] = 3 * i;
    }
    assertArrayEquals(expected, out);
    assertEquals(1, cuda.log().launches());
    assertEquals(1000, cuda.log().counts().getFirst().flops());
    assertEquals(4000, cuda.log().counts().getFirst().globalBytesRead());
    assertTrue(cuda.failures().isEmpty(), () -> cuda.failures().toString());

    assertEquals(4, cuda.leaks().size() - 1, () -> "two allocations, a stream, a module and the context: " + cuda.leaks());
    JCudaDriver.cuMemFree(source);
    JCudaDriver.cuMemFree(target);
    JCudaDriver.cuStreamDestroy(stream);
    JCudaDriver.cuModuleUnload(module);
    JCudaDriver.cuDevicePrimaryCtxRelease(Cu.device(0));
    cuda.verify();
  }
}
