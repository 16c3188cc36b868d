package dev.jebena.cuda.emulator.ptx;

import dev.jebena.cuda.emulator.ptx.PtxModule.Statement.Instruction;

/** Decodes what makes and takes predicates: comparisons, their logic, selection. */
final class PredicateDecoder {

  private final KernelDecoder kernel;

  PredicateDecoder(KernelDecoder kernel) {
    this.kernel = kernel;
  }

  /** A predicate as an operand. */
  record Predicate(int number, boolean negated) {
    int of(Warp w) {
      return negated ? ~w.p[number] : w.p[number];
    }
  }

  Predicate predicate(Instruction i, int operand) {
    String name = i.operands().get(operand);
    boolean negated = name.startsWith("!");
    return new Predicate(kernel.predicate(i.line(), negated ? name.substring(1) : name), negated);
  }

  void setPredicate(Instruction i, Opcode op) {
    String type = op.type();
    Comparisons.Test test = Comparisons.find(op.modifiers().getFirst(), type);
    if (test == null) {
      throw InstructionDecoder.unknown(i);
    }
    int bytes = PtxParser.typeBytes(i.line(), type);
    String[] targets = i.operands().getFirst().split("\\|");
    int d = kernel.predicate(i.line(), targets[0].trim());
    int complement = targets.length > 1 ? kernel.predicate(i.line(), targets[1].trim()) : -1;
    int a = kernel.register(i, 1, bytes);
    int b = kernel.register(i, 2, bytes);
    String combine = op.modifiers().stream().filter(m -> m.matches("and|or|xor")).findFirst().orElse("");
    Predicate c = combine.isEmpty() ? new Predicate(0, false) : predicate(i, 3);
    boolean flush = op.has("ftz");
    kernel.emit(i, Step.of((w, mask) -> {
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
  void set(Instruction i, Opcode op) {
    String type = op.type();
    String to = op.modifiers().get(op.modifiers().size() - 2);
    boolean packed = type.endsWith("x2");
    String single = packed ? type.substring(0, type.length() - 2) : type;
    Comparisons.Test test = Comparisons.find(op.modifiers().getFirst(), single);
    if (test == null || op.modifiers().stream().anyMatch(m -> m.matches("and|or|xor"))) {
      throw InstructionDecoder.unknown(i);
    }
    int bytes = PtxParser.typeBytes(i.line(), single);
    int d = kernel.narrow(i.line(), i.operands().getFirst(), 4);
    int a = kernel.register(i, 1, bytes);
    int b = kernel.register(i, 2, bytes);
    int yes =
        switch (to) {
          case "f32" -> Numbers.bits(1f);
          case "f16", "f16x2" -> packed ? 0x3c003c00 : 0x3c00;
          case "bf16", "bf16x2" -> packed ? 0x3f803f80 : 0x3f80;
          case "u32", "s32" -> -1;
          case "u16", "s16" -> 0xffff;
          default -> throw InstructionDecoder.unknown(i);
        };
    kernel.emit(i, Step.of((w, mask) -> {
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

  void logic(Instruction i, Opcode op) {
    int d = kernel.predicate(i.line(), i.operands().getFirst());
    Predicate a = predicate(i, 1);
    if (op.base().equals("not")) {
      kernel.emit(i, Step.of((w, mask) -> w.p[d] = w.p[d] & ~mask | ~a.of(w) & mask));
      return;
    }
    Predicate b = predicate(i, 2);
    String how = op.base();
    kernel.emit(i, Step.of((w, mask) -> w.p[d] = w.p[d] & ~mask | combine(how, a.of(w), b.of(w)) & mask));
  }

  void select(Instruction i, Opcode op) {
    int bytes = PtxParser.typeBytes(i.line(), op.type());
    int d = kernel.register(i, 0, bytes);
    int a = kernel.register(i, 1, bytes);
    int b = kernel.register(i, 2, bytes);
    Predicate c = predicate(i, 3);
    kernel.emit(i, bytes == 8
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
}
