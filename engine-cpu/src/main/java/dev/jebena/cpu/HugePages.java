package dev.jebena.cpu;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Asks Linux to keep large memory in pages of 2 MiB, which spares most of the walks through page tables: the keys and values of a long
 * context lie scattered over thousands of small pages. Advice only; where there is none to take it, memory works as before.
 */
final class HugePages {

  /** Size and alignment of a huge page. */
  static final long BYTES = 2L << 20;

  private static final int MADV_HUGEPAGE = 14;
  /** Since Linux 6.1: gathers pages that exist already, at once. */
  private static final int MADV_COLLAPSE = 25;

  /** Below this, the advice would cost more than it saves. */
  private static final long WORTHWHILE_BYTES = 16 * BYTES;

  private HugePages() {}

  /** The alignment that memory of that size should have. */
  static long alignment(long bytes) {
    return bytes >= WORTHWHILE_BYTES ? BYTES : 64;
  }

  /** Advises huge pages for memory that was allocated with {@link #alignment}. */
  static void advise(MemorySegment memory) {
    if (memory.byteSize() < WORTHWHILE_BYTES || !System.getProperty("os.name", "").equals("Linux")) {
      return;
    }
    long whole = memory.byteSize() / BYTES * BYTES;
    try {
      SymbolLookup library = Linker.nativeLinker().defaultLookup();
      MethodHandle advice = Linker.nativeLinker().downcallHandle(
          library.findOrThrow("madvise"),
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
      for (int kind : new int[] {MADV_HUGEPAGE, MADV_COLLAPSE}) {
        int refused = (int) advice.invokeExact(memory.address(), whole, kind);
        if (refused != 0) {
          return;
        }
      }
    } catch (Throwable unavailable) {
      // only advice
      return;
    }
  }
}
