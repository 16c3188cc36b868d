package dev.jebena.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUjitInputType;
import jcuda.driver.CUlinkState;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import jcuda.driver.JITOptions;

/** The kernels of one device, each loaded when it is first asked for. */
final class Kernels implements AutoCloseable {

  /** Dynamic shared memory that a kernel may have without asking. */
  private static final int DEFAULT_SHARED_BYTES = 48 << 10;

  private final Device device;
  private final KernelCatalog catalog;
  private final CodeCache cache;
  private final List<CUmodule> modules = new ArrayList<>();
  private final Map<String, Kernel> kernels = new HashMap<>();
  private final Map<String, Integer> sharedBytes = new HashMap<>();

  Kernels(Device device, KernelCatalog catalog) {
    this(device, catalog, CodeCache.standard());
  }

  Kernels(Device device, KernelCatalog catalog, CodeCache cache) {
    this.device = device;
    this.catalog = catalog;
    this.cache = cache;
  }

  /** A kernel without much shared memory. */
  Kernel get(String name) {
    return get(name, 0);
  }

  /** A kernel that may be launched with so much dynamic shared memory. */
  synchronized Kernel get(String name, int dynamicSharedBytes) {
    Kernel kernel = kernels.computeIfAbsent(name, this::load);
    if (dynamicSharedBytes > sharedBytes.getOrDefault(name, DEFAULT_SHARED_BYTES)) {
      device.check(
          JCudaDriver.cuFuncSetAttribute(
              kernel.function(), CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, dynamicSharedBytes),
          "cuFuncSetAttribute");
      sharedBytes.put(name, dynamicSharedBytes);
    }
    return kernel;
  }

  private Kernel load(String name) {
    CUmodule module = module(name, catalog.text(name));
    device.opened();
    modules.add(module);
    CUfunction function = new CUfunction();
    device.check(JCudaDriver.cuModuleGetFunction(function, module, name), "cuModuleGetFunction of " + name);
    // the driver loads code when it is first used, but must not while launches are captured or a kernel waits for another device: this uses it
    device.check(
        JCudaDriver.cuFuncGetAttribute(new int[1], CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS, function), "cuFuncGetAttribute of " + name);
    return new Kernel(name, function);
  }

  private CUmodule module(String name, byte[] ptx) {
    CUmodule module = new CUmodule();
    if (cache.isOn()) {
      CodeCache.Key key = CodeCache.Key.of(ptx, device.computeCapability(), DriverCalls.version());
      Optional<byte[]> kept = cache.find(key);
      if (kept.isPresent()) {
        int result = JCudaDriver.cuModuleLoadData(module, kept.get());
        if (result == CUresult.CUDA_SUCCESS) {
          return module;
        }
        cache.drop(key);
        if (DriverCalls.isSticky(result) || DriverCalls.isOutOfMemory(result)) {
          device.check(result, "cuModuleLoadData of " + name);
        }
      }
      Optional<byte[]> compiled = compile(name, ptx);
      if (compiled.isPresent() && JCudaDriver.cuModuleLoadData(module, compiled.get()) == CUresult.CUDA_SUCCESS) {
        cache.keep(key, compiled.get());
        return module;
      }
    }
    // what is wrong with the PTX or the device is said by this call
    device.check(JCudaDriver.cuModuleLoadData(module, ptx), "cuModuleLoadData of " + name);
    return module;
  }

  /** The machine code of a kernel by the driver's linker; empty where it has none to give. */
  private static Optional<byte[]> compile(String name, byte[] ptx) {
    CUlinkState link = new CUlinkState();
    JITOptions options = new JITOptions();
    if (JCudaDriver.cuLinkCreate(options, link) != CUresult.CUDA_SUCCESS) {
      return Optional.empty();
    }
    // outside of the heap, where the collector does not move it while the driver compiles
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(ValueLayout.JAVA_BYTE, ptx);
      Address.Host image = new Address.Host();
      long[] bytes = new long[1];
      if (JCudaDriver.cuLinkAddData(
              link, CUjitInputType.CU_JIT_INPUT_PTX, new Address.Host(text.address()), ptx.length, name, options) != CUresult.CUDA_SUCCESS
          || JCudaDriver.cuLinkComplete(link, image, bytes) != CUresult.CUDA_SUCCESS) {
        return Optional.empty();
      }
      return Optional.of(MemorySegment.ofAddress(image.address()).reinterpret(bytes[0]).toArray(ValueLayout.JAVA_BYTE));
    } finally {
      JCudaDriver.cuLinkDestroy(link);
    }
  }

  @Override
  public void close() {
    for (CUmodule module : modules) {
      device.released(JCudaDriver.cuModuleUnload(module), "cuModuleUnload");
    }
    modules.clear();
    kernels.clear();
  }
}
