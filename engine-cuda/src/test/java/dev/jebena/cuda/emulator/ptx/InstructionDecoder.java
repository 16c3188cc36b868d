package dev.jebena.cuda.emulator.ptx;

import dev.jebena.cuda.emulator.ptx.MemorySteps.Address;
import dev.jebena.cuda.emulator.ptx.PtxModule.Statement.Instruction;
import java.util.ArrayList;
import java.util.List;

/** Makes a step of an instruction. What it does not know it refuses by name and line. */
final class InstructionDecoder {

  private static final Alu.Table ALUS = new Alu.Table();

  static {
    IntegerOps.register(ALUS);
    FloatOps.register(ALUS);
  }

  private final KernelDecoder kernel;
  private final CollectiveDecoder collectives;
  private final PredicateDecoder predicates;
  private final MoveDecoder moves;

  InstructionDecoder(KernelDecoder kernel) {
    this.kernel = kernel;
    this.collectives = new CollectiveDecoder(kernel);
    this.predicates = new PredicateDecoder(kernel);
    this.moves = new MoveDecoder(kernel, predicates, this::arithmetic);
  }

  void decode(Instruction i) {
    Opcode op = Opcode.of(i.opcode());
    switch (op.base()) {
      case "bra" -> branch(i);
      case "brx" -> branchByIndex(i);
      case "ret", "exit" -> end(i, op);
      case "call" -> call(i);
      case "ld", "ldu" -> load(i, op);
      case "st" -> store(i, op);
      case "atom", "red" -> atomic(i, op);
      case "setp" -> predicates.setPredicate(i, op);
      case "set" -> predicates.set(i, op);
      case "selp" -> predicates.select(i, op);
      case "mov" -> moves.move(i, op);
      case "cvta" -> moves.convertAddress(i, op);
      case "cvt" -> moves.convert(i, op);
      case "and", "or", "xor", "not" -> {
        if (op.type().equals("pred")) {
          predicates.logic(i, op);
        } else {
          arithmetic(i, op);
        }
      }
      case "bfi" -> insert(i, op);
      case "lop3" -> lop3(i, op);
      case "isspacep" -> moves.isSpace(i, op);
      case "membar", "fence" -> kernel.emit(i, Step.of((w, mask) -> java.lang.invoke.VarHandle.fullFence()));
      case "nanosleep" -> kernel.emit(i, Step.of((w, mask) -> Thread.yield()));
      case "trap", "brkpt" -> kernel.emit(i, Step.of((w, mask) -> {
        throw w.memory.fault(Integer.numberOfTrailingZeros(mask), KernelFault.Kind.TRAP, "trap");
      }));
      case "prefetch", "prefetchu", "discard", "applypriority", "griddepcontrol", "pmevent", "setmaxnreg" -> kernel.emit(i, Step.of((w, mask) -> {}));
      case "activemask" -> {
        int target = narrow(i, 0);
        kernel.emit(i, Step.of((w, mask) -> {
          for (int m = mask; m != 0; m &= m - 1) {
            w.r[target + Integer.numberOfTrailingZeros(m)] = mask;
          }
        }));
      }
      default -> {
        if (!collectives.decode(i, op)) {
          arithmetic(i, op);
        }
      }
    }
  }

  static PtxException unknown(Instruction i) {
    return new PtxException(i.line(), "the instruction is not emulated: " + i.text());
  }

  private int narrow(Instruction i, int operand) {
    return kernel.narrow(i.line(), i.operands().get(operand), 4);
  }

  // ---- flow

  private void branch(Instruction i) {
    Step.Branch step = new Step.Branch();
    kernel.label(i.line(), i.operands().getFirst(), target -> step.target = target);
    kernel.emit(i, step);
  }

  private void branchByIndex(Instruction i) {
    int index = narrow(i, 0);
    List<String> names = kernel.targets(i.line(), i.operands().get(1));
    int[] targets = new int[names.size()];
    for (int t = 0; t < targets.length; t++) {
      int at = t;
      kernel.label(i.line(), names.get(t), target -> targets[at] = target);
    }
    kernel.emit(i, new Step(true) {
      @Override
      void run(Warp w, int mask) {
        // a jump for the lanes of the lowest index; the others come here again
        if (mask == 0) {
          w.pc++;
          return;
        }
        int chosen = w.r[index + Integer.numberOfTrailingZeros(mask)];
        int taken = 0;
        for (int m = mask; m != 0; m &= m - 1) {
          int lane = Integer.numberOfTrailingZeros(m);
          taken |= (w.r[index + lane] == chosen ? 1 : 0) << lane;
        }
        if (chosen < 0 || chosen >= targets.length) {
          throw w.memory.fault(Integer.numberOfTrailingZeros(mask), KernelFault.Kind.TRAP, "branch index " + chosen + " of " + targets.length);
        }
        w.split(targets[chosen], taken, mask);
      }
    });
  }

  private void end(Instruction i, Opcode op) {
    if (op.base().equals("ret") && kernel.inCalledFunction()) {
      Step.Branch step = new Step.Branch();
      kernel.returnLabel(target -> step.target = target);
      kernel.emit(i, step);
    } else {
      kernel.emit(i, new Step.Exit());
    }
  }

  private void call(Instruction i) {
    List<String> operands = i.operands();
    List<String> results = operands.getFirst().startsWith("(") ? inside(operands.getFirst()) : List.of();
    int at = results.isEmpty() && !operands.getFirst().startsWith("(") ? 0 : 1;
    String name = operands.get(at);
    PtxModule.Function called = kernel.calledFunction(name);
    if (called == null || !i.guard().isEmpty()) {
      throw new PtxException(i.line(), "the call is not emulated (no body, a pointer or a guard): " + i.text());
    }
    kernel.inline(called, operands.size() > at + 1 ? inside(operands.get(at + 1)) : List.of(), results, i.line());
  }

  private static List<String> inside(String list) {
    return PtxParser.split(list.substring(1, list.length() - 1).trim());
  }

  // ---- memory

  static List<String> elements(String operand) {
    return operand.startsWith("{") ? inside(operand) : List.of(operand);
  }

  private void checkModifiers(Instruction i, Opcode op) {
    if (op.strange() != null) {
      throw unknown(i);
    }
  }

  private void load(Instruction i, Opcode op) {
    checkModifiers(i, op);
    int bytes = PtxParser.typeBytes(i.line(), op.type());
    List<String> targets = elements(i.operands().getFirst());
    boolean wide = targets.stream().anyMatch(kernel::isWide);
    int[] registers = new int[targets.size()];
    for (int t = 0; t < registers.length; t++) {
      String name = targets.get(t);
      registers[t] = name.equals("_") ? -1 : wide ? kernel.wide(i.line(), name) : kernel.narrow(i.line(), name, 4);
    }
    Address address = kernel.address(i.line(), i.operands().get(1), op.space());
    kernel.emit(i, MemorySteps.load(address, bytes, op.type().startsWith("s"), registers, wide, op.ordered()));
  }

  private void store(Instruction i, Opcode op) {
    checkModifiers(i, op);
    int bytes = PtxParser.typeBytes(i.line(), op.type());
    List<String> sources = elements(i.operands().get(1));
    boolean wide = sources.stream().anyMatch(kernel::isWide) || bytes == 8;
    int[] registers = new int[sources.size()];
    for (int s = 0; s < registers.length; s++) {
      registers[s] = wide ? kernel.wide(i.line(), sources.get(s)) : kernel.narrow(i.line(), sources.get(s), bytes);
    }
    Address address = kernel.address(i.line(), i.operands().getFirst(), op.space());
    kernel.emit(i, new MemorySteps.Store(address, bytes, registers, wide, op.ordered()));
  }

  private void atomic(Instruction i, Opcode op) {
    boolean hasTarget = op.base().equals("atom");
    int at = hasTarget ? 1 : 0;
    String type = op.type();
    String name = op.modifiers().stream().filter(m -> m.matches("add|min|max|inc|dec|and|or|xor|exch|cas")).findFirst().orElseThrow(() -> unknown(i));
    AtomicSteps.Operation operation = AtomicSteps.find(name, type);
    if (operation == null || op.vector() > 1) {
      throw unknown(i);
    }
    int bytes = PtxParser.typeBytes(i.line(), type);
    Address address = kernel.address(i.line(), i.operands().get(at), op.space());
    int target = !hasTarget || i.operands().getFirst().equals("_") ? -1 : kernel.register(i, 0, bytes);
    int b = kernel.register(i, at + 1, bytes);
    int c = i.operands().size() > at + 2 ? kernel.register(i, at + 2, bytes) : -1;
    kernel.emit(i, new AtomicSteps.Atomic(address, bytes, operation, target, b, c));
  }

  // ---- arithmetic

  private void arithmetic(Instruction i, Opcode op) {
    String type = op.type();
    boolean isFloat = type.matches("f32|f64|f16|bf16|f16x2|bf16x2");
    String key = isFloat ? op.without("rn", "ftz", "sat") : op.without();
    Alu alu = ALUS.get(key);
    if (alu == null || isFloat && op.has("sat") && !type.equals("f32")) {
      throw unknown(i);
    }
    int[] registers = new int[4];
    String shape = alu.shape();
    if (i.operands().size() != shape.length()) {
      throw new PtxException(i.line(), "operands missing or too many: " + i.text());
    }
    int bytes = type.endsWith("16") ? 2 : 4;
    for (int k = 0; k < shape.length(); k++) {
      String operand = i.operands().get(k);
      registers[k] = shape.charAt(k) == 'w' ? kernel.wide(i.line(), operand) : kernel.narrow(i.line(), operand, bytes);
    }
    LaneLoop loop = alu.loop();
    if (type.equals("f32") && op.has("ftz")) {
      loop = FloatOps.flushing(loop, LaneLoop.LANES, shape.length() - 1);
    }
    if (type.equals("f32") && op.has("sat")) {
      loop = FloatOps.saturating(loop);
    }
    Step step = new Step.Arithmetic(loop, shape.charAt(0) == 'w', registers[0], registers[1], registers[2], registers[3]);
    step.flops = alu.flops();
    kernel.emit(i, step);
  }

  private void insert(Instruction i, Opcode op) {
    boolean wide = op.type().equals("b64");
    int bytes = wide ? 8 : 4;
    int d = kernel.register(i, 0, bytes);
    int a = kernel.register(i, 1, bytes);
    int b = kernel.register(i, 2, bytes);
    int position = narrow(i, 3);
    int length = narrow(i, 4);
    kernel.emit(i, Step.of((w, mask) -> {
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        if (wide) {
          w.q[d + l] = IntegerOps.insert(w.q[a + l], w.q[b + l], w.r[position + l], w.r[length + l]);
        } else {
          w.r[d + l] = IntegerOps.insert(w.r[a + l], w.r[b + l], w.r[position + l], w.r[length + l]);
        }
      }
    }));
  }

  private void lop3(Instruction i, Opcode op) {
    if (op.modifiers().size() != 1) {
      throw unknown(i);
    }
    int table = (int) Immediates.bits(i.line(), i.operands().get(4), 4) & 255;
    kernel.emit(i, new Step.Arithmetic(IntegerOps.lop3(table), false, narrow(i, 0), narrow(i, 1), narrow(i, 2), narrow(i, 3)));
  }

  /** Registers in braces. */
  static int[] registers(KernelDecoder kernel, Instruction i, int operand) {
    List<Integer> out = new ArrayList<>();
    for (String name : elements(i.operands().get(operand))) {
      out.add(kernel.narrow(i.line(), name, 4));
    }
    return out.stream().mapToInt(Integer::intValue).toArray();
  }
}
