package dev.jebena.cuda.emulator.driver;

import dev.jebena.cuda.emulator.EmulatedCudaOptions;
import dev.jebena.cuda.emulator.ptx.AddressSpace;
import dev.jebena.cuda.emulator.ptx.Allocation;
import dev.jebena.cuda.emulator.ptx.Grid;
import dev.jebena.cuda.emulator.ptx.KernelFault;
import dev.jebena.cuda.emulator.ptx.LaunchLog;
import dev.jebena.cuda.emulator.ptx.PtxModule;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** An emulated machine: its devices and all that callers have made on them. */
public final class Session implements AutoCloseable {

  private static final Map<String, PtxModule> DECODED = new ConcurrentHashMap<>();

  final EmulatedCudaOptions options;
  final AddressSpace space = new AddressSpace();
  final List<Device> devices = new ArrayList<>();
  final Map<Long, Allocation> hostMemory = new ConcurrentHashMap<>();
  private final LaunchLog log = new LaunchLog();
  private final List<Failure> failures = new ArrayList<>();
  private final Map<Long, Object> handles = new ConcurrentHashMap<>();
  private final AtomicLong nextHandle = new AtomicLong(0x10000);
  private final ThreadLocal<ArrayDeque<Context>> current = ThreadLocal.withInitial(ArrayDeque::new);
  private final ExecutorService helpers;
  private final int helperCount;
  private volatile boolean closing;
  volatile boolean initialised;
  final AtomicInteger linkedImages = new AtomicInteger();

  public Session(EmulatedCudaOptions options) {
    this.options = options;
    for (int i = 0; i < options.devices(); i++) {
      devices.add(new Device(i, options.deviceMemoryBytes()));
    }
    helperCount = Math.max(0, Runtime.getRuntime().availableProcessors() - 1);
    helpers = Executors.newFixedThreadPool(Math.max(1, helperCount), Thread.ofPlatform().daemon().name("emulated-sm-", 0).factory());
  }

  public LaunchLog log() {
    return log;
  }

  public List<Failure> failures() {
    synchronized (failures) {
      return List.copyOf(failures);
    }
  }

  public void clearFailures() {
    synchronized (failures) {
      failures.clear();
    }
  }

  void failed(int device, KernelFault.Kind kind, String message) {
    if (!(closing && kind == KernelFault.Kind.CANCELLED)) {
      fail(new Failure(device, kind.name(), message));
    }
  }

  void fail(Failure failure) {
    synchronized (failures) {
      failures.add(failure);
    }
    System.getLogger("dev.jebena.cuda.emulator").log(System.Logger.Level.DEBUG, "emulated CUDA: {0}", failure);
  }

  /** The error {@code code} befalls a device: at once and for good, as when memory cannot be corrected. */
  public void injectNow(int device, CuResult result) {
    devices.get(device).fail(result);
  }

  /** The next launch on a device ends with an error, for good. */
  public void injectAtNextLaunch(int device, CuResult result) {
    devices.get(device).injectAtNextLaunch(result);
  }

  public long usedBytes(int device) {
    return devices.get(device).usedBytes();
  }

  public int linkedImages() {
    return linkedImages.get();
  }

  /** What was made and not given back: a line each. */
  public List<String> leaks() {
    List<String> leaks = new ArrayList<>();
    space.live().forEach(allocation -> {
      if (!allocation.label().startsWith("variable ")) {
        leaks.add(allocation.toString());
      }
    });
    hostMemory.values().forEach(allocation -> leaks.add(allocation.toString()));
    handles.values().forEach(object -> {
      if (!(object instanceof Context || object instanceof Function || object instanceof GraphNode)) {
        leaks.add(object.getClass().getSimpleName());
      }
    });
    for (Device device : devices) {
      if (device.primaryReferences > 0) {
        leaks.add("primary context of device " + device.ordinal + ", retained " + device.primaryReferences + " times");
      }
    }
    return leaks;
  }

  // ---- handles

  long handle(Object object) {
    long handle = nextHandle.getAndAdd(16);
    handles.put(handle, object);
    return handle;
  }

  <T> T object(long handle, Class<T> type) {
    Object object = handles.get(handle);
    if (!type.isInstance(object)) {
      CuResult result = type == Context.class ? CuResult.INVALID_CONTEXT : CuResult.INVALID_HANDLE;
      throw new CudaFailure(result, "0x%x is no %s%s".formatted(handle, type.getSimpleName(), object == null ? " (any more)" : ""));
    }
    return type.cast(object);
  }

  <T> T remove(long handle, Class<T> type) {
    T object = object(handle, type);
    handles.remove(handle);
    return object;
  }

  void removeAll(java.util.function.Predicate<Object> which) {
    handles.values().removeIf(which);
  }

  long handleOf(Object object) {
    return handles.entrySet().stream().filter(e -> e.getValue() == object).findFirst().orElseThrow(() -> new CudaFailure(CuResult.INVALID_HANDLE)).getKey();
  }

  // ---- contexts

  ArrayDeque<Context> contextStack() {
    return current.get();
  }

  Device device(int ordinal) {
    if (!initialised) {
      throw new CudaFailure(CuResult.NOT_INITIALIZED, "cuInit was not called");
    }
    if (ordinal < 0 || ordinal >= devices.size()) {
      throw new CudaFailure(CuResult.INVALID_DEVICE, "device " + ordinal + " of " + devices.size());
    }
    return devices.get(ordinal);
  }

  /** The calling thread's context, which must be there and healthy. */
  Context context() {
    if (!initialised) {
      throw new CudaFailure(CuResult.NOT_INITIALIZED, "cuInit was not called");
    }
    Context context = contextStack().peek();
    if (context == null) {
      throw new CudaFailure(CuResult.INVALID_CONTEXT, "the thread " + Thread.currentThread().getName() + " has no current context");
    }
    context.device.checkHealthy();
    return context;
  }

  /** The stream of a handle: 0, 1 and 2 are the default stream. */
  Stream stream(long handle) {
    return handle >= 0 && handle <= 2 ? context().defaultStream : object(handle, Stream.class);
  }

  /** Calls that wait, or that take memory, have no place in a capture. */
  void notWhileCapturing(String call, @Nullable Stream stream) {
    boolean capturing = false;
    for (Device device : devices) {
      for (Context context : List.copyOf(device.contexts)) {
        for (Stream each : context.streams()) {
          Capture capture = each.capture;
          if (capture != null && (each == stream || stream == null && capture.thread == Thread.currentThread())) {
            capture.invalidated = true;
            capturing = true;
          }
        }
      }
    }
    if (capturing) {
      throw new CudaFailure(CuResult.STREAM_CAPTURE_UNSUPPORTED, call + " while a stream is captured");
    }
  }

  // ---- kernels

  PtxModule decode(String ptx) {
    return DECODED.computeIfAbsent(ptx, PtxModule::parse);
  }

  void launch(Context context, GraphNode.Kernel node) {
    Grid.run(node.function.kernel, node.shape, node.parameters,
        new Grid.Environment(space, context.device.ordinal, context.peers::contains, node.function.module.symbols, options.checks(), helpers, helperCount,
            () -> closing, options.launchTimeout().toNanos(), log));
  }

  /** Ends all work and gives all memory back, whatever callers still hold. */
  @Override
  public void close() {
    closing = true;
    List<Stream> streams = new ArrayList<>();
    for (Device device : devices) {
      device.fail(CuResult.UNKNOWN);
      for (Context context : List.copyOf(device.contexts)) {
        streams.addAll(context.streams());
        context.close();
      }
    }
    streams.forEach(Stream::join);
    helpers.shutdownNow();
    space.close();
  }
}
