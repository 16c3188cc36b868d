package dev.jebena.cuda.emulator.ptx;

import java.util.HashMap;
import java.util.Map;

/**
 * An arithmetic operation: its loop, and the kinds of its operands ({@code i}: 32 and fewer bits, {@code w}: 64 bits), the result first.
 *
 * @param flops floating point operations a lane
 * @param bytes size of an immediate operand, by operand, as a digit each
 */
record Alu(String shape, int flops, String bytes, LaneLoop loop) {

  /** All operations by their opcode, without the modifiers that change nothing. */
  static final class Table {
    private final Map<String, Alu> alus = new HashMap<>();

    void add(String shape, String opcodes, LaneLoop loop) {
      add(shape, 0, opcodes, loop);
    }

    void add(String shape, int flops, String opcodes, LaneLoop loop) {
      StringBuilder bytes = new StringBuilder();
      for (char kind : shape.toCharArray()) {
        bytes.append(kind == 'w' ? '8' : '4');
      }
      Alu alu = new Alu(shape, flops, bytes.toString(), loop);
      for (String opcode : opcodes.split(" ")) {
        if (alus.put(opcode, alu) != null) {
          throw new AssertionError(opcode + " is there twice");
        }
      }
    }

    @org.jspecify.annotations.Nullable Alu get(String opcode) {
      return alus.get(opcode);
    }
  }
}
