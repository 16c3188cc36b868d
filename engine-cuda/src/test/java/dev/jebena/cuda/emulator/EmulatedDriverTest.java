package dev.jebena.cuda.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.cuda.emulator.driver.CuResult;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import jcuda.CudaException;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The emulated driver through unmodified JCuda. */
final class EmulatedDriverTest {

  private EmulatedCuda cuda;
  private CUcontext context;

  @BeforeAll
  static void supported() {
    EmulatedCuda.assumeSupported();
  }

  @BeforeEach
  void start() {
    cuda = EmulatedCuda.start(EmulatedCudaOptions.DEFAULT.withDevices(2).withDeviceMemoryBytes(1 << 20));
    JCudaDriver.setExceptionsEnabled(true);
    JCudaDriver.cuInit(0);
    context = Cu.context(0);
  }

  @AfterEach
  void stop() {
    // this is the setting of the whole process, and the backend reads results
    JCudaDriver.setExceptionsEnabled(false);
    cuda.close();
  }

  private static void fails(int result, org.junit.jupiter.api.function.Executable call) {
    String name = CUresult.stringFor(result);
    CudaException e = assertThrows(CudaException.class, call);
    assertTrue(String.valueOf(e.getMessage()).contains(name), e.getMessage() + " is not " + name);
  }

  @Test
  void aKernelRunsFromLoadToResultAndNothingIsLeft() {
    CUmodule module = new CUmodule();
    JCudaDriver.cuModuleLoadData(module, Cu.SCALE + "\0");
    CUfunction function = new CUfunction();
    JCudaDriver.cuModuleGetFunction(function, module, "scale");
    float[] in = new float[1000];
    float[] expected = new float[1000];
    for (int i = 0; i < in.length; i++) {
      in[i] = i;
      expected[i] = 3 * i;
    }
    CUdeviceptr source = Cu.floats(in);
    CUdeviceptr target = Cu.allocate(4000);
    CUstream stream = Cu.stream();
    Cu.scale(function, target, source, 3, 1000, stream);
    JCudaDriver.cuStreamSynchronize(stream);
    assertArrayEquals(expected, Cu.read(target, 1000));
    assertEquals(1, cuda.log().launches());
    assertEquals(1000, cuda.log().counts().getFirst().flops());
    assertEquals(4000, cuda.log().counts().getFirst().globalBytesRead());
    assertEquals(5, cuda.leaks().size(), () -> "two allocations, a stream, a module and the context: " + cuda.leaks());
    assertThrows(AssertionError.class, cuda::verify);
    JCudaDriver.cuMemFree(source);
    JCudaDriver.cuMemFree(target);
    JCudaDriver.cuStreamDestroy(stream);
    JCudaDriver.cuModuleUnload(module);
    JCudaDriver.cuDevicePrimaryCtxRelease(Cu.device(0));
    cuda.verify();
    assertEquals(0, cuda.usedBytes(0));
  }

  @Test
  void devicesTellWhatTheyHave() {
    int[] value = new int[1];
    JCudaDriver.cuDeviceGetCount(value);
    assertEquals(2, value[0]);
    JCudaDriver.cuDeviceGetAttribute(value, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, Cu.device(1));
    assertEquals(8, value[0]);
    JCudaDriver.cuDriverGetVersion(value);
    assertEquals(12060, value[0]);
    long[] free = new long[1];
    long[] total = new long[1];
    JCudaDriver.cuMemGetInfo(free, total);
    assertEquals(1 << 20, total[0]);
    assertEquals(total[0], free[0]);
    String[] name = new String[1];
    JCudaDriver.cuGetErrorName(700, name);
    assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", name[0]);
    fails(CUresult.CUDA_ERROR_INVALID_DEVICE, () -> Cu.device(2));
  }

  @Test
  void memoryRunsOutAndComesBack() {
    CUdeviceptr most = Cu.allocate((1 << 20) - 1000);
    fails(CUresult.CUDA_ERROR_OUT_OF_MEMORY, () -> Cu.allocate(1001));
    CUdeviceptr rest = Cu.allocate(1000);
    assertEquals(1 << 20, cuda.usedBytes(0));
    JCudaDriver.cuMemFree(most);
    JCudaDriver.cuMemFree(rest);
    assertEquals(0, cuda.usedBytes(0));
    assertTrue(cuda.failures().isEmpty(), "to run out of memory is no mistake");
    fails(CUresult.CUDA_ERROR_INVALID_VALUE, () -> JCudaDriver.cuMemFree(rest));
    assertTrue(cuda.failures().getFirst().message().contains("no live allocation"), () -> cuda.failures().toString());
  }

  @Test
  void copiesStayWithinAllocations() {
    CUdeviceptr pointer = Cu.allocate(64);
    fails(CUresult.CUDA_ERROR_INVALID_VALUE, () -> JCudaDriver.cuMemcpyHtoD(pointer, Pointer.to(new float[17]), 68));
    JCudaDriver.cuMemsetD32(pointer, Float.floatToRawIntBits(2.5f), 16);
    assertEquals(2.5f, Cu.read(pointer, 16)[15]);
    CUdeviceptr copy = Cu.allocate(64);
    JCudaDriver.cuMemcpyDtoD(copy, pointer, 64);
    assertEquals(2.5f, Cu.read(copy, 16)[0]);
  }

  @Test
  void pinnedMemoryIsReadWhenTheCopyIsDoneAndPageableMemoryAtTheCall() {
    CUfunction meet = Cu.function(Cu.MEET, "meet");
    CUdeviceptr flags = Cu.floats(0, 0);
    CUstream stream = Cu.stream();
    CUdeviceptr target = Cu.allocate(4);
    CUdeviceptr other = Cu.allocate(4);
    Pointer pinned = new Pointer();
    JCudaDriver.cuMemAllocHost(pinned, 4);
    java.nio.FloatBuffer host = pinned.getByteBuffer(0, 4).order(java.nio.ByteOrder.nativeOrder()).asFloatBuffer();
    float[] pageable = {1};
    host.put(0, 1);
    // the stream waits for a flag that is set below
    JCudaDriver.cuLaunchKernel(meet, 1, 1, 1, 1, 1, 1, 0, stream,
        Pointer.to(Pointer.to(flags), Pointer.to(flags.withByteOffset(4)), Pointer.to(new int[] {5})), null);
    JCudaDriver.cuMemcpyHtoDAsync(target, pinned, 4, stream);
    JCudaDriver.cuMemcpyHtoDAsync(other, Pointer.to(pageable), 4, stream);
    host.put(0, 2);
    pageable[0] = 2;
    JCudaDriver.cuMemsetD32(flags.withByteOffset(4), 5, 1);
    JCudaDriver.cuStreamSynchronize(stream);
    assertEquals(2, Cu.read(target, 1)[0]);
    assertEquals(1, Cu.read(other, 1)[0]);
    JCudaDriver.cuMemFreeHost(pinned);
  }

  @Test
  void eventsOrderStreams() {
    CUfunction scale = Cu.function(Cu.SCALE, "scale");
    CUstream first = Cu.stream();
    CUstream second = Cu.stream();
    CUdeviceptr data = Cu.floats(1, 2, 3);
    CUevent start = new CUevent();
    CUevent done = new CUevent();
    JCudaDriver.cuEventCreate(start, 0);
    JCudaDriver.cuEventCreate(done, 0);
    JCudaDriver.cuEventRecord(start, first);
    for (int i = 0; i < 10; i++) {
      Cu.scale(scale, data, data, 2, 3, first);
    }
    JCudaDriver.cuEventRecord(done, first);
    JCudaDriver.cuStreamWaitEvent(second, done, 0);
    Cu.scale(scale, data, data, 0.5f, 3, second);
    JCudaDriver.cuStreamSynchronize(second);
    assertArrayEquals(new float[] {512, 1024, 1536}, Cu.read(data, 3));
    float[] milliseconds = new float[1];
    JCudaDriver.cuEventElapsedTime(milliseconds, start, done);
    assertTrue(milliseconds[0] > 0);
    assertEquals(CUresult.CUDA_SUCCESS, JCudaDriver.cuEventQuery(done));
  }

  @Test
  void graphsRunWhatWasCaptured() {
    CUfunction scale = Cu.function(Cu.SCALE, "scale");
    CUstream stream = Cu.stream();
    CUstream side = Cu.stream();
    CUdeviceptr data = Cu.floats(1, 2, 3);
    CUdeviceptr copy = Cu.allocate(12);
    CUevent fork = new CUevent();
    CUevent join = new CUevent();
    JCudaDriver.cuEventCreate(fork, 0);
    JCudaDriver.cuEventCreate(join, 0);
    JCudaDriver.cuStreamBeginCapture(stream, 0);
    Cu.scale(scale, data, data, 2, 3, stream);
    JCudaDriver.cuEventRecord(fork, stream);
    JCudaDriver.cuStreamWaitEvent(side, fork, 0);
    JCudaDriver.cuMemcpyDtoDAsync(copy, data, 12, side);
    JCudaDriver.cuEventRecord(join, side);
    JCudaDriver.cuStreamWaitEvent(stream, join, 0);
    Cu.scale(scale, copy, copy, 10, 3, stream);
    CUgraph graph = new CUgraph();
    JCudaDriver.cuStreamEndCapture(stream, graph);
    assertArrayEquals(new float[] {1, 2, 3}, Cu.read(data, 3), "a capture runs nothing");
    CUgraphExec executable = new CUgraphExec();
    JCudaDriver.cuGraphInstantiate(executable, graph, 0);
    for (int i = 0; i < 3; i++) {
      JCudaDriver.cuGraphLaunch(executable, stream);
    }
    JCudaDriver.cuStreamSynchronize(stream);
    assertArrayEquals(new float[] {8, 16, 24}, Cu.read(data, 3));
    assertArrayEquals(new float[] {80, 160, 240}, Cu.read(copy, 3));
    assertEquals(6, cuda.log().launches());
    JCudaDriver.cuGraphExecDestroy(executable);
    JCudaDriver.cuGraphDestroy(graph);
    assertTrue(cuda.failures().isEmpty(), () -> cuda.failures().toString());
  }

  @Test
  void aCaptureEndsWithAnErrorWhenSomebodyWaitsInIt() {
    CUstream stream = Cu.stream();
    JCudaDriver.cuStreamBeginCapture(stream, 0);
    fails(CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, () -> JCudaDriver.cuStreamSynchronize(stream));
    fails(CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, () -> JCudaDriver.cuStreamEndCapture(stream, new CUgraph()));
  }

  @Test
  void launchesThatDoNotFitAreRefused() {
    CUfunction scale = Cu.function(Cu.SCALE, "scale");
    CUdeviceptr data = Cu.floats(1);
    Pointer parameters = Pointer.to(Pointer.to(data), Pointer.to(data), Pointer.to(new float[] {1}), Pointer.to(new int[] {1}));
    fails(CUresult.CUDA_ERROR_INVALID_VALUE, () -> JCudaDriver.cuLaunchKernel(scale, 1, 1, 1, 1025, 1, 1, 0, null, parameters, null));
    fails(CUresult.CUDA_ERROR_INVALID_VALUE, () -> JCudaDriver.cuLaunchKernel(scale, 1, 1, 1, 32, 1, 1, 100_000, null, parameters, null));
    JCudaDriver.cuFuncSetAttribute(scale, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 100_000);
    JCudaDriver.cuLaunchKernel(scale, 1, 1, 1, 32, 1, 1, 100_000, null, parameters, null);
    JCudaDriver.cuCtxSynchronize();
    int[] blocks = new int[1];
    JCudaDriver.cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, scale, 256, 40_000);
    assertEquals(4, blocks[0]);
  }

  @Test
  void aFaultOfAKernelStaysAndIsTold() {
    CUfunction scale = Cu.function(Cu.SCALE, "scale");
    CUdeviceptr data = Cu.floats(1, 2, 3);
    Cu.scale(scale, data, data, 1, 4, null);
    fails(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, JCudaDriver::cuCtxSynchronize);
    fails(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, () -> Cu.allocate(16));
    String message = cuda.failures().getFirst().message();
    assertTrue(message.contains("in scale, block (0, 0, 0), thread (3, 0, 0) at line 22: ld.global.f32") && message.contains("offset 12"), message);
    // the other device works on
    Cu.context(1);
    JCudaDriver.cuMemFree(Cu.allocate(16));
  }

  @Test
  void errorsCanBeInjected() {
    CUfunction scale = Cu.function(Cu.SCALE, "scale");
    CUdeviceptr data = Cu.floats(1, 2, 3);
    cuda.injectAtNextLaunch(0, CuResult.LAUNCH_FAILED);
    Cu.scale(scale, data, data, 1, 3, null);
    fails(CUresult.CUDA_ERROR_LAUNCH_FAILED, JCudaDriver::cuCtxSynchronize);
    cuda.injectNow(1, CuResult.ECC_UNCORRECTABLE);
    Cu.context(1);
    fails(CUresult.CUDA_ERROR_ECC_UNCORRECTABLE, () -> Cu.allocate(16));
  }

  @Test
  void kernelsOnTwoDevicesMeetThroughPeerMemory() {
    CUdeviceptr[] flags = new CUdeviceptr[2];
    CUcontext[] contexts = {context, Cu.context(1)};
    CUfunction[] meet = new CUfunction[2];
    for (int i = 0; i < 2; i++) {
      JCudaDriver.cuCtxSetCurrent(contexts[i]);
      JCudaDriver.cuCtxEnablePeerAccess(contexts[1 - i], 0);
      flags[i] = Cu.floats(0);
      meet[i] = Cu.function(Cu.MEET, "meet");
    }
    for (int i = 0; i < 2; i++) {
      JCudaDriver.cuCtxSetCurrent(contexts[i]);
      JCudaDriver.cuLaunchKernel(meet[i], 1, 1, 1, 1, 1, 1, 0, null,
          Pointer.to(Pointer.to(flags[1 - i]), Pointer.to(flags[i]), Pointer.to(new int[] {77})), null);
    }
    for (int i = 0; i < 2; i++) {
      JCudaDriver.cuCtxSetCurrent(contexts[i]);
      JCudaDriver.cuCtxSynchronize();
      assertEquals(77, Float.floatToRawIntBits(Cu.read(flags[i], 1)[0]));
    }
  }

  @Test
  void aKernelOfOneDeviceIsNotLaunchedOnAnother() {
    CUfunction scale = Cu.function(Cu.SCALE, "scale");
    Cu.context(1);
    CUdeviceptr data = Cu.floats(1);
    CUstream stream = Cu.stream();
    fails(CUresult.CUDA_ERROR_INVALID_HANDLE, () -> Cu.scale(scale, data, data, 1, 1, stream));
  }

  @Test
  void withoutPeerAccessAnotherDevicesMemoryIsIllegal() {
    Cu.context(1);
    CUdeviceptr far = Cu.floats(1, 2);
    JCudaDriver.cuCtxSetCurrent(context);
    Cu.scale(Cu.function(Cu.SCALE, "scale"), far, far, 1, 2, null);
    fails(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, JCudaDriver::cuCtxSynchronize);
    assertTrue(cuda.failures().getFirst().message().contains("no peer access"));
  }

  @Test
  void badModulesAreRefusedWithTheirReason() {
    fails(CUresult.CUDA_ERROR_INVALID_PTX, () -> Cu.function(Cu.SCALE.replace(".version 8.0", ".version 9.0"), "scale"));
    fails(CUresult.CUDA_ERROR_INVALID_PTX, () -> Cu.function(Cu.SCALE.replace("sm_80", "sm_90"), "scale"));
    fails(CUresult.CUDA_ERROR_INVALID_PTX, () -> Cu.function(Cu.SCALE.replace("mul.f32", "mulx.f32"), "scale"));
    assertTrue(cuda.failures().getLast().message().contains("PTX line 23: the instruction is not emulated: mulx.f32"), () -> cuda.failures().toString());
    fails(CUresult.CUDA_ERROR_NOT_FOUND, () -> Cu.function(Cu.SCALE, "other"));
  }

  @Test
  void whatIsNotEmulatedFailsByName() {
    JCudaDriver.setExceptionsEnabled(false);
    assertEquals(CUresult.CUDA_ERROR_NOT_SUPPORTED, JCudaDriver.cuMemPrefetchAsync(new CUdeviceptr(), 1, Cu.device(0), null));
    assertEquals("cuMemPrefetchAsync is not emulated", cuda.failures().getFirst().message());
  }

  @Test
  void callsNeedAContextOfTheirThread() throws Exception {
    CudaException[] thrown = new CudaException[1];
    Thread thread = new Thread(() -> thrown[0] = assertThrows(CudaException.class, () -> Cu.allocate(16)));
    thread.start();
    thread.join();
    assertTrue(String.valueOf(thrown[0].getMessage()).contains("CUDA_ERROR_INVALID_CONTEXT"));
  }

  @Test
  void javaReachesTheDriverWithoutJcudaToo() throws Throwable {
    CUfunction scale = Cu.function(Cu.SCALE, "scale");
    CUdeviceptr data = Cu.floats(1, 2, 3);
    try (Arena arena = Arena.ofConfined()) {
      SymbolLookup driver = SymbolLookup.libraryLookup("libcuda.so.1", arena);
      MethodHandle launch = Linker.nativeLinker().downcallHandle(driver.find("cuLaunchKernelEx").orElseThrow(),
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
      MemorySegment configuration = arena.allocate(56, 8);
      MemorySegment.copy(new int[] {1, 1, 1, 32, 1, 1, 0}, 0, configuration, ValueLayout.JAVA_INT, 0, 7);
      MemorySegment parameters = arena.allocate(32, 8);
      MemorySegment values = arena.allocate(24, 8);
      values.set(ValueLayout.JAVA_LONG, 0, Cu.address(data));
      values.set(ValueLayout.JAVA_LONG, 8, Cu.address(data));
      values.set(ValueLayout.JAVA_FLOAT, 16, 4f);
      values.set(ValueLayout.JAVA_INT, 20, 3);
      int[] offsets = {0, 8, 16, 20};
      for (int i = 0; i < 4; i++) {
        parameters.setAtIndex(ValueLayout.ADDRESS, i, values.asSlice(offsets[i]));
      }
      assertEquals(0, (int) launch.invokeExact(configuration, Cu.address(scale), parameters, MemorySegment.NULL));
    }
    assertArrayEquals(new float[] {4, 8, 12}, Cu.read(data, 3));
  }
}
