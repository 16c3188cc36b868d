package dev.jebena.cuda;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/** What of CUDA is on this machine. Looks step by step, so that nothing is touched that is not there. */
final class Installation {

  /** G1 of earlier ones may move arrays that native code holds (JDK-8377811), and JCuda holds arrays. */
  private static final Runtime.Version OLDEST_JDK = Runtime.Version.parse("25.0.3");

  private static final int OLDEST_CAPABILITY = 80;

  /** The first that takes the PTX that is shipped, and that JCuda 12.6 is made for. */
  private static final int OLDEST_DRIVER = 12_000;
  private static final String NATIVE = "/lib/libJCudaDriver-12.6.0-linux-x86_64.so";
  private static final String DRIVER = "libcuda.so.1";
  private static final String CUBLAS = "libcublas.so.12";
  private static final String JARS =
      "put jcuda-12.6.0.jar, jcublas-12.6.0.jar and their natives (linux-x86_64) into the folder cuda/ ('mvn package -Pcuda' does), see"
          + " docs/cuda.md";

  private static boolean loaded;

  private Installation() {}

  /** A device that is there. */
  record Found(int ordinal, String name, int computeCapability, long totalBytes) {

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT, "%s, compute capability %d.%d, %.1f GiB", name, computeCapability / 10, computeCapability % 10,
          totalBytes / (double) (1L << 30));
    }
  }

  /** What was found: devices, or the reason why there are none. */
  sealed interface Answer {}

  /** CUDA works here. */
  record Works(List<Found> devices, int driverVersion) implements Answer {}

  /** It does not, and why. */
  record Missing(String reason) implements Answer {}

  /** Whether this JDK is new enough. */
  static @Nullable String refusalOf(Runtime.Version version) {
    return version.compareToIgnoreOptional(OLDEST_JDK) >= 0
        ? null
        : "JDK " + version + " may move arrays that CUDA's bindings hold (JDK-8377811): use JDK " + OLDEST_JDK + " or newer";
  }

  /**
   * Whether the driver is new enough.
   *
   * @param version the CUDA that it is made for, 11080 for 11.8
   */
  static @Nullable String refusalOfDriver(int version) {
    return version >= OLDEST_DRIVER
        ? null
        : "the NVIDIA driver is made for CUDA " + version / 1000 + "." + version % 1000 / 10 + ": install one for CUDA 12.0 or newer (525.60 or newer)";
  }

  /** What an answer of cuInit means for people. */
  static String startFailure(int result) {
    return "CUDA does not start, cuInit says " + DriverCalls.describe(result) + ": " + switch (result) {
      case CUresult.CUDA_ERROR_NO_DEVICE -> "the driver shows no devices, see nvidia-smi and CUDA_VISIBLE_DEVICES; in a container, start it with its GPUs"
          + " (docker run --gpus all)";
      case CUresult.CUDA_ERROR_STUB_LIBRARY -> "libcuda.so.1 is the stub of a toolkit, take it out of LD_LIBRARY_PATH";
      case CUresult.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, CUresult.CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE ->
          "the driver's library and its kernel module are of different versions, restart the machine after an update";
      case CUresult.CUDA_ERROR_SYSTEM_NOT_READY -> "the system is not ready, start nvidia-fabricmanager";
      default -> "see whether nvidia-smi works (is the kernel module loaded?)";
    };
  }

  static synchronized Answer find() {
    String refusal = refusalOf(Runtime.version());
    if (refusal != null) {
      return new Missing(refusal);
    }
    try {
      Class.forName("jcuda.driver.JCudaDriver", false, Installation.class.getClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      return new Missing("JCuda is not on the class path: " + JARS);
    }
    if (Installation.class.getClassLoader().getResource(NATIVE.substring(1)) == null) {
      return new Missing("JCuda's natives for this machine (" + NATIVE + ") are not on the class path: " + JARS);
    }
    try (Arena arena = Arena.ofConfined()) {
      SymbolLookup.libraryLookup(DRIVER, arena);
    } catch (IllegalArgumentException e) {
      return new Missing("there is no NVIDIA driver (" + DRIVER + " is not found): install one for CUDA 12 or newer");
    }
    try {
      loadNatives();
      int started = JCudaDriver.cuInit(0);
      if (started != CUresult.CUDA_SUCCESS) {
        return new Missing(startFailure(started));
      }
      String tooOld = refusalOfDriver(DriverCalls.version());
      return tooOld == null ? devices() : new Missing(tooOld);
    } catch (CudaDriverException | LinkageError | IOException e) {
      return new Missing("CUDA does not start: " + e.getMessage());
    }
  }

  /**
   * Loads JCuda's natives. JCuda writes its natives into the folder for temporary files under a fixed name, and
   * takes one that is there: so it gets a folder that only this user can write to.
   */
  private static void loadNatives() throws IOException {
    if (!loaded) {
      inOwnFolder(() -> JCudaDriver.setExceptionsEnabled(false));
      loaded = true;
    }
  }

  /** Whether cuBLAS is here, for people; nothing is started for it. */
  static String cublas() {
    try (Arena arena = Arena.ofConfined()) {
      SymbolLookup.libraryLookup(CUBLAS, arena);
      return CUBLAS;
    } catch (IllegalArgumentException e) {
      return CUBLAS + " is not found: F16 and BF16 weights use the project's own kernels (see docs/cuda.md)";
    }
  }

  /** Runs the first use of a class that brings natives. */
  static synchronized void inOwnFolder(Runnable firstUse) throws IOException {
    Path folder = Files.createTempDirectory(
        "jebena-cuda", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    String before = System.getProperty("java.io.tmpdir");
    try {
      System.setProperty("java.io.tmpdir", folder.toString());
      firstUse.run();
    } finally {
      System.setProperty("java.io.tmpdir", before);
      delete(folder);
    }
  }

  /** What is loaded stays loaded without its file. */
  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
    }
    Files.deleteIfExists(folder);
  }

  private static Answer devices() {
    int[] count = new int[1];
    DriverCalls.check(JCudaDriver.cuDeviceGetCount(count), "cuDeviceGetCount");
    List<Found> found = new ArrayList<>();
    List<Found> old = new ArrayList<>();
    for (int ordinal = 0; ordinal < count[0]; ordinal++) {
      Found device = device(ordinal);
      (device.computeCapability() >= OLDEST_CAPABILITY ? found : old).add(device);
    }
    if (!old.isEmpty()) {
      return new Missing(
          "device " + old.getFirst().ordinal() + " (" + old.getFirst() + ") is older than the kernels are made for (8.0): hide it with"
              + " CUDA_VISIBLE_DEVICES, or use another backend");
    }
    return found.isEmpty()
        ? new Missing("the driver shows no devices: see nvidia-smi and CUDA_VISIBLE_DEVICES")
        : new Works(List.copyOf(found), DriverCalls.version());
  }

  private static Found device(int ordinal) {
    CUdevice device = new CUdevice();
    DriverCalls.check(JCudaDriver.cuDeviceGet(device, ordinal), "cuDeviceGet");
    byte[] name = new byte[256];
    DriverCalls.check(JCudaDriver.cuDeviceGetName(name, name.length, device), "cuDeviceGetName");
    long[] bytes = new long[1];
    DriverCalls.check(JCudaDriver.cuDeviceTotalMem(bytes, device), "cuDeviceTotalMem");
    int capability = 10 * attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
        + attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    return new Found(ordinal, Device.text(name), capability, bytes[0]);
  }

  private static int attribute(CUdevice device, int which) {
    int[] value = new int[1];
    DriverCalls.check(JCudaDriver.cuDeviceGetAttribute(value, which, device), "cuDeviceGetAttribute");
    return value[0];
  }
}
