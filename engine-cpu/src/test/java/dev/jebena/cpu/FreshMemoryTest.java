package dev.jebena.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FreshMemoryTest {

  private static final long BYTES = 5L << 20;

  @ParameterizedTest
  @ValueSource(longs = {1, Long.MAX_VALUE})
  void mappedOrNotItIsZeroAlignedAndOwnedByTheArena(long leastBytes) {
    MemorySegment memory;
    try (Arena arena = Arena.ofShared()) {
      memory = FreshMemory.allocate(arena, BYTES, leastBytes);
      assertEquals(BYTES, memory.byteSize());
      assertEquals(0, memory.address() % 64);
      for (long at = 0; at < BYTES; at += 4096) {
        assertEquals(0, memory.get(ValueLayout.JAVA_BYTE, at));
      }
      memory.set(ValueLayout.JAVA_BYTE, BYTES - 1, (byte) 7);
      assertEquals(7, memory.get(ValueLayout.JAVA_BYTE, BYTES - 1));
    }
    assertThrows(IllegalStateException.class, () -> memory.get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void nothingAtAllIsStillAnAddress() {
    try (Arena arena = Arena.ofConfined()) {
      assertEquals(0, FreshMemory.allocate(arena, 0).address() % 64);
    }
  }
}
