package dev.jebena.cuda.emulator.ptx;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** Memory from the operating system, zero and unbacked until it is touched, so that a device may be larger than what is used of it. */
final class NativePages {

  /** All of this process's memory. Every access through it was checked against an {@link Allocation} before. */
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private static final MethodHandle MMAP =
      handle("mmap", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT,
          ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
  private static final MethodHandle MADVISE =
      handle("madvise", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
  private static final MethodHandle MUNMAP =
      handle("munmap", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

  private NativePages() {}

  private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), descriptor);
  }

  /** The address of {@code bytes} fresh bytes. */
  static long map(long bytes) {
    int readWrite = 3;
    int privateAnonymousNoReserve = 0x2 | 0x20 | 0x4000;
    try {
      long address = (long) MMAP.invokeExact(0L, bytes, readWrite, privateAnonymousNoReserve, -1, 0L);
      if (address == -1) {
        throw new OutOfMemoryError("mmap of " + bytes + " bytes failed");
      }
      return address;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Gives the memory behind a mapping back and keeps the addresses, so that a late access reads zeros and does not end the process. */
  static void discard(long address, long bytes) {
    int dontNeed = 4;
    try {
      int ignored = (int) MADVISE.invokeExact(address, bytes, dontNeed);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  static void unmap(long address, long bytes) {
    try {
      int ignored = (int) MUNMAP.invokeExact(address, bytes);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
