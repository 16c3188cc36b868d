package dev.jebena.cuda.emulator.driver;

import dev.jebena.cuda.emulator.elf.ElfImports;
import dev.jebena.cuda.emulator.elf.SharedObjectWriter;
import dev.jebena.cuda.emulator.elf.Trampoline;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The two native libraries of the process, whose functions call into the session of the moment.
 *
 * <p>JCuda's libraries bind to them once and for good, so they are loaded once; sessions come and go behind them. Nothing may be thrown through
 * native code: what a call throws becomes its result, and is kept among the failures of the session.
 */
public final class NativeLibraries {

  private static final int CUBLAS_NOT_SUPPORTED = 15;


  /** The instances of all call classes for one session. */
  private record Bound(Session session, DeviceCalls devices, MemoryCalls memory, StreamCalls streams, ModuleCalls modules, GraphCalls graphs, CublasCalls cublas) {
    static Bound of(Session session) {
      ModuleCalls modules = new ModuleCalls(session);
      return new Bound(session, new DeviceCalls(session), new MemoryCalls(session), new StreamCalls(session), modules, new GraphCalls(session, modules),
          new CublasCalls(session));
    }
  }

  private static @Nullable NativeLibraries instance;

  private final Arena arena = Arena.global();
  private final List<String> missing = new ArrayList<>();
  private volatile @Nullable Bound bound;

  private NativeLibraries() throws IOException, ReflectiveOperationException {
    Path folder = Files.createTempDirectory("jebena-emulated-cuda");
    Set<String> driver = imports("/lib/libJCudaDriver-12.6.0-linux-x86_64.so", "cu");
    Set<String> cublas = imports("/lib/libJCublas2-12.6.0-linux-x86_64.so", "cublas");
    install(folder, "libcuda.so.1", driver, 0, DeviceCalls.class, MemoryCalls.class, StreamCalls.class, ModuleCalls.class, GraphCalls.class);
    install(folder, "libcublas.so.12", cublas, 1, CublasCalls.class);
  }

  /** The libraries, loaded at the first call. */
  public static synchronized NativeLibraries load() {
    NativeLibraries libraries = instance;
    if (libraries == null) {
      try {
        libraries = new NativeLibraries();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
      instance = libraries;
    }
    return libraries;
  }

  /** Lets all calls reach {@code session} from now on. */
  public synchronized void bind(Session session) {
    if (bound != null) {
      throw new IllegalStateException("an emulated CUDA is running already: close it first");
    }
    bound = Bound.of(session);
  }

  public synchronized void unbind(Session session) {
    Bound now = bound;
    if (now != null && now.session == session) {
      bound = null;
    }
  }

  /** What a library of JCuda expects of others; empty where its jar is not on the class path. */
  private static Set<String> imports(String resource, String prefix) throws IOException {
    try (InputStream in = NativeLibraries.class.getResourceAsStream(resource)) {
      Set<String> names = new LinkedHashSet<>();
      if (in != null) {
        ElfImports.undefinedSymbols(in.readAllBytes()).stream().filter(name -> name.matches(prefix + "[A-Z]\\w*")).forEach(names::add);
      }
      return names;
    }
  }

  private void install(Path folder, String soname, Set<String> imports, int library, Class<?>... types) throws IOException, ReflectiveOperationException {
    List<Method> methods = Stream.of(types).flatMap(type -> Stream.of(type.getDeclaredMethods())).filter(m -> m.getName().startsWith("cu") && !m.isSynthetic())
        .sorted(Comparator.comparing(Method::getName)).toList();
    List<Trampoline> functions = new ArrayList<>();
    Set<String> emulated = new LinkedHashSet<>();
    int missingSlot = methods.size();
    for (int i = 0; i < methods.size(); i++) {
      functions.add(new Trampoline.Direct(methods.get(i).getName(), i));
      emulated.add(methods.get(i).getName());
    }
    for (String name : imports) {
      if (!emulated.contains(name)) {
        functions.add(new Trampoline.Numbered(name, missingSlot, missing.size()));
        missing.add(name);
      }
    }
    int slots = missingSlot + 1;
    byte[] bytes = library == 0 ? SharedObjectWriter.write(soname, functions, slots) : SharedObjectWriter.writeVersioned(soname, functions, slots);
    Path file = folder.resolve(soname);
    Files.write(file, bytes);
    file.toFile().deleteOnExit();
    folder.toFile().deleteOnExit();
    System.load(file.toString());
    MemorySegment table = SymbolLookup.libraryLookup(file, arena).find(SharedObjectWriter.SLOTS).orElseThrow().reinterpret(8L * slots);
    for (int i = 0; i < methods.size(); i++) {
      table.setAtIndex(ValueLayout.JAVA_LONG, i, stub(methods.get(i)).address());
    }
    MethodHandle report = MethodHandles.lookup().findVirtual(NativeLibraries.class, "notEmulated", MethodType.methodType(int.class, int.class)).bindTo(this);
    table.setAtIndex(ValueLayout.JAVA_LONG, missingSlot,
        Linker.nativeLinker().upcallStub(report, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT), arena).address());
  }

  private MemorySegment stub(Method method) throws ReflectiveOperationException {
    MethodHandles.Lookup lookup = MethodHandles.lookup();
    MethodHandle call = lookup.unreflect(method);
    MethodHandle target = MethodHandles.dropReturn(call);
    target = MethodHandles.filterReturnValue(target, MethodHandles.constant(int.class, 0));
    MethodHandle receiver = lookup.findVirtual(NativeLibraries.class, "receiver", MethodType.methodType(Object.class, Class.class)).bindTo(this)
        .bindTo(method.getDeclaringClass());
    target = MethodHandles.foldArguments(target, receiver.asType(MethodType.methodType(method.getDeclaringClass())));
    MethodHandle handler = lookup.findVirtual(NativeLibraries.class, "thrown", MethodType.methodType(int.class, String.class, Throwable.class)).bindTo(this)
        .bindTo(method.getName());
    target = MethodHandles.catchException(target, Throwable.class, handler);
    MemoryLayout[] layouts = Stream.of(method.getParameterTypes()).map(NativeLibraries::layout).toArray(MemoryLayout[]::new);
    return Linker.nativeLinker().upcallStub(target, FunctionDescriptor.of(ValueLayout.JAVA_INT, layouts), arena);
  }

  private static MemoryLayout layout(Class<?> type) {
    return type == int.class ? ValueLayout.JAVA_INT
        : type == long.class ? ValueLayout.JAVA_LONG
        : type == short.class ? ValueLayout.JAVA_SHORT
        : type == byte.class ? ValueLayout.JAVA_BYTE
        : ValueLayout.ADDRESS;
  }

  /** The object whose method a call is for. */
  private Object receiver(Class<?> type) {
    Bound now = bound;
    if (now == null) {
      throw new CudaFailure(CuResult.NO_DEVICE);
    }
    return type == DeviceCalls.class ? now.devices
        : type == MemoryCalls.class ? now.memory
        : type == StreamCalls.class ? now.streams
        : type == ModuleCalls.class ? now.modules
        : type == GraphCalls.class ? now.graphs
        : now.cublas;
  }

  private int thrown(String call, Throwable thrown) {
    Bound now = bound;
    boolean cublas = call.startsWith("cublas");
    if (thrown instanceof CudaFailure failure) {
      if (failure.isMistake() && now != null) {
        now.session.fail(new Failure(-1, "CALL", call + ": " + failure.getMessage()));
      }
      return cublas ? cublasStatus(failure.result()) : failure.result().code();
    }
    if (now != null) {
      now.session.fail(new Failure(-1, "CALL", call + ": the emulator failed: " + thrown + " at " + List.of(thrown.getStackTrace())));
    }
    return cublas ? 14 : CuResult.UNKNOWN.code();
  }

  /** cuBLAS has results of its own: invalid value 7, execution failed 13, internal error 14, not supported 15. */
  private static int cublasStatus(CuResult result) {
    return switch (result) {
      case INVALID_VALUE, INVALID_HANDLE -> 7;
      case NOT_SUPPORTED -> CUBLAS_NOT_SUPPORTED;
      case NOT_INITIALIZED, INVALID_CONTEXT, NO_DEVICE -> 1;
      default -> 13;
    };
  }

  private int notEmulated(int number) {
    String name = missing.get(number);
    Bound now = bound;
    if (now != null) {
      now.session.fail(new Failure(-1, "NOT_EMULATED", name + " is not emulated"));
    }
    System.getLogger("dev.jebena.cuda.emulator").log(System.Logger.Level.ERROR, "{0} is not emulated", name);
    return name.startsWith("cublas") ? CUBLAS_NOT_SUPPORTED : CuResult.NOT_SUPPORTED.code();
  }
}
