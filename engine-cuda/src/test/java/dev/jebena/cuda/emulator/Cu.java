package dev.jebena.cuda.emulator;

import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/** What tests of the driver say often. */
final class Cu {

  /** out[i] = factor * in[i], for i under count. */
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

  /** Writes value to *mine and waits until *other holds it: ranks that meet. */
  static final String MEET =
      """
      .version 8.0
      .target sm_80
      .address_size 64
      .visible .entry meet(.param .u64 mine, .param .u64 other, .param .u32 value)
      {
        .reg .pred %p<2>;
        .reg .b32 %r<3>;
        .reg .b64 %rd<3>;
        ld.param.u64 %rd1, [mine];
        ld.param.u64 %rd2, [other];
        ld.param.u32 %r1, [value];
        st.release.sys.global.u32 [%rd1], %r1;
      $wait:
        ld.acquire.sys.global.u32 %r2, [%rd2];
        setp.ne.u32 %p1, %r2, %r1;
        @%p1 bra $wait;
        ret;
      }
      """;

  private Cu() {}

  static CUdevice device(int ordinal) {
    CUdevice device = new CUdevice();
    JCudaDriver.cuDeviceGet(device, ordinal);
    return device;
  }

  /** Makes the primary context of a device the thread's. */
  static CUcontext context(int ordinal) {
    CUcontext context = new CUcontext();
    JCudaDriver.cuDevicePrimaryCtxRetain(context, device(ordinal));
    JCudaDriver.cuCtxSetCurrent(context);
    return context;
  }

  static CUfunction function(String ptx, String name) {
    CUmodule module = new CUmodule();
    JCudaDriver.cuModuleLoadData(module, ptx + "\0");
    CUfunction function = new CUfunction();
    JCudaDriver.cuModuleGetFunction(function, module, name);
    return function;
  }

  static CUstream stream() {
    CUstream stream = new CUstream();
    JCudaDriver.cuStreamCreate(stream, 1);
    return stream;
  }

  static CUdeviceptr allocate(long bytes) {
    CUdeviceptr pointer = new CUdeviceptr();
    JCudaDriver.cuMemAlloc(pointer, bytes);
    return pointer;
  }

  static CUdeviceptr floats(float... values) {
    CUdeviceptr pointer = allocate(4L * values.length);
    JCudaDriver.cuMemcpyHtoD(pointer, Pointer.to(values), 4L * values.length);
    return pointer;
  }

  static float[] read(CUdeviceptr pointer, int count) {
    float[] values = new float[count];
    JCudaDriver.cuMemcpyDtoH(Pointer.to(values), pointer, 4L * count);
    return values;
  }

  static int scale(CUfunction function, CUdeviceptr out, CUdeviceptr in, float factor, int count, CUstream stream) {
    return JCudaDriver.cuLaunchKernel(function, (count + 63) / 64, 1, 1, 64, 1, 1, 0, stream,
        Pointer.to(Pointer.to(out), Pointer.to(in), Pointer.to(new float[] {factor}), Pointer.to(new int[] {count})), null);
  }

  /** The native pointer behind a JCuda object, which JCuda tells in its text only. */
  static long address(Object pointer) {
    String text = pointer.toString();
    return Long.parseLong(text.substring(text.indexOf("0x") + 2).replaceAll("[^0-9a-f].*", ""), 16);
  }
}
