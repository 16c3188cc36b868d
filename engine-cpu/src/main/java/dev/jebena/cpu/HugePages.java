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

  /** Advises huge pages for memory that was allocated with {@link #alignment} and may have been written to. */
  static void advise(MemorySegment memory) {
    if (memory.byteSize() >= WORTHWHILE_BYTES && System.getProperty("os.name", "").equals("Linux")) {
      advise(memory.address(), memory.byteSize() / BYTES * BYTES, MADV_HUGEPAGE, MADV_COLLAPSE);
    }
  }

  /** Advises huge pages for memory that nobody has touched: they come when it is. Linux only; {@code address} begins a page. */
  static void adviseUntouched(long address, long bytes) {
    advise(address, bytes, MADV_HUGEPAGE);
  }

  private static void advise(long address, long bytes, int... kinds) {
    try {
      SymbolLookup library = Linker.nativeLinker().defaultLookup();
      MethodHandle advice = Linker.nativeLinker().downcallHandle(
          library.findOrThrow("madvise"),
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
      for (int kind : kinds) {
        int refused = (int) advice.invokeExact(address, bytes, kind);
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
