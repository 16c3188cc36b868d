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

  InstructionDecoder(KernelDecoder kernel) {
    this.kernel = kernel;
    this.collectives = new CollectiveDecoder(kernel);
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
      case "setp" -> setPredicate(i, op);
      case "set" -> set(i, op);
      case "selp" -> select(i, op);
      case "slct" -> throw unknown(i);
      case "mov" -> move(i, op);
      case "cvta" -> convertAddress(i, op);
      case "cvt" -> convert(i, op);
      case "and", "or", "xor", "not" -> {
        if (op.type().equals("pred")) {
          predicates(i, op);
        } else {
          arithmetic(i, op);
        }
      }
      case "bfi" -> insert(i, op);
      case "lop3" -> lop3(i, op);
      case "isspacep" -> isSpace(i, op);
      case "membar", "fence" -> emit(i, Step.of((w, mask) -> java.lang.invoke.VarHandle.fullFence()));
      case "nanosleep" -> emit(i, Step.of((w, mask) -> Thread.yield()));
      case "trap", "brkpt" -> emit(i, Step.of((w, mask) -> {
        throw w.memory.fault(Integer.numberOfTrailingZeros(mask), KernelFault.Kind.TRAP, "trap");
      }));
      case "prefetch", "prefetchu", "discard", "applypriority", "griddepcontrol", "pmevent", "setmaxnreg" -> emit(i, Step.of((w, mask) -> {}));
      case "activemask" -> {
        int target = narrow(i, 0);
        emit(i, Step.of((w, mask) -> {
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

  private static PtxException unknown(Instruction i) {
    return new PtxException(i.line(), "the instruction is not emulated: " + i.text());
  }

  private void emit(Instruction i, Step step) {
    kernel.emit(step, i);
  }

  private int narrow(Instruction i, int operand) {
    return kernel.narrow(i.line(), i.operands().get(operand), 4);
  }

  // ---- flow

  private void branch(Instruction i) {
    Step.Branch step = new Step.Branch();
    kernel.label(i.line(), i.operands().getFirst(), target -> step.target = target);
    emit(i, step);
  }

  private void branchByIndex(Instruction i) {
    int index = narrow(i, 0);
    List<String> names = kernel.targets(i.line(), i.operands().get(1));
    int[] targets = new int[names.size()];
    for (int t = 0; t < targets.length; t++) {
      int at = t;
      kernel.label(i.line(), names.get(t), target -> targets[at] = target);
    }
    emit(i, new Step(true) {
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
      emit(i, step);
    } else {
      emit(i, new Step.Exit());
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

  private static List<String> elements(String operand) {
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
    emit(i, MemorySteps.load(address, bytes, op.type().startsWith("s"), registers, wide, op.ordered()));
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
    emit(i, new MemorySteps.Store(address, bytes, registers, wide, op.ordered()));
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
    int target = !hasTarget || i.operands().getFirst().equals("_") ? -1 : register(i, 0, bytes);
    int b = register(i, at + 1, bytes);
    int c = i.operands().size() > at + 2 ? register(i, at + 2, bytes) : -1;
    emit(i, new AtomicSteps.Atomic(address, bytes, operation, target, b, c));
  }

  private int register(Instruction i, int operand, int bytes) {
    String name = i.operands().get(operand);
    return bytes == 8 ? kernel.wide(i.line(), name) : kernel.narrow(i.line(), name, bytes);
  }

  // ---- predicates

  private record Predicate(int number, boolean negated) {
    int of(Warp w) {
      return negated ? ~w.p[number] : w.p[number];
    }
  }

  private Predicate predicate(Instruction i, int operand) {
    String name = i.operands().get(operand);
    boolean negated = name.startsWith("!");
    return new Predicate(kernel.predicate(i.line(), negated ? name.substring(1) : name), negated);
  }

  private void setPredicate(Instruction i, Opcode op) {
    String type = op.type();
    Comparisons.Test test = Comparisons.find(op.modifiers().getFirst(), type);
    if (test == null) {
      throw unknown(i);
    }
    int bytes = PtxParser.typeBytes(i.line(), type);
    String[] targets = i.operands().getFirst().split("\\|");
    int d = kernel.predicate(i.line(), targets[0].trim());
    int complement = targets.length > 1 ? kernel.predicate(i.line(), targets[1].trim()) : -1;
    int a = register(i, 1, bytes);
    int b = register(i, 2, bytes);
    String combine = op.modifiers().stream().filter(m -> m.matches("and|or|xor")).findFirst().orElse("");
    Predicate c = combine.isEmpty() ? new Predicate(0, false) : predicate(i, 3);
    boolean flush = op.has("ftz");
    emit(i, Step.of((w, mask) -> {
      int result = flush ? flushed(w, test, a, b) : test.of(w.r, w.q, a, b);
      int other = ~result;
      if (!combine.isEmpty()) {
        result = combine(combine, result, c.of(w));
        other = combine(combine, other, c.of(w));
      }
      w.p[d] = w.p[d] & ~mask | result & mask;
      if (complement >= 0) {
        w.p[complement] = w.p[complement] & ~mask | other & mask;
      }
    }));
  }

  private static int flushed(Warp w, Comparisons.Test test, int a, int b) {
    for (int l = 0; l < LaneLoop.LANES; l++) {
      w.r[LaneLoop.LANES + l] = Numbers.bits(Numbers.flush(Numbers.f(w.r[a + l])));
      w.r[2 * LaneLoop.LANES + l] = Numbers.bits(Numbers.flush(Numbers.f(w.r[b + l])));
    }
    return test.of(w.r, w.q, LaneLoop.LANES, 2 * LaneLoop.LANES);
  }

  private static int combine(String how, int x, int y) {
    return switch (how) {
      case "and" -> x & y;
      case "or" -> x | y;
      default -> x ^ y;
    };
  }

  /** {@code set}: like setp, into a register: all ones or 1.0 for true. */
  private void set(Instruction i, Opcode op) {
    String type = op.type();
    String to = op.modifiers().get(op.modifiers().size() - 2);
    boolean packed = type.endsWith("x2");
    String single = packed ? type.substring(0, type.length() - 2) : type;
    Comparisons.Test test = Comparisons.find(op.modifiers().getFirst(), single);
    if (test == null || op.modifiers().stream().anyMatch(m -> m.matches("and|or|xor"))) {
      throw unknown(i);
    }
    int bytes = PtxParser.typeBytes(i.line(), single);
    int d = kernel.narrow(i.line(), i.operands().getFirst(), 4);
    int a = register(i, 1, bytes);
    int b = register(i, 2, bytes);
    int yes =
        switch (to) {
          case "f32" -> Numbers.bits(1f);
          case "f16", "f16x2" -> packed ? 0x3c003c00 : 0x3c00;
          case "bf16", "bf16x2" -> packed ? 0x3f803f80 : 0x3f80;
          case "u32", "s32" -> -1;
          case "u16", "s16" -> 0xffff;
          default -> throw unknown(i);
        };
    emit(i, Step.of((w, mask) -> {
      int low = test.of(w.r, w.q, a, b);
      int high = low;
      if (packed) {
        for (int l = 0; l < LaneLoop.LANES; l++) {
          w.r[LaneLoop.LANES + l] = w.r[a + l] >>> 16;
          w.r[2 * LaneLoop.LANES + l] = w.r[b + l] >>> 16;
        }
        high = test.of(w.r, w.q, LaneLoop.LANES, 2 * LaneLoop.LANES);
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        int kept = packed ? ((low >> l & 1) != 0 ? 0xffff : 0) | ((high >> l & 1) != 0 ? 0xffff0000 : 0) : (low >> l & 1) != 0 ? -1 : 0;
        w.r[d + l] = yes & kept;
      }
    }));
  }

  private void predicates(Instruction i, Opcode op) {
    int d = kernel.predicate(i.line(), i.operands().getFirst());
    Predicate a = predicate(i, 1);
    if (op.base().equals("not")) {
      emit(i, Step.of((w, mask) -> w.p[d] = w.p[d] & ~mask | ~a.of(w) & mask));
      return;
    }
    Predicate b = predicate(i, 2);
    String how = op.base();
    emit(i, Step.of((w, mask) -> w.p[d] = w.p[d] & ~mask | combine(how, a.of(w), b.of(w)) & mask));
  }

  private void select(Instruction i, Opcode op) {
    int bytes = PtxParser.typeBytes(i.line(), op.type());
    int d = register(i, 0, bytes);
    int a = register(i, 1, bytes);
    int b = register(i, 2, bytes);
    Predicate c = predicate(i, 3);
    emit(i, bytes == 8
        ? Step.of((w, mask) -> {
          int p = c.of(w);
          for (int m = mask; m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            w.q[d + l] = (p >> l & 1) != 0 ? w.q[a + l] : w.q[b + l];
          }
        })
        : Step.of((w, mask) -> {
          int p = c.of(w);
          int[] r = w.r;
          for (int m = mask; m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            r[d + l] = (p >> l & 1) != 0 ? r[a + l] : r[b + l];
          }
        }));
  }

  // ---- moves and conversions

  private void move(Instruction i, Opcode op) {
    String to = i.operands().getFirst();
    String from = i.operands().get(1);
    if (op.type().equals("pred")) {
      int d = kernel.predicate(i.line(), to);
      Predicate a = predicate(i, 1);
      emit(i, Step.of((w, mask) -> w.p[d] = w.p[d] & ~mask | a.of(w) & mask));
    } else if (to.startsWith("{")) {
      unpack(i, op);
    } else if (from.startsWith("{")) {
      pack(i, op);
    } else if (from.startsWith("%clock") || from.startsWith("%globaltimer")) {
      clock(i, to);
    } else if (SpecialRegisters.isOne(from) && kernel.isWide(to)) {
      int d = kernel.wide(i.line(), to);
      int a = kernel.narrow(i.line(), from, 4);
      emit(i, new Step.Arithmetic((r, q, x, y, z, u) -> {
        for (int l = 0; l < LaneLoop.LANES; l++) q[x + l] = r[y + l];
      }, true, d, a, 0, 0));
    } else {
      arithmetic(i, op);
    }
  }

  private void clock(Instruction i, String to) {
    if (kernel.isWide(to)) {
      int d = kernel.wide(i.line(), to);
      emit(i, Step.of((w, mask) -> java.util.Arrays.fill(w.q, d, d + LaneLoop.LANES, System.nanoTime())));
    } else {
      int d = kernel.narrow(i.line(), to, 4);
      emit(i, Step.of((w, mask) -> java.util.Arrays.fill(w.r, d, d + LaneLoop.LANES, (int) System.nanoTime())));
    }
  }

  private void unpack(Instruction i, Opcode op) {
    List<String> parts = elements(i.operands().getFirst());
    int bytes = PtxParser.typeBytes(i.line(), op.type());
    int part = bytes / parts.size();
    int source = register(i, 1, bytes);
    int[] targets = new int[parts.size()];
    for (int t = 0; t < targets.length; t++) {
      targets[t] = parts.get(t).equals("_") ? -1 : kernel.narrow(i.line(), parts.get(t), part);
    }
    int kept = part == 4 ? -1 : (1 << 8 * part) - 1;
    emit(i, Step.of((w, mask) -> {
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        long value = bytes == 8 ? w.q[source + l] : w.r[source + l];
        for (int t = 0; t < targets.length; t++) {
          if (targets[t] >= 0) {
            w.r[targets[t] + l] = (int) (value >>> 8 * part * t) & kept;
          }
        }
      }
    }));
  }

  private void pack(Instruction i, Opcode op) {
    List<String> parts = elements(i.operands().get(1));
    int bytes = PtxParser.typeBytes(i.line(), op.type());
    int part = bytes / parts.size();
    int target = register(i, 0, bytes);
    int[] sources = new int[parts.size()];
    for (int s = 0; s < sources.length; s++) {
      sources[s] = kernel.narrow(i.line(), parts.get(s), part);
    }
    long kept = (1L << 8 * part) - 1;
    emit(i, Step.of((w, mask) -> {
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        long value = 0;
        for (int s = 0; s < sources.length; s++) {
          value |= (w.r[sources[s] + l] & kept) << 8 * part * s;
        }
        if (bytes == 8) {
          w.q[target + l] = value;
        } else {
          w.r[target + l] = (int) value;
        }
      }
    }));
  }

  private void convertAddress(Instruction i, Opcode op) {
    long window = op.space().window;
    long distance = op.has("to") ? -window : window;
    int d = kernel.wide(i.line(), i.operands().getFirst());
    int a = kernel.wide(i.line(), i.operands().get(1));
    emit(i, new Step.Arithmetic((r, q, x, y, z, u) -> {
      for (int l = 0; l < LaneLoop.LANES; l++) q[x + l] = q[y + l] + distance;
    }, true, d, a, 0, 0));
  }

  private void isSpace(Instruction i, Opcode op) {
    int d = kernel.predicate(i.line(), i.operands().getFirst());
    int a = kernel.wide(i.line(), i.operands().get(1));
    Space space = op.space();
    emit(i, Step.of((w, mask) -> {
      int result = 0;
      for (int l = 0; l < LaneLoop.LANES; l++) {
        long at = w.q[a + l];
        boolean window = Space.SHARED.holds(at) || Space.LOCAL.holds(at) || Space.PARAM.holds(at);
        result |= (space.window == 0 ? !window : space.holds(at)) ? 1 << l : 0;
      }
      w.p[d] = w.p[d] & ~mask | result & mask;
    }));
  }

  private void convert(Instruction i, Opcode op) {
    LaneLoop loop = op.modifiers().size() < 2 ? null : Conversions.find(op.modifiers());
    if (loop == null) {
      throw unknown(i);
    }
    String to = op.modifiers().get(op.modifiers().size() - 2);
    boolean wideFrom = op.type().endsWith("64");
    boolean wideTo = to.endsWith("64");
    if (op.has("ftz") && !wideFrom && op.type().equals("f32")) {
      LaneLoop plain = loop;
      loop = (r, q, d, a, b, c) -> {
        for (int l = 0; l < LaneLoop.LANES; l++) r[LaneLoop.LANES + l] = Numbers.bits(Numbers.flush(Numbers.f(r[a + l])));
        plain.apply(r, q, d, LaneLoop.LANES, b, c);
      };
    }
    // a narrow value may lie in a wide register: cvt.u8.u32 into %rd does not occur, cvt.u32.u64 of a small register neither
    int d = wideTo ? kernel.wide(i.line(), i.operands().getFirst()) : kernel.narrow(i.line(), i.operands().getFirst(), 4);
    int a = wideFrom ? kernel.wide(i.line(), i.operands().get(1)) : kernel.narrow(i.line(), i.operands().get(1), 4);
    int b = i.operands().size() > 2 ? kernel.narrow(i.line(), i.operands().get(2), 4) : 0;
    emit(i, new Step.Arithmetic(loop, wideTo, d, a, b, 0));
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
    emit(i, step);
  }

  private void insert(Instruction i, Opcode op) {
    boolean wide = op.type().equals("b64");
    int bytes = wide ? 8 : 4;
    int d = register(i, 0, bytes);
    int a = register(i, 1, bytes);
    int b = register(i, 2, bytes);
    int position = narrow(i, 3);
    int length = narrow(i, 4);
    emit(i, Step.of((w, mask) -> {
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
    emit(i, new Step.Arithmetic(IntegerOps.lop3(table), false, narrow(i, 0), narrow(i, 1), narrow(i, 2), narrow(i, 3)));
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
