package dev.jebena.cuda;

import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.Probe;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/**
 * Finds NVIDIA GPUs and opens one of them. Without JCuda's jars, a driver or a device it says which of them is missing.
 *
 * <p>It stands behind the cpu backend in the automatic choice until its kernels have been seen on a device; see docs/cuda.md.
 */
public final class CudaBackendProvider implements BackendProvider {

  static final String NAME = "cuda";

  /** A provider of the devices of this machine. */
  public CudaBackendProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int preference() {
    return 50;
  }

  @Override
  public Probe probe() {
    return switch (Installation.find()) {
      case Installation.Missing(String reason) -> new Probe.Unavailable(reason);
      case Installation.Works works -> new Probe.Available(facts(works));
    };
  }

  static Map<String, String> facts(Installation.Works works) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put(
        "devices",
        works.devices().stream().map(device -> device.ordinal() + ": " + device).collect(Collectors.joining("; ")));
    facts.put("driver", "CUDA " + works.driverVersion() / 1000 + "." + works.driverVersion() % 1000 / 10);
    facts.put("bindings", "JCuda 12.6.0");
    facts.put("cuBLAS", Installation.cublas());
    facts.put("kernels", KernelCatalog.shipped().size() + " in PTX, for compute capability 8.0 and newer");
    facts.put("compiled kernels", CodeCache.standard().describe());
    facts.put("threads", "1");
    return facts;
  }

  /** The share of each device's memory that is granted, less what others use of it now. */
  @Override
  public OptionalLong memoryBytes(int backends, double share) {
    List<Installation.Found> devices = devices();
    long bytes = 0;
    for (int i = 0; i < Math.min(backends, devices.size()); i++) {
      try (Device device = Device.open(devices.get(i).ordinal())) {
        Device.Memory memory = device.memory();
        long granted = (long) (share * memory.totalBytes());
        if (granted > memory.freeBytes()) {
          granted = memory.freeBytes();
        }
        bytes += granted;
      }
    }
    return OptionalLong.of(bytes);
  }

  private static List<Installation.Found> devices() {
    return switch (Installation.find()) {
      case Installation.Missing(String reason) -> throw new BackendException("the cuda backend is unavailable: " + reason);
      case Installation.Works works -> works.devices();
    };
  }

  @Override
  public Backend open(BackendSettings settings, MemoryBudget budget) {
    List<Installation.Found> devices = devices();
    if (settings.index() >= devices.size()) {
      throw new BackendException(
          "backend " + (settings.index() + 1) + " of this process needs a device of its own, there are " + devices.size()
              + ": lower --tensor-parallel-size, or show more devices with CUDA_VISIBLE_DEVICES");
    }
    return CudaBackend.open(devices.get(settings.index()).ordinal(), settings, budget);
  }
}
