package dev.jebena.cuda.emulator.ptx;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Gives registers their places. Literals, special registers and addresses of variables get registers too, which are filled before the
 * first step, so that every operand is a register.
 */
final class Registers {

  /** Registers at the front of both files that steps use for themselves. */
  static final int SCRATCH = 4;

  /** The predicate that takes what nobody wants. */
  static final int SINK = 0;

  static final int FALSE = 1;
  static final int TRUE = 2;

  /** The class of a register: predicate, up to 32 bits, 64 bits. */
  enum Kind {
    PREDICATE,
    NARROW,
    WIDE
  }

  record Register(Kind kind, int index) {}

  private int narrow = SCRATCH;
  private int wide = SCRATCH;
  private int predicates = TRUE + 1;
  final Map<Integer, Integer> narrowConstants = new HashMap<>();
  final Map<Integer, Long> wideConstants = new HashMap<>();
  final List<Kernel.SymbolRegister> symbolRegisters = new ArrayList<>();
  final Map<String, Integer> specials = new HashMap<>();
  private final Map<Integer, Integer> narrowByValue = new HashMap<>();
  private final Map<Long, Integer> wideByValue = new HashMap<>();
  private final Map<String, Integer> bySymbol = new HashMap<>();

  int narrow() {
    return narrow;
  }

  int wide() {
    return wide;
  }

  int predicates() {
    return predicates;
  }

  Register declare(int line, String type) {
    return switch (type) {
      case "pred" -> new Register(Kind.PREDICATE, predicates++);
      case "b64", "u64", "s64", "f64" -> new Register(Kind.WIDE, LaneLoop.LANES * wide++);
      case "b128" -> throw new PtxException(line, "registers of 128 bits are not emulated");
      default -> {
        PtxParser.typeBytes(line, type);
        yield new Register(Kind.NARROW, LaneLoop.LANES * narrow++);
      }
    };
  }

  int narrowConstant(int value) {
    return narrowByValue.computeIfAbsent(value, v -> {
      int index = LaneLoop.LANES * narrow++;
      narrowConstants.put(index, v);
      return index;
    });
  }

  int wideConstant(long value) {
    return wideByValue.computeIfAbsent(value, v -> {
      int index = LaneLoop.LANES * wide++;
      wideConstants.put(index, v);
      return index;
    });
  }

  int symbol(String name) {
    return bySymbol.computeIfAbsent(name, n -> {
      int index = LaneLoop.LANES * wide++;
      symbolRegisters.add(new Kernel.SymbolRegister(index, n));
      return index;
    });
  }

  int special(String name) {
    return specials.computeIfAbsent(name, n -> LaneLoop.LANES * narrow++);
  }
}
