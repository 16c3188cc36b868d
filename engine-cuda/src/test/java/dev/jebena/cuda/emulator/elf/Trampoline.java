package dev.jebena.cuda.emulator.elf;

/** A function that a shared object exports: where a call of it goes on to. */
public sealed interface Trampoline {

  /** The exported name. */
  String symbol();

  /** The call goes on, with its arguments as they are, to the address in slot {@code slot}. */
  record Direct(String symbol, int slot) implements Trampoline {}

  /** The call goes on to the address in slot {@code slot}, with {@code number} as its first argument in place of its own. */
  record Numbered(String symbol, int slot, int number) implements Trampoline {}
}
