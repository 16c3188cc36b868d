package dev.jebena.cuda.emulator.elf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jebena.cuda.emulator.EmulatedCuda;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Libraries written by Java are loaded by the system's loader, and their functions go where the slots say. */
final class SharedObjectTest {

  @BeforeAll
  static void supported() {
    EmulatedCuda.assumeSupported();
  }

  static int difference(int a, int b) {
    return a - b;
  }

  private static MemorySegment stub(Arena arena) throws ReflectiveOperationException {
    MethodHandle handle = MethodHandles.lookup().findStatic(SharedObjectTest.class, "difference", MethodType.methodType(int.class, int.class, int.class));
    return Linker.nativeLinker().upcallStub(handle, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT), arena);
  }

  private static int call(SymbolLookup library, String name) throws Throwable {
    MethodHandle handle = Linker.nativeLinker().downcallHandle(library.find(name).orElseThrow(),
        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    return (int) handle.invokeExact(50, 8);
  }

  @Test
  void trampolinesPassArgumentsOnAndNumbersInPlaceOfTheFirst(@TempDir Path folder) throws Throwable {
    for (boolean versioned : new boolean[] {false, true}) {
      List<Trampoline> functions = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        functions.add(i % 2 == 0 ? new Trampoline.Direct("function" + i, 1) : new Trampoline.Numbered("function" + i, 1, i));
      }
      String soname = "libjebena-test-" + versioned + ".so.1";
      Path file = folder.resolve(soname);
      Files.write(file, versioned ? SharedObjectWriter.writeVersioned(soname, functions, 2) : SharedObjectWriter.write(soname, functions, 2));
      try (Arena arena = Arena.ofConfined()) {
        SymbolLookup library = SymbolLookup.libraryLookup(file, arena);
        library.find(SharedObjectWriter.SLOTS).orElseThrow().reinterpret(16).setAtIndex(ValueLayout.JAVA_LONG, 1, stub(arena).address());
        assertEquals(42, call(library, "function0"));
        assertEquals(42, call(library, "function498"));
        assertEquals(499 - 8, call(library, "function499"));
        assertEquals(1 - 8, call(library, "function1"));
        assertEquals(java.util.Optional.empty(), library.find("function500"));
        // by its soname it is found as long as it is loaded
        assertEquals(42, call(SymbolLookup.libraryLookup(soname, arena), "function2"));
      }
    }
  }

  @Test
  void importsOfJcudaAreRead() throws Exception {
    try (var in = SharedObjectTest.class.getResourceAsStream("/lib/libJCudaDriver-12.6.0-linux-x86_64.so")) {
      List<String> names = ElfImports.undefinedSymbols(java.util.Objects.requireNonNull(in).readAllBytes());
      assertEquals(312, names.stream().filter(name -> name.matches("cu[A-Z]\\w*")).count());
    }
    assertThrows(IllegalArgumentException.class, () -> ElfImports.undefinedSymbols(new byte[100]));
  }
}
