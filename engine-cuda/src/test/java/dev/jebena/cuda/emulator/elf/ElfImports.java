package dev.jebena.cuda.emulator.elf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads from a shared object which functions it expects others to have. */
public final class ElfImports {

  private static final int SHT_DYNSYM = 11;

  private ElfImports() {}

  /** The undefined symbols of the ELF64 file {@code bytes}, in the order of its dynamic symbol table. */
  public static List<String> undefinedSymbols(byte[] bytes) {
    ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.length < 64 || file.getInt(0) != 0x464c457f || file.get(4) != 2) {
      throw new IllegalArgumentException("not an ELF64 file: " + bytes.length + " bytes");
    }
    int sections = (int) file.getLong(40);
    int sectionBytes = file.getShort(58);
    int sectionCount = file.getShort(60);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < sectionCount; i++) {
      int section = sections + i * sectionBytes;
      if (file.getInt(section + 4) != SHT_DYNSYM) {
        continue;
      }
      int strings = (int) file.getLong(sections + file.getInt(section + 40) * sectionBytes + 24);
      int from = (int) file.getLong(section + 24);
      int to = from + (int) file.getLong(section + 32);
      for (int symbol = from; symbol < to; symbol += 24) {
        if (file.getShort(symbol + 6) == 0) {
          names.add(string(bytes, strings + file.getInt(symbol)));
        }
      }
    }
    return names;
  }

  private static String string(byte[] bytes, int from) {
    int to = from;
    while (bytes[to] != 0) {
      to++;
    }
    return new String(bytes, from, to - from, StandardCharsets.US_ASCII);
  }
}
