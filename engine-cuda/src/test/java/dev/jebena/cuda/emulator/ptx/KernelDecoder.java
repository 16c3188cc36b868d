package dev.jebena.cuda.emulator.ptx;

import dev.jebena.cuda.emulator.ptx.MemorySteps.Address;
import dev.jebena.cuda.emulator.ptx.PtxModule.Function;
import dev.jebena.cuda.emulator.ptx.PtxModule.Parameter;
import dev.jebena.cuda.emulator.ptx.PtxModule.Statement;
import dev.jebena.cuda.emulator.ptx.PtxModule.Variable;
import dev.jebena.cuda.emulator.ptx.Registers.Kind;
import dev.jebena.cuda.emulator.ptx.Registers.Register;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Decodes a kernel: gives names their registers and places, puts called functions in place of the calls, and makes a step of every
 * instruction. Functions that call themselves and calls through pointers are refused.
 */
final class KernelDecoder {

  /** A name that stands for a place: in shared, local or parameter memory, or a variable in device memory. */
  record Symbol(Space space, long offset, String variable) {}

  /** What names mean between two braces. */
  private record Scope(Map<String, Register> registers, Map<String, Symbol> symbols) {
    Scope() {
      this(new HashMap<>(), new HashMap<>());
    }
  }

  /** The labels of a function's body, and who waits to know them. */
  private record Labels(Map<String, Integer> places, List<Runnable> waiting, Map<String, List<String>> targetLists) {
    Labels() {
      this(new HashMap<>(), new ArrayList<>(), new HashMap<>());
    }
  }

  private static final String RETURN = " return";

  final Function function;
  final Registers registers = new Registers();
  final List<Step> steps = new ArrayList<>();
  int sharedBytes;
  int localBytes;

  private final PtxModule module;
  private final ArrayDeque<Scope> scopes = new ArrayDeque<>();
  private final ArrayDeque<Labels> labels = new ArrayDeque<>();
  private final ArrayDeque<String> calls = new ArrayDeque<>();
  private final Map<String, Symbol> shared = new HashMap<>();
  private final InstructionDecoder instructions;

  KernelDecoder(PtxModule module, Function function) {
    this.module = module;
    this.function = function;
    this.instructions = new InstructionDecoder(this);
  }

  Kernel decode() {
    placeShared();
    Scope scope = new Scope();
    for (Parameter parameter : function.parameters()) {
      scope.symbols.put(parameter.name(), new Symbol(Space.PARAM, parameter.offset(), ""));
    }
    scopes.push(scope);
    body(function);
    return new Kernel(this);
  }

  /** Shared variables, those of the module and of all functions that may be called, then what the launch adds. */
  private void placeShared() {
    List<Variable> variables = new ArrayList<>();
    module.variables.values().stream().filter(v -> v.space() == Space.SHARED).forEach(variables::add);
    Set<Function> seen = new HashSet<>();
    collectShared(function, variables, seen);
    for (Variable variable : variables) {
      if (variable.bytes() > 0) {
        sharedBytes = round(sharedBytes, variable.align());
        shared.put(variable.name(), new Symbol(Space.SHARED, sharedBytes, ""));
        sharedBytes += variable.bytes();
      }
    }
    for (Variable variable : variables) {
      if (variable.bytes() == 0) {
        sharedBytes = round(sharedBytes, variable.align());
      }
    }
    for (Variable variable : variables) {
      if (variable.bytes() == 0) {
        shared.put(variable.name(), new Symbol(Space.SHARED, sharedBytes, ""));
      }
    }
  }

  private void collectShared(Function of, List<Variable> out, Set<Function> seen) {
    if (!seen.add(of)) {
      return;
    }
    for (Statement statement : of.body()) {
      if (statement instanceof Statement.Local local && local.variable().space() == Space.SHARED) {
        out.add(local.variable());
      } else if (statement instanceof Statement.Instruction call && call.opcode().startsWith("call")) {
        call.operands().stream().map(module.functions::get).filter(f -> f != null).forEach(f -> collectShared(f, out, seen));
      }
    }
  }

  private void body(Function of) {
    if (calls.contains(of.name())) {
      throw new PtxException(of.line(), "the function " + of.name() + " calls itself, which is not emulated");
    }
    calls.push(of.name());
    labels.push(new Labels());
    scopes.push(new Scope());
    for (Statement statement : of.body()) {
      switch (statement) {
        case Statement.Open open -> scopes.push(new Scope());
        case Statement.Close close -> scopes.pop();
        case Statement.Registers declared -> declare(declared);
        case Statement.Local local -> declare(local.variable());
        case Statement.Label label -> labels.getFirst().places.put(label.name(), steps.size());
        case Statement.Targets targets -> labels.getFirst().targetLists.put(targets.name(), targets.labels());
        case Statement.Instruction instruction -> instructions.decode(instruction);
      }
    }
    if (of.entry()) {
      emit(new Statement.Instruction(of.line(), "", false, "ret", List.of(), "end of " + of.name()), new Step.Exit());
    }
    labels.getFirst().places.put(RETURN, steps.size());
    labels.getFirst().waiting.forEach(Runnable::run);
    labels.pop();
    scopes.pop();
    calls.pop();
  }

  private void declare(Statement.Registers declared) {
    Map<String, Register> names = scopes.getFirst().registers;
    if (declared.count() < 0) {
      names.put(declared.name(), registers.declare(declared.line(), declared.type()));
    }
    for (int i = 0; i < declared.count(); i++) {
      names.put(declared.name() + i, registers.declare(declared.line(), declared.type()));
    }
  }

  private void declare(Variable variable) {
    if (variable.space() == Space.SHARED) {
      return; // has its place already
    }
    if (variable.space() != Space.LOCAL && variable.space() != Space.PARAM) {
      throw new PtxException(0, "variables of " + variable.space() + " inside of functions are not emulated: " + variable.name());
    }
    localBytes = round(localBytes, variable.align());
    scopes.getFirst().symbols.put(variable.name(), new Symbol(Space.LOCAL, localBytes, ""));
    localBytes += variable.bytes();
  }

  /** Puts the body of {@code called} here. Its parameters are names for the memory that the caller gives. */
  void inline(Function called, List<String> arguments, List<String> results, int line) {
    if (arguments.size() != called.parameters().size() || results.size() != called.results().size()) {
      throw new PtxException(line, called.name() + " is called with " + arguments.size() + " arguments and " + results.size() + " results");
    }
    Scope scope = new Scope();
    bind(scope, called.parameters(), arguments, line);
    bind(scope, called.results(), results, line);
    ArrayDeque<Scope> callers = new ArrayDeque<>(scopes);
    scopes.clear();
    scopes.push(scope);
    body(called);
    scopes.clear();
    scopes.addAll(callers);
  }

  private void bind(Scope scope, List<Parameter> parameters, List<String> names, int line) {
    for (int i = 0; i < parameters.size(); i++) {
      Symbol symbol = symbol(names.get(i));
      if (symbol == null) {
        throw new PtxException(line, "not a parameter variable: " + names.get(i));
      }
      scope.symbols.put(parameters.get(i).name(), symbol);
    }
  }

  boolean inCalledFunction() {
    return calls.size() > 1;
  }

  @Nullable Function calledFunction(String name) {
    return module.functions.get(name);
  }

  void returnLabel(Consumer<Integer> target) {
    Labels of = labels.getFirst();
    of.waiting.add(() -> target.accept(of.places.get(RETURN)));
  }

  void label(int line, String name, Consumer<Integer> target) {
    Labels of = labels.getFirst();
    of.waiting.add(() -> {
      Integer place = of.places.get(name);
      if (place == null) {
        throw new PtxException(line, "no label " + name);
      }
      target.accept(place);
    });
  }

  List<String> targets(int line, String name) {
    List<String> list = labels.getFirst().targetLists.get(name);
    if (list == null) {
      throw new PtxException(line, "no list of targets " + name + " before its use");
    }
    return list;
  }

  void emit(Statement.Instruction from, Step step) {
    if (!from.guard().isEmpty()) {
      step.guard = predicate(from.line(), from.guard());
      step.negated = from.negated();
    }
    step.line = from.line();
    step.text = from.text();
    steps.add(step);
  }

  @Nullable Register register(String name) {
    for (Scope scope : scopes) {
      Register register = scope.registers.get(name);
      if (register != null) {
        return register;
      }
    }
    return null;
  }

  @Nullable Symbol symbol(String name) {
    for (Scope scope : scopes) {
      Symbol symbol = scope.symbols.get(name);
      if (symbol != null) {
        return symbol;
      }
    }
    Symbol inShared = shared.get(name);
    if (inShared != null) {
      return inShared;
    }
    Variable variable = module.variables.get(name);
    return variable == null ? null : new Symbol(variable.space(), 0, name);
  }

  /** The register that holds an operand of {@code bytes} bytes. */
  int register(Statement.Instruction i, int operand, int bytes) {
    String name = i.operands().get(operand);
    return bytes == 8 ? wide(i.line(), name) : narrow(i.line(), name, bytes);
  }

  /** The register of up to 32 bits that holds an operand. {@code bytes} is the size that literals are read with. */
  int narrow(int line, String operand, int bytes) {
    Register register = register(operand);
    if (register != null) {
      if (register.kind() != Kind.NARROW) {
        throw new PtxException(line, operand + " is a register of another size");
      }
      return register.index();
    }
    if (SpecialRegisters.isOne(operand)) {
      return registers.special(operand);
    }
    if (Immediates.isImmediate(operand)) {
      long bits = Immediates.bits(line, operand, 4);
      return registers.narrowConstant(bytes == 2 ? (int) bits & 0xffff : (int) bits);
    }
    if (operand.equals("WARP_SZ")) {
      return registers.narrowConstant(LaneLoop.LANES);
    }
    Symbol symbol = symbol(operand);
    if (symbol != null && symbol.variable().isEmpty()) {
      return registers.narrowConstant((int) symbol.offset());
    }
    throw new PtxException(line, "operand not understood: " + operand);
  }

  /** The register of 64 bits that holds an operand. */
  int wide(int line, String operand) {
    Register register = register(operand);
    if (register != null) {
      if (register.kind() != Kind.WIDE) {
        throw new PtxException(line, operand + " is a register of another size");
      }
      return register.index();
    }
    if (Immediates.isImmediate(operand)) {
      return registers.wideConstant(Immediates.bits(line, operand, 8));
    }
    int plus = operand.indexOf('+');
    Symbol symbol = symbol(plus < 0 ? operand : operand.substring(0, plus).trim());
    if (symbol != null && symbol.variable().isEmpty()) {
      return registers.wideConstant(symbol.offset() + (plus < 0 ? 0 : Immediates.bits(line, operand.substring(plus + 1).trim(), 8)));
    }
    if (symbol != null && plus < 0) {
      return registers.symbol(symbol.variable());
    }
    throw new PtxException(line, "operand not understood: " + operand);
  }

  /** The number of a predicate; {@code _} is one that nobody reads. */
  int predicate(int line, String operand) {
    Register register = register(operand);
    if (register != null && register.kind() == Kind.PREDICATE) {
      return register.index();
    }
    if (operand.equals("_")) {
      return Registers.SINK;
    }
    if (Immediates.isImmediate(operand)) {
      return Immediates.bits(line, operand, 4) == 0 ? Registers.FALSE : Registers.TRUE;
    }
    throw new PtxException(line, "not a predicate: " + operand);
  }

  boolean isWide(String operand) {
    Register register = register(operand);
    return register != null && register.kind() == Kind.WIDE;
  }

  /** The address in an operand like {@code [%rd1+8]}. */
  Address address(int line, String operand, Space space) {
    if (!operand.startsWith("[") || !operand.endsWith("]")) {
      throw new PtxException(line, "not an address: " + operand);
    }
    String inner = operand.substring(1, operand.length() - 1).trim();
    int plus = inner.indexOf('+');
    String base = plus < 0 ? inner : inner.substring(0, plus).trim();
    long offset = plus < 0 ? 0 : Immediates.bits(line, inner.substring(plus + 1), 8);
    Register register = register(base);
    if (register != null && register.kind() != Kind.PREDICATE) {
      return new Address(space, register.index(), register.kind() == Kind.WIDE, offset);
    }
    if (Immediates.isImmediate(base)) {
      return new Address(space, -1, true, Immediates.bits(line, base, 8) + offset);
    }
    Symbol symbol = symbol(base);
    if (symbol == null) {
      throw new PtxException(line, "address not understood: " + operand);
    }
    if (symbol.variable().isEmpty()) {
      // a parameter of a called function lies in the caller's local memory
      return new Address(symbol.space(), -1, true, symbol.offset() + offset);
    }
    return new Address(space == Space.GENERIC ? symbol.space() : space, registers.symbol(symbol.variable()), true, offset);
  }

  private static int round(int value, int to) {
    return (value + to - 1) / to * to;
  }
}
