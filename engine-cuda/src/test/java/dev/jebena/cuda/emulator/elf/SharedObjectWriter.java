package dev.jebena.cuda.emulator.elf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes an ELF64 shared object for x86-64 Linux whose functions are all trampolines through one table of addresses.
 *
 * <p>There are two loaded segments. The first (readable, executable) holds the headers, the symbol table with its hash and names, the
 * version tables and the code; the second (readable, writable) holds the dynamic section and the table of slots. The code addresses the
 * table relative to the instruction pointer, so there is nothing to relocate. The table is exported under {@link #SLOTS}; whoever loads
 * the library fills it before the first call.
 *
 * <p>Source of the layout: System V ABI, chapters 4 and 5, and its AMD64 supplement; symbol versions: Linux Standard Base, chapter 10.
 */
public final class SharedObjectWriter {

  /** The exported name of the table of slots: {@code slots} addresses of 8 bytes each. */
  public static final String SLOTS = "jebena_emulator_slots";

  private static final int PAGE = 4096;
  private static final int HEADER_BYTES = 64;
  private static final int PROGRAM_HEADER_BYTES = 56;
  private static final int SYMBOL_BYTES = 24;
  private static final int CODE_BYTES = 16;
  private static final int BASE_VERSION = 1;
  private static final int NAMED_VERSION = 2;

  private final String soname;
  private final List<Trampoline> functions;
  private final int slots;
  private final boolean versioned;
  private final Strings strings = new Strings();

  private SharedObjectWriter(String soname, List<Trampoline> functions, int slots, boolean versioned) {
    this.soname = soname;
    this.functions = functions;
    this.slots = slots;
    this.versioned = versioned;
  }

  /** The bytes of a library {@code soname} whose symbols have no version. */
  public static byte[] write(String soname, List<Trampoline> functions, int slots) {
    return new SharedObjectWriter(soname, functions, slots, false).bytes();
  }

  /** The bytes of a library {@code soname} whose symbols have the version {@code soname}, as cuBLAS has them. */
  public static byte[] writeVersioned(String soname, List<Trampoline> functions, int slots) {
    return new SharedObjectWriter(soname, functions, slots, true).bytes();
  }

  private byte[] bytes() {
    int symbols = functions.size() + 2;
    int soName = strings.offset(soname);
    int[] names = functions.stream().mapToInt(function -> strings.offset(function.symbol())).toArray();
    int slotsName = strings.offset(SLOTS);
    byte[] text = strings.bytes();

    int hash = HEADER_BYTES + 4 * PROGRAM_HEADER_BYTES;
    int hashBytes = 4 * (2 + symbols + symbols);
    int symbolTable = align(hash + hashBytes, 8);
    int stringTable = symbolTable + SYMBOL_BYTES * symbols;
    int versionTable = align(stringTable + text.length, 8);
    int versionDefinitions = align(versionTable + 2 * symbols, 8);
    int code = align(versionDefinitions + (versioned ? 56 : 0), CODE_BYTES);
    int codeEnd = code + CODE_BYTES * functions.size();
    int dynamic = align(codeEnd, PAGE);
    int dynamicEntries = versioned ? 10 : 7;
    int table = dynamic + 16 * dynamicEntries;
    int end = table + 8 * slots;

    ByteBuffer out = ByteBuffer.allocate(end).order(ByteOrder.LITTLE_ENDIAN);
    header(out);
    programHeader(out, 1, 5, 0, codeEnd, PAGE);
    programHeader(out, 1, 6, dynamic, end - dynamic, PAGE);
    programHeader(out, 2, 6, dynamic, 16 * dynamicEntries, 8);
    programHeader(out, 0x6474e551, 6, 0, 0, 16); // PT_GNU_STACK: the stack need not be executable

    hashTable(out.position(hash), symbols);
    out.position(symbolTable + SYMBOL_BYTES); // symbol 0 is the null symbol
    for (int i = 0; i < functions.size(); i++) {
      symbol(out, names[i], 0x12, code + CODE_BYTES * i, CODE_BYTES);
    }
    symbol(out, slotsName, 0x11, table, 8 * slots);
    out.position(stringTable).put(text);
    if (versioned) {
      out.position(versionTable).putShort((short) 0);
      for (int i = 1; i < symbols; i++) {
        out.putShort((short) NAMED_VERSION);
      }
      out.position(versionDefinitions);
      versionDefinition(out, 1, BASE_VERSION, soName, 28);
      versionDefinition(out, 0, NAMED_VERSION, soName, 0);
    }
    for (int i = 0; i < functions.size(); i++) {
      trampoline(out.position(code + CODE_BYTES * i), functions.get(i), table);
    }
    out.position(dynamic);
    entry(out, 14, soName); // DT_SONAME
    entry(out, 4, hash); // DT_HASH
    entry(out, 5, stringTable); // DT_STRTAB
    entry(out, 6, symbolTable); // DT_SYMTAB
    entry(out, 10, text.length); // DT_STRSZ
    entry(out, 11, SYMBOL_BYTES); // DT_SYMENT
    if (versioned) {
      entry(out, 0x6ffffff0L, versionTable); // DT_VERSYM
      entry(out, 0x6ffffffcL, versionDefinitions); // DT_VERDEF
      entry(out, 0x6ffffffdL, 2); // DT_VERDEFNUM
    }
    entry(out, 0, 0); // DT_NULL
    return out.array();
  }

  private static void header(ByteBuffer out) {
    out.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0}).putLong(0);
    out.putShort((short) 3).putShort((short) 62).putInt(1); // ET_DYN, EM_X86_64, EV_CURRENT
    out.putLong(0).putLong(HEADER_BYTES).putLong(0); // no entry point, program headers, no section headers
    out.putInt(0).putShort((short) HEADER_BYTES).putShort((short) PROGRAM_HEADER_BYTES).putShort((short) 4);
    out.putShort((short) 0).putShort((short) 0).putShort((short) 0);
  }

  private static void programHeader(ByteBuffer out, int type, int flags, long offset, long bytes, long align) {
    out.putInt(type).putInt(flags).putLong(offset).putLong(offset).putLong(offset).putLong(bytes).putLong(bytes).putLong(align);
  }

  private void hashTable(ByteBuffer out, int symbols) {
    int[] buckets = new int[symbols];
    int[] chains = new int[symbols];
    for (int i = 1; i < symbols; i++) {
      String name = i <= functions.size() ? functions.get(i - 1).symbol() : SLOTS;
      int bucket = Integer.remainderUnsigned(hash(name), symbols);
      chains[i] = buckets[bucket];
      buckets[bucket] = i;
    }
    out.putInt(symbols).putInt(symbols);
    for (int bucket : buckets) {
      out.putInt(bucket);
    }
    for (int chain : chains) {
      out.putInt(chain);
    }
  }

  /** The hash function of the System V ABI. */
  static int hash(String name) {
    int h = 0;
    for (byte c : name.getBytes(StandardCharsets.US_ASCII)) {
      h = (h << 4) + (c & 0xff);
      int g = h & 0xf0000000;
      h = (h ^ g >>> 24) & ~g;
    }
    return h;
  }

  private static void symbol(ByteBuffer out, int name, int info, long value, long bytes) {
    // any section index but 0 (undefined) will do, since there are no sections
    out.putInt(name).put((byte) info).put((byte) 0).putShort((short) 1).putLong(value).putLong(bytes);
  }

  private void versionDefinition(ByteBuffer out, int flags, int index, int name, int next) {
    out.putShort((short) 1).putShort((short) flags).putShort((short) index).putShort((short) 1);
    out.putInt(hash(soname)).putInt(20).putInt(next);
    out.putInt(name).putInt(0);
  }

  private static void trampoline(ByteBuffer out, Trampoline function, int table) {
    int slot =
        switch (function) {
          case Trampoline.Direct direct -> direct.slot();
          case Trampoline.Numbered numbered -> {
            out.put((byte) 0xbf).putInt(numbered.number()); // mov edi, number
            yield numbered.slot();
          }
        };
    int next = out.position() + 6;
    out.put((byte) 0xff).put((byte) 0x25).putInt(table + 8 * slot - next); // jmp [rip + distance]
  }

  private static void entry(ByteBuffer out, long tag, long value) {
    out.putLong(tag).putLong(value);
  }

  private static int align(int value, int to) {
    return (value + to - 1) / to * to;
  }

  /** A string table under construction. */
  private static final class Strings {
    private final List<byte[]> parts = new ArrayList<>();
    private int length = 1; // offset 0 is the empty name

    int offset(String text) {
      int offset = length;
      byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
      parts.add(bytes);
      length += bytes.length + 1;
      return offset;
    }

    byte[] bytes() {
      ByteBuffer out = ByteBuffer.allocate(length).put((byte) 0);
      parts.forEach(part -> out.put(part).put((byte) 0));
      return out.array();
    }
  }
}
