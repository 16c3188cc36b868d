package dev.jebena.cuda.emulator.ptx;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A PTX text, read: its variables, and its functions as statements. Kernels are decoded when they are first asked for. */
public final class PtxModule {

  /** A parameter of a function: {@code offset} is its place in the parameter block. */
  record Parameter(String name, int offset, int bytes, int align) {}

  /** A variable outside of functions, or in one. {@code initial} holds its first bytes, {@code symbols} names put in by offset. */
  record Variable(String name, Space space, int align, int bytes, byte[] initial, Map<Integer, String> symbols) {}

  /** A function or entry point. */
  record Function(String name, boolean entry, int line, List<Parameter> parameters, List<Parameter> results, List<Statement> body, int maxThreads) {
    int parameterBytes() {
      return parameters.isEmpty() ? 0 : parameters.getLast().offset() + parameters.getLast().bytes();
    }
  }

  /** A line of a function's body. */
  sealed interface Statement {
    int line();

    record Label(int line, String name) implements Statement {}

    record Open(int line) implements Statement {}

    record Close(int line) implements Statement {}

    /** Registers {@code name}, or {@code name0} to {@code name(count-1)} where {@code count} is not negative. */
    record Registers(int line, String type, String name, int count) implements Statement {}

    record Local(int line, Variable variable) implements Statement {}

    /** {@code .branchtargets} of an indirect branch. */
    record Targets(int line, String name, List<String> labels) implements Statement {}

    /** {@code guard} is empty or the name of a predicate. */
    record Instruction(int line, String guard, boolean negated, String opcode, List<String> operands, String text) implements Statement {}
  }

  final Map<String, Function> functions = new LinkedHashMap<>();
  final Map<String, Variable> variables = new LinkedHashMap<>();
  private final Map<String, Kernel> kernels = new ConcurrentHashMap<>();

  private PtxModule() {}

  /** Reads {@code text} and decodes all its kernels, so that what is unknown is found now. */
  public static PtxModule parse(String text) {
    PtxModule module = new PtxModule();
    new PtxParser(text, module).parse();
    for (Function function : module.functions.values()) {
      if (function.entry()) {
        module.kernels.put(function.name(), new KernelDecoder(module, function).decode());
      }
    }
    return module;
  }

  /** The names of the entry points. */
  public List<String> kernelNames() {
    return new ArrayList<>(kernels.keySet());
  }

  /** The kernel {@code name}, or null. */
  public @org.jspecify.annotations.Nullable Kernel kernel(String name) {
    return kernels.get(name);
  }

  /** The variables of the module in device memory, by name: their sizes in bytes. */
  public Map<String, Integer> variableBytes() {
    Map<String, Integer> bytes = new LinkedHashMap<>();
    variables.values().stream().filter(v -> v.space() == Space.GLOBAL || v.space() == Space.CONST).forEach(v -> bytes.put(v.name(), v.bytes()));
    return bytes;
  }

  /**
   * Puts the module's variables into memory.
   *
   * @return the address of each variable
   */
  public Map<String, Long> place(AddressSpace space, java.util.function.ToLongBiFunction<String, Integer> allocate) {
    Map<String, Long> addresses = new LinkedHashMap<>();
    variableBytes().forEach((name, bytes) -> addresses.put(name, allocate.applyAsLong(name, bytes)));
    addresses.forEach((name, address) -> {
      Variable variable = variables.get(name);
      java.lang.foreign.MemorySegment bytes = space.bytes(address, variable.bytes());
      bytes.fill((byte) 0);
      bytes.copyFrom(java.lang.foreign.MemorySegment.ofArray(variable.initial()));
      variable.symbols().forEach((offset, symbol) ->
          bytes.set(java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED, offset, addresses.getOrDefault(symbol, 0L)));
      space.markWritten(address, variable.bytes());
    });
    return addresses;
  }
}
