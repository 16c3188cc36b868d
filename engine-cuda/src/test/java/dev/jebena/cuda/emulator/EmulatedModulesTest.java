package dev.jebena.cuda.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import jcuda.Pointer;
import jcuda.driver.CUDA_KERNEL_NODE_PARAMS;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUgraphNode;
import jcuda.driver.CUjitInputType;
import jcuda.driver.CUlinkState;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import jcuda.driver.JITOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Linking, variables of modules, changed nodes of graphs and functions of the host, through unmodified JCuda. */
final class EmulatedModulesTest {

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
    assertTrue(cuda.failures().isEmpty(), () -> cuda.failures().toString());
    cuda.close();
  }

  @Test
  void whatTheLinkerMakesCanBeKeptAndLoaded() {
    CUlinkState state = new CUlinkState();
    JITOptions options = new JITOptions();
    JCudaDriver.cuLinkCreate(options, state);
    byte[] ptx = (Cu.SCALE + "\0").getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    JCudaDriver.cuLinkAddData(state, CUjitInputType.CU_JIT_INPUT_PTX, Pointer.to(ptx), ptx.length, "scale", options);
    Pointer image = new Pointer();
    long[] bytes = new long[1];
    JCudaDriver.cuLinkComplete(state, image, bytes);
    byte[] kept = MemorySegment.ofAddress(Cu.address(image)).reinterpret(bytes[0]).toArray(ValueLayout.JAVA_BYTE);
    JCudaDriver.cuLinkDestroy(state);
    CUmodule module = new CUmodule();
    JCudaDriver.cuModuleLoadData(module, kept);
    CUfunction function = new CUfunction();
    JCudaDriver.cuModuleGetFunction(function, module, "scale");
    CUdeviceptr data = Cu.floats(1, 2, 3);
    Cu.scale(function, data, data, 5, 3, null);
    assertArrayEquals(new float[] {5, 10, 15}, Cu.read(data, 3));
  }

  @Test
  void variablesOfAModuleHaveAddresses() {
    CUmodule module = new CUmodule();
    JCudaDriver.cuModuleLoadData(module, Cu.SCALE.replace(".visible", ".global .align 4 .f32 table[3] = {0f3F800000, 0f40000000};\n.visible") + "\0");
    CUdeviceptr address = new CUdeviceptr();
    long[] bytes = new long[1];
    JCudaDriver.cuModuleGetGlobal(address, bytes, module, "table");
    assertEquals(12, bytes[0]);
    assertArrayEquals(new float[] {1, 2, 0}, Cu.read(address, 3));
    assertEquals(12, cuda.usedBytes(0));
    JCudaDriver.cuModuleUnload(module);
    assertEquals(0, cuda.usedBytes(0));
  }

  @Test
  void nodesOfAGraphTakeOtherParameters() {
    CUfunction scale = Cu.function(Cu.SCALE, "scale");
    CUstream stream = Cu.stream();
    CUdeviceptr data = Cu.floats(1, 2, 3);
    JCudaDriver.cuStreamBeginCapture(stream, 0);
    Cu.scale(scale, data, data, 2, 3, stream);
    CUgraph graph = new CUgraph();
    JCudaDriver.cuStreamEndCapture(stream, graph);
    CUgraphExec executable = new CUgraphExec();
    JCudaDriver.cuGraphInstantiate(executable, graph, 0);
    long[] count = {1};
    CUgraphNode[] nodes = {new CUgraphNode()};
    JCudaDriver.cuGraphGetNodes(graph, nodes, count);
    CUDA_KERNEL_NODE_PARAMS parameters = new CUDA_KERNEL_NODE_PARAMS();
    parameters.func = scale;
    parameters.gridDimX = parameters.gridDimY = parameters.gridDimZ = 1;
    parameters.blockDimX = 32;
    parameters.blockDimY = parameters.blockDimZ = 1;
    parameters.kernelParams = Pointer.to(Pointer.to(data), Pointer.to(data), Pointer.to(new float[] {10}), Pointer.to(new int[] {2}));
    JCudaDriver.cuGraphExecKernelNodeSetParams(executable, nodes[0], parameters);
    JCudaDriver.cuGraphLaunch(executable, stream);
    JCudaDriver.cuStreamSynchronize(stream);
    assertArrayEquals(new float[] {10, 20, 3}, Cu.read(data, 3));
  }

  @Test
  void functionsOfTheHostRunInTheirTurn() throws Exception {
    CUfunction scale = Cu.function(Cu.SCALE, "scale");
    CUstream stream = Cu.stream();
    CUdeviceptr data = Cu.floats(1);
    CountDownLatch called = new CountDownLatch(1);
    Cu.scale(scale, data, data, 2, 1, stream);
    JCudaDriver.cuLaunchHostFunc(stream, userData -> called.countDown(), null);
    Cu.scale(scale, data, data, 3, 1, stream);
    JCudaDriver.cuStreamSynchronize(stream);
    assertTrue(called.await(5, TimeUnit.SECONDS));
    assertEquals(6, Cu.read(data, 1)[0]);
  }
}
