package dev.jebena.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Large memory that is zero without having been written to: the system hands out zeros page by page when they are touched, where an arena
 * would write them all at once. A cache of some gigabytes then costs nothing until it is used, and a weight's pages come to the thread that
 * packs it. Asks for huge pages whatever the way.
 *
 * <p>Mapped only on Linux, and only from {@value #LEAST_BYTES} bytes on: under that, writing zeros is cheaper than what the JVM does for its first
 * call of a system function.
 */
final class FreshMemory {

  /** Under so many bytes an arena's own memory is taken. */
  static final long LEAST_BYTES = 256L << 20;

  private static final long ALIGNMENT = 64;
  private static final int READ_WRITE = 3;
  private static final int PRIVATE_ANONYMOUS = 0x22;
  private static final long FAILED = -1;

  private FreshMemory() {}

  /** Zeros, until the arena closes, aligned to 64 bytes. */
  static MemorySegment allocate(Arena arena, long bytes) {
    return allocate(arena, bytes, LEAST_BYTES);
  }

  /** The same with another limit, for tests. */
  static MemorySegment allocate(Arena arena, long bytes, long leastBytes) {
    if (bytes >= leastBytes && System.getProperty("os.name", "").equals("Linux")) {
      try {
        MemorySegment mapped = map(arena, bytes);
        if (mapped.address() != 0) {
          return mapped;
        }
      } catch (IllegalCallerException | UnsupportedOperationException e) {
        // native access is not granted, or this JDK has no linker here: the arena's memory is as good, only later
        System.getLogger(FreshMemory.class.getName()).log(System.Logger.Level.DEBUG, "memory is not mapped", e);
      }
    }
    MemorySegment memory = arena.allocate(Math.max(ALIGNMENT, bytes), HugePages.alignment(bytes));
    HugePages.advise(memory);
    return memory;
  }

  private static MemorySegment map(Arena arena, long bytes) {
    Linker linker = Linker.nativeLinker();
    SymbolLookup library = linker.defaultLookup();
    MethodHandle map = linker.downcallHandle(
        library.findOrThrow("mmap"),
        FunctionDescriptor.of(
            ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
    MethodHandle unmap = linker.downcallHandle(
        library.findOrThrow("munmap"), FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    try {
      // a whole large page more, so that the memory can begin on the border of one
      long mappedBytes = bytes + HugePages.BYTES;
      long mapped = (long) map.invokeExact(0L, mappedBytes, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
      if (mapped == FAILED) {
        return MemorySegment.NULL;
      }
      long address = (mapped + HugePages.BYTES - 1) / HugePages.BYTES * HugePages.BYTES;
      HugePages.adviseUntouched(address, bytes);
      return MemorySegment.ofAddress(address).reinterpret(bytes, arena, memory -> release(unmap, mapped, mappedBytes));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("a system function threw", e);
    }
  }

  private static void release(MethodHandle unmap, long address, long bytes) {
    try {
      int result = (int) unmap.invokeExact(address, bytes);
      if (result != 0) {
        throw new IllegalStateException("memory at " + address + " could not be given back");
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("a system function threw", e);
    }
  }
}
