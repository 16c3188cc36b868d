package dev.jebena.cuda.emulator.driver;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Values behind pointers that C callers pass. */
final class Out {

  private Out() {}

  static void address(MemorySegment pointer, long value) {
    bytes(pointer, 8).set(ValueLayout.JAVA_LONG_UNALIGNED, 0, value);
  }

  static void integer(MemorySegment pointer, int value) {
    bytes(pointer, 4).set(ValueLayout.JAVA_INT_UNALIGNED, 0, value);
  }

  static long address(MemorySegment pointer) {
    return bytes(pointer, 8).get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
  }

  static MemorySegment bytes(MemorySegment pointer, long bytes) {
    if (pointer.address() == 0) {
      throw new CudaFailure(CuResult.INVALID_VALUE, "a null pointer");
    }
    return pointer.reinterpret(bytes);
  }

  static String string(MemorySegment pointer) {
    return bytes(pointer, Long.MAX_VALUE).getString(0);
  }

  /** Writes as much of the text as there is room for, with a zero at the end. */
  static void string(MemorySegment pointer, long room, String text) {
    if (room <= 0) {
      return;
    }
    byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    int length = (int) Math.min(room - 1, bytes.length);
    MemorySegment out = bytes(pointer, room);
    MemorySegment.copy(bytes, 0, out, ValueLayout.JAVA_BYTE, 0, length);
    out.set(ValueLayout.JAVA_BYTE, length, (byte) 0);
  }
}
