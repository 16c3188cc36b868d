package dev.jebena.cuda.emulator.ptx;

import dev.jebena.cuda.emulator.ptx.BarrierStep.Reduction;
import dev.jebena.cuda.emulator.ptx.MatrixSteps.Element;
import dev.jebena.cuda.emulator.ptx.MatrixSteps.Sum;
import dev.jebena.cuda.emulator.ptx.MemorySteps.Address;
import dev.jebena.cuda.emulator.ptx.PtxModule.Statement.Instruction;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Decodes what threads do together: barriers, shuffles, votes, matrix products, asynchronous copies. */
final class CollectiveDecoder {

  private static final Pattern MMA = Pattern.compile(
      "mma\\.sync\\.aligned\\.m16n8k(\\d+)\\.row\\.col(\\.satfinite)?(?:\\.kind::f8f6f4)?\\.(f32|f16|s32)\\.(\\w+)\\.(\\w+)\\.(f32|f16|s32)");

  private final KernelDecoder kernel;

  CollectiveDecoder(KernelDecoder kernel) {
    this.kernel = kernel;
  }

  /** Emits the step of an instruction, or says that it is none of these. */
  boolean decode(Instruction i, Opcode op) {
    switch (op.base()) {
      case "bar", "barrier" -> barrier(i, op);
      case "shfl" -> shuffle(i, op);
      case "vote" -> vote(i, op);
      case "match" -> match(i, op);
      case "redux" -> reduce(i, op);
      case "mma" -> multiply(i);
      case "ldmatrix", "stmatrix" -> matrix(i, op);
      case "cp" -> asyncCopy(i, op);
      default -> {
        return false;
      }
    }
    return true;
  }

  private static PtxException unknown(Instruction i) {
    return new PtxException(i.line(), "the instruction is not emulated: " + i.text());
  }

  private int narrow(Instruction i, int operand) {
    return kernel.narrow(i.line(), i.operands().get(operand), 4);
  }

  private void barrier(Instruction i, Opcode op) {
    if (op.has("cluster")) {
      throw unknown(i);
    }
    if (op.has("warp")) {
      kernel.emit(i, new WarpSteps.WarpBarrier(narrow(i, 0)));
      return;
    }
    boolean aligned = op.base().equals("bar") || op.has("aligned");
    if (op.has("arrive")) {
      int id = narrow(i, 0);
      kernel.emit(i, Step.of((w, mask) -> w.block.arrive(w.r[id + Integer.numberOfTrailingZeros(mask)], w)));
      return;
    }
    if (op.has("red")) {
      Reduction reduction = op.has("popc") ? Reduction.POPC : op.has("and") ? Reduction.AND : Reduction.OR;
      String last = i.operands().getLast();
      boolean negated = last.startsWith("!");
      int source = kernel.predicate(i.line(), negated ? last.substring(1) : last);
      String to = i.operands().getFirst();
      int target = reduction == Reduction.POPC ? kernel.narrow(i.line(), to, 4) : kernel.predicate(i.line(), to);
      int count = i.operands().size() > 3 ? narrow(i, 2) : -1;
      kernel.emit(i, new BarrierStep(aligned, narrow(i, 1), count, reduction, source, negated, target));
      return;
    }
    if (!op.has("sync")) {
      throw unknown(i);
    }
    int count = i.operands().size() > 1 ? narrow(i, 1) : -1;
    kernel.emit(i, new BarrierStep(aligned, narrow(i, 0), count, Reduction.NONE, 0, false, 0));
  }

  private void shuffle(Instruction i, Opcode op) {
    if (!op.has("sync")) {
      throw unknown(i);
    }
    String[] targets = i.operands().getFirst().split("\\|");
    int inRange = targets.length > 1 ? kernel.predicate(i.line(), targets[1].trim()) : 0;
    int target = kernel.narrow(i.line(), targets[0].trim(), 4);
    WarpSteps.Shuffle.Mode mode = WarpSteps.Shuffle.Mode.valueOf(op.modifiers().get(1).toUpperCase(Locale.ROOT));
    kernel.emit(i, new WarpSteps.Shuffle(mode, target, inRange, narrow(i, 1), narrow(i, 2), narrow(i, 3), narrow(i, 4)));
  }

  private void vote(Instruction i, Opcode op) {
    if (!op.has("sync")) {
      throw unknown(i);
    }
    String mode = op.modifiers().get(1);
    String source = i.operands().get(1);
    boolean negated = source.startsWith("!");
    int predicate = kernel.predicate(i.line(), negated ? source.substring(1) : source);
    int target = mode.equals("ballot") ? narrow(i, 0) : kernel.predicate(i.line(), i.operands().getFirst());
    kernel.emit(i, new WarpSteps.Vote(mode, target, predicate, negated, narrow(i, 2)));
  }

  private void match(Instruction i, Opcode op) {
    String[] targets = i.operands().getFirst().split("\\|");
    int agreed = targets.length > 1 ? kernel.predicate(i.line(), targets[1].trim()) : 0;
    boolean wide = op.type().equals("b64");
    int source = wide ? kernel.wide(i.line(), i.operands().get(1)) : narrow(i, 1);
    kernel.emit(i, new WarpSteps.Match(op.has("all"), wide, kernel.narrow(i.line(), targets[0].trim(), 4), agreed, source, narrow(i, 2)));
  }

  private void reduce(Instruction i, Opcode op) {
    String operation = op.modifiers().get(1);
    if (!operation.matches("add|and|or|xor|min|max") || !op.type().matches("[sub]32")) {
      throw unknown(i);
    }
    String name = operation.startsWith("m") ? operation + "." + op.type() : operation;
    kernel.emit(i, new WarpSteps.Reduce(name, narrow(i, 0), narrow(i, 1), narrow(i, 2)));
  }

  private void multiply(Instruction i) {
    Matcher m = MMA.matcher(i.opcode());
    if (!m.matches()) {
      throw unknown(i);
    }
    int k = Integer.parseInt(m.group(1));
    Element a;
    Element b;
    try {
      a = Element.valueOf(m.group(4).toUpperCase(Locale.ROOT));
      b = Element.valueOf(m.group(5).toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw unknown(i);
    }
    int[] d = InstructionDecoder.registers(kernel, i, 0);
    int[] left = InstructionDecoder.registers(kernel, i, 1);
    int[] right = InstructionDecoder.registers(kernel, i, 2);
    int[] c = InstructionDecoder.registers(kernel, i, 3);
    boolean fits = m.group(3).equals(m.group(6)) && a.perRegister == b.perRegister && left.length == k / (2 * a.perRegister) && right.length == k / (4 * b.perRegister)
        && d.length == (m.group(3).equals("f16") ? 2 : 4) && c.length == d.length;
    if (!fits) {
      throw unknown(i);
    }
    kernel.emit(i, new MatrixSteps.Multiply(a, b, Sum.valueOf(m.group(3).toUpperCase(Locale.ROOT)), m.group(2) != null, k, d, left, right, c));
  }

  private void matrix(Instruction i, Opcode op) {
    if (!op.has("m8n8") || !op.type().equals("b16")) {
      throw unknown(i);
    }
    if (op.base().equals("ldmatrix")) {
      int[] targets = InstructionDecoder.registers(kernel, i, 0);
      kernel.emit(i, new MatrixSteps.LoadMatrix(kernel.address(i.line(), i.operands().get(1), Space.SHARED), op.has("trans"), targets));
    } else {
      int[] sources = InstructionDecoder.registers(kernel, i, 1);
      kernel.emit(i, new MatrixSteps.StoreMatrix(kernel.address(i.line(), i.operands().getFirst(), Space.SHARED), op.has("trans"), sources));
    }
  }

  private void asyncCopy(Instruction i, Opcode op) {
    String form = op.modifiers().size() > 1 ? op.modifiers().get(1) : "";
    if (!op.has("async") || op.has("bulk") || op.has("mbarrier")) {
      throw unknown(i);
    }
    switch (form) {
      case "commit_group" -> kernel.emit(i, AsyncCopies.commitGroup());
      case "wait_all" -> kernel.emit(i, AsyncCopies.waitAll());
      case "wait_group" -> kernel.emit(i, AsyncCopies.waitGroup((int) Immediates.bits(i.line(), i.operands().getFirst(), 4)));
      case "ca", "cg" -> {
        int bytes = (int) Immediates.bits(i.line(), i.operands().get(2), 4);
        Address to = kernel.address(i.line(), i.operands().getFirst(), Space.SHARED);
        Address from = kernel.address(i.line(), i.operands().get(1), Space.GLOBAL);
        kernel.emit(i, AsyncCopies.copy(to, from, bytes, i.operands().size() > 3 ? narrow(i, 3) : -1));
      }
      default -> throw unknown(i);
    }
  }
}
