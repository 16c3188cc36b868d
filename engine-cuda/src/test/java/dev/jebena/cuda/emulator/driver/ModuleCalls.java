package dev.jebena.cuda.emulator.driver;

import dev.jebena.cuda.emulator.ptx.Allocation;
import dev.jebena.cuda.emulator.ptx.Grid;
import dev.jebena.cuda.emulator.ptx.Kernel;
import dev.jebena.cuda.emulator.ptx.PtxException;
import dev.jebena.cuda.emulator.ptx.PtxModule;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Modules, linking, functions and launches. Methods have the names and arguments of the driver's functions. */
final class ModuleCalls {

  /** What stands before the PTX in an image that this driver "compiled". */
  private static final String IMAGE = "emulated cubin\n";

  private static final int ERROR_LOG = 5;
  private static final int ERROR_LOG_BYTES = 6;

  private final Session session;

  ModuleCalls(Session session) {
    this.session = session;
  }

  /** Images that are being put together. The last one stays in memory until the link is destroyed. */
  private static final class Link {
    private final StringBuilder text = new StringBuilder();
    private final Arena arena = Arena.ofShared();
  }

  // ---- modules

  void cuModuleLoad(MemorySegment out, MemorySegment path) {
    try {
      load(out, Files.readString(Path.of(Out.string(path)), StandardCharsets.ISO_8859_1).replace("\0", ""));
    } catch (IOException e) {
      throw new CudaFailure(CuResult.FILE_NOT_FOUND, e.toString());
    }
  }

  void cuModuleLoadData(MemorySegment out, MemorySegment image) {
    load(out, Out.string(image));
  }

  void cuModuleLoadFatBinary(MemorySegment out, MemorySegment image) {
    load(out, Out.string(image));
  }

  void cuModuleLoadDataEx(MemorySegment out, MemorySegment image, int options, MemorySegment names, MemorySegment values) {
    try {
      load(out, Out.string(image));
    } catch (CudaFailure e) {
      errorLog(options, names, values, String.valueOf(e.getMessage()));
      throw e;
    }
  }

  private static void errorLog(int options, MemorySegment names, MemorySegment values, String text) {
    long buffer = 0;
    long bytes = 0;
    for (int i = 0; i < options; i++) {
      int name = Out.bytes(names, 4L * options).get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i);
      long value = Out.bytes(values, 8L * options).get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i);
      buffer = name == ERROR_LOG ? value : buffer;
      bytes = name == ERROR_LOG_BYTES ? value : bytes;
    }
    if (buffer != 0) {
      Out.string(MemorySegment.ofAddress(buffer), bytes, text);
    }
  }

  private void load(MemorySegment out, String image) {
    Context context = session.context();
    session.notWhileCapturing("cuModuleLoad", null);
    String text = image.startsWith(IMAGE) ? image.substring(IMAGE.length()) : image;
    checkTarget(text);
    PtxModule ptx;
    try {
      ptx = session.decode(text);
    } catch (PtxException e) {
      throw new CudaFailure(CuResult.INVALID_PTX, e.getMessage());
    }
    Map<String, Long> symbols = ptx.place(session.space, (name, bytes) -> {
      if (!context.device.take(Math.max(1, bytes))) {
        throw new CudaFailure(CuResult.OUT_OF_MEMORY);
      }
      return session.space.allocate(Math.max(1, bytes), context.device.ordinal, "variable " + name).address();
    });
    Out.address(out, session.handle(new LoadedModule(context, ptx, symbols)));
  }

  /** A driver of CUDA 12.6 knows PTX up to 8.5, and runs PTX for its own compute capability and older ones. */
  private void checkTarget(String text) {
    Matcher version = Pattern.compile("(?m)^\\s*\\.version\\s+(\\d+)\\.(\\d+)").matcher(text);
    Matcher target = Pattern.compile("(?m)^\\s*\\.target\\s+sm_(\\d+)(\\w?)").matcher(text);
    if (!version.find() || !target.find()) {
      throw new CudaFailure(CuResult.INVALID_IMAGE, "the image is no PTX: " + text.substring(0, Math.min(40, text.length())));
    }
    if (Integer.parseInt(version.group(1)) * 10 + Integer.parseInt(version.group(2)) > 85) {
      throw new CudaFailure(CuResult.INVALID_PTX, "PTX of version " + version.group(1) + "." + version.group(2) + " for a driver that knows up to 8.5");
    }
    if (Integer.parseInt(target.group(1)) > session.options.computeCapability()) {
      throw new CudaFailure(CuResult.INVALID_PTX, "PTX for sm_" + target.group(1) + " on a device of " + session.options.computeCapability());
    }
  }

  void cuModuleUnload(long handle) {
    session.context();
    LoadedModule module = session.remove(handle, LoadedModule.class);
    for (Context context : java.util.List.copyOf(module.context.device.contexts)) {
      context.streams().forEach(stream -> stream.tail().await());
    }
    session.removeAll(object -> object instanceof Function function && function.module == module);
    for (long address : module.symbols.values()) {
      Allocation allocation = session.space.startingAt(address).orElseThrow();
      session.space.free(allocation);
      module.context.device.giveBack(allocation.bytes());
    }
  }

  void cuModuleGetFunction(MemorySegment out, long handle, MemorySegment name) {
    session.context();
    LoadedModule module = session.object(handle, LoadedModule.class);
    String text = Out.string(name);
    Kernel kernel = module.ptx.kernel(text);
    if (kernel == null) {
      throw new CudaFailure(CuResult.NOT_FOUND);
    }
    synchronized (module) {
      Out.address(out, module.functionHandles.computeIfAbsent(text, n -> session.handle(new Function(module, kernel))));
    }
  }

  void cuModuleGetGlobal_v2(MemorySegment address, MemorySegment bytes, long handle, MemorySegment name) {
    LoadedModule module = session.object(handle, LoadedModule.class);
    Long found = module.symbols.get(Out.string(name));
    if (found == null) {
      throw new CudaFailure(CuResult.NOT_FOUND);
    }
    Out.address(address, found);
    if (bytes.address() != 0) {
      Out.address(bytes, session.space.startingAt(found).orElseThrow().bytes());
    }
  }

  void cuModuleGetLoadingMode(MemorySegment mode) {
    Out.integer(mode, 1);
  }

  // ---- linking, by which callers get compiled code to keep

  void cuLinkCreate_v2(int options, MemorySegment names, MemorySegment values, MemorySegment out) {
    session.context();
    Out.address(out, session.handle(new Link()));
  }

  void cuLinkAddData_v2(long handle, int type, MemorySegment data, long bytes, MemorySegment name, int options, MemorySegment names, MemorySegment values) {
    byte[] copy = Out.bytes(data, bytes).toArray(ValueLayout.JAVA_BYTE);
    String text = new String(copy, StandardCharsets.ISO_8859_1).replace("\0", "");
    checkTarget(text);
    try {
      session.decode(text);
    } catch (PtxException e) {
      throw new CudaFailure(CuResult.INVALID_PTX, e.getMessage());
    }
    session.object(handle, Link.class).text.append(text);
  }

  void cuLinkComplete(long handle, MemorySegment image, MemorySegment bytes) {
    Link link = session.object(handle, Link.class);
    MemorySegment text = link.arena.allocateFrom(IMAGE + link.text, StandardCharsets.ISO_8859_1);
    session.linkedImages.incrementAndGet();
    Out.address(image, text.address());
    Out.address(bytes, text.byteSize());
  }

  void cuLinkDestroy(long handle) {
    session.remove(handle, Link.class).arena.close();
  }

  // ---- functions

  void cuFuncGetAttribute(MemorySegment value, int attribute, long handle) {
    Function function = session.object(handle, Function.class);
    Kernel kernel = function.kernel;
    Out.integer(value, switch (attribute) {
      case 0 -> kernel.maxThreads();
      case 1 -> kernel.sharedBytes();
      case 3 -> kernel.localBytes();
      case 4 -> 64; // registers, which only ptxas knows
      case 5, 6 -> session.options.computeCapability();
      case 8 -> function.maxDynamicSharedBytes;
      default -> 0;
    });
  }

  void cuFuncSetAttribute(long handle, int attribute, int value) {
    Function function = session.object(handle, Function.class);
    if (attribute == 8) {
      int limit = (session.options.computeCapability() >= 90 ? 227 : 163) * 1024;
      if (value < 0 || value + function.kernel.sharedBytes() > limit) {
        throw new CudaFailure(CuResult.INVALID_VALUE,
            "%d bytes of dynamic shared memory and %d of static for %s, limit %d".formatted(value, function.kernel.sharedBytes(), function.kernel.name(), limit));
      }
      function.maxDynamicSharedBytes = value;
    }
  }

  void cuFuncSetCacheConfig(long handle, int config) {
    session.object(handle, Function.class);
  }

  void cuFuncGetModule(MemorySegment out, long handle) {
    Out.address(out, session.handleOf(session.object(handle, Function.class).module));
  }

  void cuOccupancyMaxActiveBlocksPerMultiprocessor(MemorySegment blocks, long handle, int threads, long dynamicSharedBytes) {
    Function function = session.object(handle, Function.class);
    int rounded = (threads + 31) / 32 * 32;
    long shared = function.kernel.sharedBytes() + dynamicSharedBytes + 1024;
    long byShared = (session.options.computeCapability() >= 90 ? 228 : 164) * 1024 / shared;
    long byRegisters = 65536 / (64L * rounded);
    Out.integer(blocks, (int) Math.min(Math.min(32, 2048 / rounded), Math.min(byShared, byRegisters)));
  }

  void cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(MemorySegment blocks, long handle, int threads, long dynamicSharedBytes, int flags) {
    cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, handle, threads, dynamicSharedBytes);
  }

  // ---- launches

  void cuLaunchKernel(long function, int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int sharedBytes, long stream,
      MemorySegment parameters, MemorySegment extra) {
    session.context();
    Function kernel = session.object(function, Function.class);
    Grid.Shape shape = new Grid.Shape(gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes);
    Stream target = session.stream(stream);
    if (target.context != kernel.module.context) {
      throw new CudaFailure(CuResult.INVALID_HANDLE, "%s was loaded for device %d and is launched in a stream of device %d, or in another context of it".formatted(
          kernel.kernel.name(), kernel.module.context.device.ordinal, target.context.device.ordinal));
    }
    target.submit(node(kernel, shape, parameters, extra));
  }

  void cuLaunchCooperativeKernel(long function, int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int sharedBytes, long stream,
      MemorySegment parameters) {
    cuLaunchKernel(function, gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes, stream, parameters, MemorySegment.NULL);
  }

  /** The configuration is six sizes, the shared memory, the stream and attributes, of which none but a cluster of one changes what happens here. */
  void cuLaunchKernelEx(MemorySegment configuration, long function, MemorySegment parameters, MemorySegment extra) {
    MemorySegment c = Out.bytes(configuration, 56);
    ValueLayout.OfInt i = ValueLayout.JAVA_INT_UNALIGNED;
    cuLaunchKernel(function, c.get(i, 0), c.get(i, 4), c.get(i, 8), c.get(i, 12), c.get(i, 16), c.get(i, 20), c.get(i, 24),
        c.get(ValueLayout.JAVA_LONG_UNALIGNED, 32), parameters, extra);
  }

  GraphNode.Kernel node(Function function, Grid.Shape shape, MemorySegment parameters, MemorySegment extra) {
    Kernel kernel = function.kernel;
    long threads = (long) shape.blockX() * shape.blockY() * shape.blockZ();
    if (shape.gridX() <= 0 || shape.gridY() <= 0 || shape.gridZ() <= 0 || shape.gridY() > 65535 || shape.gridZ() > 65535) {
      throw new CudaFailure(CuResult.INVALID_VALUE, "launch of " + kernel.name() + " with grid " + shape);
    }
    if (shape.blockX() <= 0 || shape.blockY() <= 0 || shape.blockZ() <= 0 || shape.blockZ() > 64 || threads > kernel.maxThreads()) {
      throw new CudaFailure(CuResult.INVALID_VALUE, "launch of %s with block %s, which takes at most %d threads".formatted(kernel.name(), shape, kernel.maxThreads()));
    }
    if (shape.dynamicSharedBytes() < 0 || shape.dynamicSharedBytes() > function.maxDynamicSharedBytes) {
      throw new CudaFailure(CuResult.INVALID_VALUE, "launch of %s with %d bytes of dynamic shared memory, allowed are %d".formatted(kernel.name(),
          shape.dynamicSharedBytes(), function.maxDynamicSharedBytes));
    }
    return new GraphNode.Kernel(function, shape, parameterBlock(kernel, parameters, extra));
  }

  private static byte[] parameterBlock(Kernel kernel, MemorySegment parameters, MemorySegment extra) {
    byte[] block = new byte[kernel.parameterBytes()];
    if (parameters.address() != 0) {
      MemorySegment pointers = Out.bytes(parameters, 8L * kernel.parameterCount());
      for (int i = 0; i < kernel.parameterCount(); i++) {
        MemorySegment value = Out.bytes(MemorySegment.ofAddress(pointers.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i)), kernel.parameterBytes(i));
        MemorySegment.copy(value, ValueLayout.JAVA_BYTE, 0, block, kernel.parameterOffset(i), kernel.parameterBytes(i));
      }
      return block;
    }
    if (extra.address() == 0) {
      if (kernel.parameterCount() > 0) {
        throw new CudaFailure(CuResult.INVALID_VALUE, kernel.name() + " is launched without parameters and takes " + kernel.parameterCount());
      }
      return block;
    }
    long buffer = 0;
    long bytes = 0;
    MemorySegment list = Out.bytes(extra, 64);
    for (int i = 0; list.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i) != 0 && i < 6; i += 2) {
      long value = list.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i + 8);
      if (list.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i) == 1) {
        buffer = value;
      } else {
        bytes = Out.address(MemorySegment.ofAddress(value));
      }
    }
    if (bytes < block.length) {
      throw new CudaFailure(CuResult.INVALID_VALUE, "%s takes %d bytes of parameters, given are %d".formatted(kernel.name(), block.length, bytes));
    }
    MemorySegment.copy(Out.bytes(MemorySegment.ofAddress(buffer), block.length), ValueLayout.JAVA_BYTE, 0, block, 0, block.length);
    return block;
  }
}
