package dev.jebena.cuda;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;

/** The kernels of one device, each loaded when it is first asked for. */
final class Kernels implements AutoCloseable {

  /** Dynamic shared memory that a kernel may have without asking. */
  private static final int DEFAULT_SHARED_BYTES = 48 << 10;

  private final Device device;
  private final KernelCatalog catalog;
  private final List<CUmodule> modules = new ArrayList<>();
  private final Map<String, Kernel> kernels = new HashMap<>();
  private final Map<String, Integer> sharedBytes = new HashMap<>();

  Kernels(Device device, KernelCatalog catalog) {
    this.device = device;
    this.catalog = catalog;
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
    CUmodule module = new CUmodule();
    device.check(JCudaDriver.cuModuleLoadData(module, catalog.text(name)), "cuModuleLoadData of " + name);
    device.opened();
    modules.add(module);
    CUfunction function = new CUfunction();
    device.check(JCudaDriver.cuModuleGetFunction(function, module, name), "cuModuleGetFunction of " + name);
    // the driver loads code when it is first used, but must not while launches are captured or a kernel waits for another device: this uses it
    device.check(
        JCudaDriver.cuFuncGetAttribute(new int[1], CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS, function), "cuFuncGetAttribute of " + name);
    return new Kernel(name, function);
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
