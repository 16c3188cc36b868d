package dev.jebena.cuda.emulator.ptx;

import java.lang.ref.SoftReference;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** An entry point, decoded: its steps, its registers and what lies in them before the first step. */
public final class Kernel {

  /** A register that holds the address of a variable of the module. */
  record SymbolRegister(int register, String symbol) {}

  final String name;
  final Step[] steps;
  final int narrowRegisters;
  final int wideRegisters;
  final int predicates;
  final Map<Integer, Integer> narrowConstants;
  final Map<Integer, Long> wideConstants;
  final List<SymbolRegister> symbols;
  final Map<String, Integer> specials;
  final List<PtxModule.Parameter> parameters;
  final int parameterBytes;
  final int sharedBytes;
  final int localBytes;
  final int maxThreads;

  private static final int IDLE_BLOCKS = 4;

  /** Blocks of earlier launches, as long as there is memory: all kernels together would keep gigabytes of registers. */
  private final ArrayDeque<SoftReference<Block>> idle = new ArrayDeque<>();

  /** A block for a launch, new or used. */
  Block block(Grid grid) {
    Block used = null;
    synchronized (idle) {
      while (used == null && !idle.isEmpty()) {
        used = idle.pop().get();
      }
    }
    if (used == null || !used.fits(grid)) {
      return new Block(grid);
    }
    used.join(grid);
    return used;
  }

  void giveBack(Block block) {
    synchronized (idle) {
      if (idle.size() < IDLE_BLOCKS) {
        idle.push(new SoftReference<>(block));
      }
    }
  }

  Kernel(KernelDecoder from) {
    name = from.function.name();
    steps = from.steps.toArray(Step[]::new);
    narrowRegisters = from.registers.narrow();
    wideRegisters = from.registers.wide();
    predicates = from.registers.predicates();
    narrowConstants = Map.copyOf(from.registers.narrowConstants);
    wideConstants = Map.copyOf(from.registers.wideConstants);
    symbols = List.copyOf(from.registers.symbolRegisters);
    specials = Map.copyOf(from.registers.specials);
    parameters = from.function.parameters();
    parameterBytes = from.function.parameterBytes();
    sharedBytes = from.sharedBytes;
    localBytes = from.localBytes;
    maxThreads = from.function.maxThreads();
  }

  public String name() {
    return name;
  }

  /** Bytes of shared memory besides what the launch asks for. */
  public int sharedBytes() {
    return sharedBytes;
  }

  /** Bytes of local memory a thread. */
  public int localBytes() {
    return localBytes;
  }

  /** Most threads in a block. */
  public int maxThreads() {
    return maxThreads;
  }

  /** Size of the parameter block. */
  public int parameterBytes() {
    return parameterBytes;
  }

  public int parameterCount() {
    return parameters.size();
  }

  /** Place of a parameter in the block, in bytes. */
  public int parameterOffset(int index) {
    return parameters.get(index).offset();
  }

  public int parameterBytes(int index) {
    return parameters.get(index).bytes();
  }

  /** The opcodes in the kernel, for reports. */
  public Set<String> opcodes() {
    Set<String> opcodes = new TreeSet<>();
    for (int i = 0; i < steps.length; i++) {
      opcodes.add(opcode(i));
    }
    return opcodes;
  }

  String opcode(int step) {
    String text = steps[step].text;
    String plain = text.startsWith("@") ? text.substring(text.indexOf(' ') + 1) : text;
    int end = plain.indexOf(' ');
    return end < 0 ? plain : plain.substring(0, end);
  }

  @Override
  public String toString() {
    return "%s: %d steps, %d + %d registers".formatted(name, steps.length, narrowRegisters, wideRegisters);
  }
}
