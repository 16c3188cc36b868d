package dev.jebena.cuda.emulator.ptx;

import dev.jebena.cuda.emulator.ptx.PtxModule.Statement.Instruction;
import java.util.List;
import java.util.function.BiConsumer;

/** Decodes moves and conversions, of values and of addresses. */
final class MoveDecoder {

  private final KernelDecoder kernel;
  private final PredicateDecoder predicates;
  private final BiConsumer<Instruction, Opcode> arithmetic;

  /** @param arithmetic decodes the moves that are plain arithmetic */
  MoveDecoder(KernelDecoder kernel, PredicateDecoder predicates, BiConsumer<Instruction, Opcode> arithmetic) {
    this.kernel = kernel;
    this.predicates = predicates;
    this.arithmetic = arithmetic;
  }

  void move(Instruction i, Opcode op) {
    String to = i.operands().getFirst();
    String from = i.operands().get(1);
    if (op.type().equals("pred")) {
      int d = kernel.predicate(i.line(), to);
      PredicateDecoder.Predicate a = predicates.predicate(i, 1);
      kernel.emit(i, Step.of((w, mask) -> w.p[d] = w.p[d] & ~mask | a.of(w) & mask));
    } else if (to.startsWith("{")) {
      unpack(i, op);
    } else if (from.startsWith("{")) {
      pack(i, op);
    } else if (from.startsWith("%clock") || from.startsWith("%globaltimer")) {
      clock(i, to);
    } else if (SpecialRegisters.isOne(from) && kernel.isWide(to)) {
      int d = kernel.wide(i.line(), to);
      int a = kernel.narrow(i.line(), from, 4);
      kernel.emit(i, new Step.Arithmetic((r, q, x, y, z, u) -> {
        for (int l = 0; l < LaneLoop.LANES; l++) q[x + l] = r[y + l];
      }, true, d, a, 0, 0));
    } else {
      arithmetic.accept(i, op);
    }
  }

  private void clock(Instruction i, String to) {
    if (kernel.isWide(to)) {
      int d = kernel.wide(i.line(), to);
      kernel.emit(i, Step.of((w, mask) -> java.util.Arrays.fill(w.q, d, d + LaneLoop.LANES, System.nanoTime())));
    } else {
      int d = kernel.narrow(i.line(), to, 4);
      kernel.emit(i, Step.of((w, mask) -> java.util.Arrays.fill(w.r, d, d + LaneLoop.LANES, (int) System.nanoTime())));
    }
  }

  private void unpack(Instruction i, Opcode op) {
    List<String> parts = InstructionDecoder.elements(i.operands().getFirst());
    int bytes = PtxParser.typeBytes(i.line(), op.type());
    int part = bytes / parts.size();
    int source = kernel.register(i, 1, bytes);
    int[] targets = new int[parts.size()];
    for (int t = 0; t < targets.length; t++) {
      targets[t] = parts.get(t).equals("_") ? -1 : kernel.narrow(i.line(), parts.get(t), part);
    }
    int kept = part == 4 ? -1 : (1 << 8 * part) - 1;
    kernel.emit(i, Step.of((w, mask) -> {
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
    List<String> parts = InstructionDecoder.elements(i.operands().get(1));
    int bytes = PtxParser.typeBytes(i.line(), op.type());
    int part = bytes / parts.size();
    int target = kernel.register(i, 0, bytes);
    int[] sources = new int[parts.size()];
    for (int s = 0; s < sources.length; s++) {
      sources[s] = kernel.narrow(i.line(), parts.get(s), part);
    }
    long kept = (1L << 8 * part) - 1;
    kernel.emit(i, Step.of((w, mask) -> {
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

  void convertAddress(Instruction i, Opcode op) {
    long window = op.space().window;
    long distance = op.has("to") ? -window : window;
    int d = kernel.wide(i.line(), i.operands().getFirst());
    int a = kernel.wide(i.line(), i.operands().get(1));
    kernel.emit(i, new Step.Arithmetic((r, q, x, y, z, u) -> {
      for (int l = 0; l < LaneLoop.LANES; l++) q[x + l] = q[y + l] + distance;
    }, true, d, a, 0, 0));
  }

  void isSpace(Instruction i, Opcode op) {
    int d = kernel.predicate(i.line(), i.operands().getFirst());
    int a = kernel.wide(i.line(), i.operands().get(1));
    Space space = op.space();
    kernel.emit(i, Step.of((w, mask) -> {
      int result = 0;
      for (int l = 0; l < LaneLoop.LANES; l++) {
        long at = w.q[a + l];
        boolean window = Space.SHARED.holds(at) || Space.LOCAL.holds(at) || Space.PARAM.holds(at);
        result |= (space.window == 0 ? !window : space.holds(at)) ? 1 << l : 0;
      }
      w.p[d] = w.p[d] & ~mask | result & mask;
    }));
  }

  void convert(Instruction i, Opcode op) {
    LaneLoop loop = op.modifiers().size() < 2 ? null : Conversions.find(op.modifiers());
    if (loop == null) {
      throw InstructionDecoder.unknown(i);
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
    // the register of a narrow source may be wide: its low bits count
    String source = i.operands().get(1);
    if (!wideFrom && kernel.isWide(source)) {
      LaneLoop plain = loop;
      loop = (r, q, d, a, b, c) -> {
        for (int l = 0; l < LaneLoop.LANES; l++) r[2 * LaneLoop.LANES + l] = (int) q[a + l];
        plain.apply(r, q, d, 2 * LaneLoop.LANES, b, c);
      };
    }
    int d = wideTo ? kernel.wide(i.line(), i.operands().getFirst()) : kernel.narrow(i.line(), i.operands().getFirst(), 4);
    int a = wideFrom || kernel.isWide(source) ? kernel.wide(i.line(), source) : kernel.narrow(i.line(), source, 4);
    int b = i.operands().size() > 2 ? kernel.narrow(i.line(), i.operands().get(2), 4) : 0;
    kernel.emit(i, new Step.Arithmetic(loop, wideTo, d, a, b, 0));
  }
}
